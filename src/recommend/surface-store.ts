import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SurfaceDocument, SurfaceVersion } from "../contracts/surfaces.ts";
import { writeFileDurable } from "../durable-file.ts";
import { UsherError } from "../errors.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import { builtInSurfaces } from "./built-in-surfaces.ts";
import { builtInPlans, namedItems, type Plan, planOf } from "./plan.ts";

/** The surfaces of a home. Each save makes a new version; what is saved answers from the next request on. */
export interface SurfaceStore {
  /** The present version of each surface, by name. */
  list(): readonly SurfaceVersion[];
  /** All versions of a surface, the newest first, those of a deleted one too. @throws UsherError `SURFACE_UNKNOWN`. */
  versions(name: string): readonly SurfaceVersion[];
  /** The version that answers. @throws UsherError `SURFACE_UNKNOWN`, where it was deleted too. */
  present(name: string): SurfaceVersion;
  /** The present version, ready to run; `undefined` where there is no such surface. Cheap. */
  plan(name: string): Plan | undefined;
  /**
   * Saves a document as the next version of its name, durably.
   * @param options.restores The version that it brings back.
   * @throws UsherError `SURFACE_INVALID`, `FILTER_INVALID`.
   */
  put(document: SurfaceDocument, options?: { restores?: number }): Promise<SurfaceVersion>;
  /**
   * Deletes a surface, durably: it answers no more, and its versions stay to be brought back. One that is built in is again as it was.
   * @returns The version that says so.
   * @throws UsherError `SURFACE_UNKNOWN`; `SURFACE_INVALID`: another one falls back to it, or it is built in and was never saved.
   */
  remove(name: string): Promise<SurfaceVersion>;
}

const fileName = (version: number) => `${String(version).padStart(8, "0")}.json`;

/**
 * Opens the surfaces of a folder: one folder a name, one file a version, written whole or not at all.
 *
 * @param folder Absent: saved surfaces are gone with the process.
 * @throws UsherError `SURFACE_INVALID`: a file is damaged.
 */
export async function openSurfaces(folder?: string): Promise<SurfaceStore> {
  const versions = new Map<string, SurfaceVersion[]>();
  const plans = new Map<string, Plan>();
  const add = (found: SurfaceVersion) => {
    const { document, version } = found;
    const plan = planOf(document, version);
    versions.set(document.name, [found, ...(versions.get(document.name) ?? [])]);
    if (found.deleted) plans.delete(document.name);
    else plans.set(document.name, plan);
  };
  for (const document of builtInSurfaces) add({ version: 0, document });
  for (const found of folder === undefined ? [] : await savedIn(folder)) add(found);

  const save = async (document: SurfaceDocument, how: { restores?: number; deleted?: true }) => {
    planOf(document);
    const newest = versions.get(document.name)?.[0]?.version ?? 0;
    const saved: SurfaceVersion = {
      version: newest + 1,
      saved_at: new Date().toISOString(),
      ...how,
      document,
    };
    if (folder !== undefined) {
      const file = join(folder, document.name, fileName(saved.version));
      await writeFileDurable(file, `${JSON.stringify(saved, null, 2)}\n`, { exclusive: true });
    }
    add(saved);
    return saved;
  };
  const present = (name: string) => {
    const [newest] = versions.get(name) ?? [];
    return newest && !newest.deleted ? newest : unknown(name, [...plans.keys()]);
  };
  const list = () => [...plans.keys()].sort().map((name) => present(name));
  const inTurn = oneAtATime();
  return {
    ...{ list, present },
    versions: (name) => versions.get(name) ?? unknown(name, [...plans.keys()]),
    plan: (name) => plans.get(name),
    put: (document, how = {}) => inTurn(() => save(document, how)),
    remove: (name) =>
      inTurn(async () => {
        const { version, document } = present(name);
        const builtIn = builtInSurfaces.find((one) => one.name === name);
        checkRemoval(name, { isBuiltIn: builtIn !== undefined && version === 0, others: list() });
        return builtIn ? save(builtIn, { restores: 0 }) : save(document, { deleted: true });
      }),
  };
}

function unknown(name: string, known: readonly string[]): never {
  throw new UsherError(
    "SURFACE_UNKNOWN",
    `surface: expected one of ${[...known].sort().join(", ")}, got "${name}"`,
    {
      details: { field: "surface" },
    },
  );
}

/** @throws UsherError `SURFACE_INVALID`: nothing of it was saved, or another surface would have nothing to fall back to. */
function checkRemoval(name: string, of: { isBuiltIn: boolean; others: readonly SurfaceVersion[] }): void {
  if (of.isBuiltIn) {
    throw new UsherError(
      "SURFACE_INVALID",
      `surface ${name}: expected one that was saved, got one that is built in`,
    );
  }
  if (builtInPlans.has(name)) return; // the built-in takes its place
  const users = of.others.flatMap(({ document }) => (document.fallback === name ? [document.name] : []));
  if (users.length === 0) return;
  throw new UsherError(
    "SURFACE_INVALID",
    `surface ${name}: expected one that none falls back to, got the fallback of ${users.join(", ")}`,
  );
}

/** All saved versions, the oldest of each name first. */
async function savedIn(folder: string): Promise<SurfaceVersion[]> {
  await mkdir(folder, { recursive: true });
  const found: SurfaceVersion[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const files = (await readdir(join(folder, name))).filter((file) => /^\d{8}\.json$/.test(file)).sort();
    for (const file of files)
      found.push(readVersion(join(folder, name, file), await readFile(join(folder, name, file), "utf8")));
  }
  return found;
}

function readVersion(file: string, text: string): SurfaceVersion {
  try {
    const { version, saved_at, restores, deleted, document } = JSON.parse(text) as SurfaceVersion;
    planOf(document, version);
    return {
      version,
      ...(saved_at ? { saved_at } : {}),
      ...(restores === undefined ? {} : { restores }),
      ...(deleted ? { deleted } : {}),
      document,
    };
  } catch (error) {
    throw new UsherError("SURFACE_INVALID", `${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** What a surface names and is not there, each by its field: empty where everything is. */
export function missingIn(
  document: SurfaceDocument,
  there: { hasItem: (itemId: string) => boolean; hasSurface: (name: string) => boolean },
): readonly { readonly field: string; readonly message: string }[] {
  const items = namedItems(document)
    .filter(([, itemId]) => !there.hasItem(itemId))
    .map(([field, itemId]) => ({
      field,
      message: `${field}: expected an item of the catalogue, got "${itemId}"`,
    }));
  const { fallback } = document;
  if (fallback === undefined || there.hasSurface(fallback)) return items;
  return [
    ...items,
    { field: "fallback", message: `fallback: expected a surface that exists, got "${fallback}"` },
  ];
}

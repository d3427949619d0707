import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Interactions } from "../src/data/interactions.ts";
import { cacheFolder } from "./cache-folder.ts";
import { type NpyArray, readNpy, writeNpy } from "./npy.ts";

/** Arrays by name, and what must be known beside them. */
export interface HandedOver {
  readonly arrays: Readonly<Record<string, NpyArray>>;
  readonly facts: Readonly<Record<string, number>>;
}

/** A folder of `.npy` files that both sides of a contest read, with the checksum of all of them. */
export interface DataFolder {
  readonly folder: string;
  readonly facts: Readonly<Record<string, number>>;
  /** First 12 hexadecimal digits of the SHA-256 of all arrays, in the order of their names. */
  readonly checksum: string;
}

/**
 * The folder of this name in the cache, made at the first call. It appears by one rename, so a killed run leaves nothing half done.
 *
 * @param name Says everything that the data depend on: set, seed, size.
 */
export async function handOver(name: string, make: () => Promise<HandedOver>): Promise<DataFolder> {
  const folder = join(cacheFolder("data"), name);
  const manifest = join(folder, "manifest.json");
  if (!existsSync(manifest)) {
    const { arrays, facts } = await make();
    const staged = `${folder}.${process.pid}`;
    mkdirSync(staged, { recursive: true });
    const hash = createHash("sha256");
    for (const array of Object.keys(arrays).sort()) {
      const values = arrays[array]!;
      writeNpy(join(staged, `${array}.npy`), values);
      hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
    const checksum = hash.digest("hex").slice(0, 12);
    writeFileSync(join(staged, "manifest.json"), JSON.stringify({ facts, checksum }));
    rmSync(folder, { recursive: true, force: true });
    renameSync(staged, folder);
  }
  return { folder, ...JSON.parse(readFileSync(manifest, "utf8")) };
}

/** The arrays of a matrix under names that start with `prefix`. */
export function matrixArrays(prefix: string, matrix: Interactions): Record<string, NpyArray> {
  const { starts, items, values } = matrix;
  return { [`${prefix}-starts`]: starts, [`${prefix}-items`]: items, [`${prefix}-values`]: values };
}

/** The matrix of that prefix; the facts of the folder are its shape. */
export function readMatrix(
  { folder, facts }: Pick<DataFolder, "folder" | "facts">,
  prefix: string,
): Interactions {
  const { userCount, itemCount } = facts as { userCount: number; itemCount: number };
  const read = (part: string) => readNpy(join(folder, `${prefix}-${part}.npy`)).array;
  return {
    userCount,
    itemCount,
    starts: read("starts") as Int32Array,
    items: read("items") as Int32Array,
    values: read("values") as Float32Array,
  };
}

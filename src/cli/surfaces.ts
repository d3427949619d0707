import { readFile } from "node:fs/promises";
import type { HomeRequest } from "../app-of-home.ts";
import type { RecommendationsBody } from "../contracts/http.ts";
import type { SurfaceVersion } from "../contracts/surfaces.ts";
import { UsherError } from "../errors.ts";
import { askHome } from "./asking.ts";
import type { Command, CommandRun } from "./command.ts";
import { recommendationLines } from "./print.ts";

/** What is done with the surface that is named. */
const actions: Readonly<Record<string, (run: CommandRun, name: string) => Promise<unknown>>> = {
  show: async (run, name) => {
    const found = (await ask(run, pathOf(name))) as SurfaceVersion;
    run.say(JSON.stringify(found.document, null, 2));
    return found;
  },
  versions: (run, name) => printVersions(run, `${pathOf(name)}/versions`),
  put: async (run, name) => {
    const body = await readDocument(run, "--file <file> with the document");
    return told(run, await ask(run, { path: pathOf(name), method: "PUT", body }, { withRelease: true }));
  },
  preview,
  rollback: async (run, name) => {
    const version = numberOf(run, "to");
    const body = version === undefined ? {} : { version };
    const request = { path: `${pathOf(name)}/rollback`, method: "POST", body } as const;
    return told(run, await ask(run, request, { withRelease: true }));
  },
  delete: async (run, name) => told(run, await ask(run, { path: pathOf(name), method: "DELETE" })),
};

/** `usher surfaces …`: in the server that runs, from its next request on, or in the home where none does. */
export const surfaces: Command = {
  name: "surfaces",
  summary:
    "list the surfaces, show one, save one from a file, try one, go back to an earlier version, or delete one",
  arguments: [
    ["[action]", `list (default), ${Object.keys(actions).join(", ")}`],
    ["[name]", "which surface"],
  ],
  options: [
    {
      flags: "--file <file>",
      meaning: "document to put or to preview, as JSON (preview: default the present version)",
    },
    { flags: "--user <id>", meaning: "whose list a preview shows (default: that of a newcomer)" },
    { flags: "--item <id>", meaning: "which item a preview of because-you-watched is about" },
    { flags: "-k, --k <n>", meaning: "length of the list of a preview, 1..200 (default 10)" },
    { flags: "--to <n>", meaning: "version to go back to (default: the one before; 0 is built in)" },
  ],
  async run(run) {
    const [action = "list", name] = run.arguments;
    if (action === "list") return printVersions(run, "/v1/surfaces");
    const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!act) {
      const known = Object.keys(actions).join(", ");
      throw new UsherError("USAGE", `surfaces: expected list, ${known}, got "${action}"`);
    }
    if (name === undefined) throw new UsherError("USAGE", `surfaces ${action}: expected a name, got none`);
    return act(run, name);
  },
};

const pathOf = (name: string) => `/v1/surfaces/${encodeURIComponent(name)}`;

const ask = (run: CommandRun, request: string | HomeRequest, more: { withRelease?: boolean } = {}) =>
  askHome(run, request, { asOwner: true, ...more });

async function printVersions(run: CommandRun, path: string): Promise<unknown> {
  const { items } = (await ask(run, path)) as { items: readonly SurfaceVersion[] };
  for (const found of items) run.say(lineOf(found));
  return items;
}

function lineOf({
  version,
  saved_at: savedAt = "built in",
  restores,
  deleted,
  document,
}: SurfaceVersion): string {
  const how = deleted ? "  deleted" : restores === undefined ? "" : `  as version ${restores}`;
  const title = document.title === undefined ? "" : `  ${document.title}`;
  return `${document.name}  version ${version}  ${savedAt}${how}${title}`;
}

function told(run: CommandRun, answer: unknown): unknown {
  run.say(lineOf(answer as SurfaceVersion));
  return answer;
}

async function preview(run: CommandRun, name: string): Promise<unknown> {
  const { file, user, item } = run.options;
  const k = numberOf(run, "k");
  const body = {
    ...(file === undefined ? {} : { document: await readDocument(run, "--file <file>") }),
    ...(user === undefined ? {} : { user_id: user }),
    ...(item === undefined ? {} : { item_id: item }),
    ...(k === undefined ? {} : { k }),
  };
  const request = { path: `${pathOf(name)}/preview`, method: "POST", body } as const;
  const answer = (await ask(run, request, { withRelease: true })) as RecommendationsBody;
  if (answer.items.length === 0) run.say(`nothing: emptied by ${answer.emptied_by}`);
  for (const [at, line] of recommendationLines(answer).entries()) {
    const { terms = {} } = answer.items[at]?.explain ?? {};
    const sum = Object.entries(terms).map(([term, value]) => `${term} ${value}`);
    run.say(`${line}  [${sum.join(", ")}]`);
  }
  return answer;
}

function numberOf({ options }: CommandRun, name: string): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  if (typeof text === "string" && /^\d{1,9}$/.test(text)) return Number(text);
  throw new UsherError("USAGE", `surfaces: expected --${name} with a whole number, got "${text}"`);
}

async function readDocument({ options }: CommandRun, expected: string): Promise<unknown> {
  const { file } = options;
  if (typeof file !== "string") throw new UsherError("USAGE", `surfaces: expected ${expected}, got none`);
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    const came = error instanceof SyntaxError ? "something else" : (error as Error).message;
    throw new UsherError("USAGE", `--file ${file}: expected a surface as JSON, got ${came}`, {
      cause: error,
    });
  }
}

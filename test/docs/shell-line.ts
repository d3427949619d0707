import { Command as Commander, CommanderError } from "commander";
import { sharedOptions } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/commands.ts";

/** What a printed line asks for. */
export type ShellLine =
  | { readonly kind: "curl"; readonly url: string; readonly init: RequestInit }
  | { readonly kind: "usher"; readonly words: readonly string[] }
  | { readonly kind: "npm" };

/** Commands, with their action where that decides, that change nothing in a home: these are run, the others only understood. */
export const readOnlyCommands: readonly string[] = [
  "evaluate",
  "recommend",
  "models",
  "export",
  "validate",
  "config",
  "doctor",
  ...["surfaces list", "surfaces show", "surfaces versions", "surfaces preview"],
];

/** The lines of a block without comments; a line that ends in `\` goes on in the next one. */
export function linesOf(text: string): string[] {
  return text
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.replace(/(^|\s)#\s.*$/, "").trim())
    .filter((line) => line !== "");
}

/** The words of a line, as a shell would split them; quotes are the only syntax that is allowed. */
export function wordsOf(line: string): string[] {
  const words = line.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  const foreign = words.find((word) => /[|;<>`]|&(?=&|$)/.test(word.replace(/"[^"]*"|'[^']*'/g, "")));
  if (foreign) throw new Error(`${line}: needs a shell (${foreign}), which is not the same everywhere`);
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single));
}

/** Understands a printed line, or says what is wrong with it. */
export async function understand(line: string, npmScripts: readonly string[]): Promise<ShellLine> {
  const [name, ...words] = wordsOf(line);
  if (name === "curl") return curlOf(words, line);
  if (name === "npx" && (words[0] === "usher" || words[0] === "usher-recommender")) {
    await checkCommand(words.slice(1));
    return { kind: "usher", words: words.slice(1) };
  }
  if (name === "npm") {
    await checkNpm(words, { line, npmScripts });
    return { kind: "npm" };
  }
  throw new Error(`${line}: expected curl, npm or npx usher; fence as text what is not to be run`);
}

async function checkNpm(
  words: readonly string[],
  of: { line: string; npmScripts: readonly string[] },
): Promise<void> {
  const { line, npmScripts } = of;
  const [verb = "", ...rest] = words;
  if (verb === "ci" || (verb === "install" && rest.join() === "usher-recommender")) return;
  const [script, ...given] = verb === "run" ? rest : words;
  if (script === undefined || !npmScripts.includes(script))
    throw new Error(`${line}: there is no such npm script`);
  if (given.length > 0 && given[0] !== "--") throw new Error(`${line}: expected -- before the options`);
  if (script === "start") await checkCommand(["start", ...given.slice(1)]);
}

/** Throws where the command or one of its options does not exist. */
async function checkCommand(words: readonly string[]): Promise<void> {
  const quiet = { writeOut: () => {}, writeErr: () => {} };
  const program = new Commander("usher").exitOverride().configureOutput(quiet);
  for (const command of commands) {
    const parsed = program.command(command.name).exitOverride().configureOutput(quiet);
    for (const [notation, meaning] of command.arguments ?? []) parsed.argument(notation, meaning);
    for (const { flags, meaning } of [...(command.options ?? []), ...sharedOptions])
      parsed.option(flags, meaning);
    parsed.action(() => {});
  }
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error; // 0: --help
  }
}

function curlOf(words: readonly string[], line: string): ShellLine {
  const headers: [string, string][] = [];
  let method: string | undefined;
  let body: string | undefined;
  let url: string | undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === "-X") method = words[++at];
    else if (word === "-d") body = words[++at];
    else if (word === "-H") headers.push(words[++at]!.split(/:\s*/, 2) as [string, string]);
    else if (word.startsWith("-")) throw new Error(`${line}: expected -X, -d or -H, got ${word}`);
    else url = word;
  }
  if (url === undefined) throw new Error(`${line}: expected an address`);
  return {
    kind: "curl",
    url,
    init: {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers,
      ...(body === undefined ? {} : { body }),
    },
  };
}

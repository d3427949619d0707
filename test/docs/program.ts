import { posix } from "node:path";
import { pathToFileURL } from "node:url";
import { type Block, root } from "./blocks.ts";

/** An example as a program that checks what it promises. */
export interface Program {
  readonly source: string;
  /** How many values it promises; the program prints `checked <n>` as its last word. */
  readonly promises: number;
}

const inRoot = (path: string) => pathToFileURL(`${root}/${path}`).href;

/** `"usher-recommender"` and the imports of a docstring lead to the compiled files. */
function resolved(specifier: string, file: string): string {
  if (specifier === "usher-recommender") return inRoot("dist/index.js");
  if (!specifier.startsWith(".")) return specifier;
  if (!file.startsWith("src/"))
    throw new Error(`${file}: expected an import of the package, got ${specifier}`);
  const target = posix.join(posix.dirname(file), specifier);
  return inRoot(target.replace(/^src\//, "dist/").replace(/\.ts$/, ".js"));
}

/** Brackets that a line opens less those that it closes; strings and comments do not count. */
function depthOf(line: string): number {
  const bare = line.replace(/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'|`(\\.|[^`\\])*`/g, "").replace(/\/\/.*$/, "");
  return (bare.match(/[([{]/g)?.length ?? 0) - (bare.match(/[)\]}]/g)?.length ?? 0);
}

/**
 * Turns `expression; // → value` and `const name = expression; // → value` into checks.
 *
 * The value may go on in the next lines, each a comment indented by three spaces.
 */
export function programOf({ file, line: firstLine, text }: Block): Program {
  const out = [`import { check, done } from ${JSON.stringify(inRoot("test/docs/check-value.js"))};`];
  let statement: string[] = [];
  let depth = 0;
  let promises = 0;
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const [, code = line, value] = /^(.*;)\s*\/\/ → (.*)$/.exec(line) ?? [];
    statement.push(
      code.replace(
        /(from\s+|^import\s+)"([^"]+)"/,
        (_, word: string, name: string) => `${word}"${resolved(name, file)}"`,
      ),
    );
    depth += depthOf(code);
    if (value !== undefined) {
      const where = `${file}:${firstLine + at}`;
      let expected = value;
      while (/^\s*\/\/ {3}/.test(lines[at + 1] ?? ""))
        expected += ` ${lines[++at]!.replace(/^\s*\/\/\s*/, "")}`;
      if (depth !== 0) throw new Error(`${where}: a value is promised in the middle of a statement`);
      out.push(checked(statement.join("\n"), JSON.stringify(expected), JSON.stringify(where)));
      promises++;
      statement = [];
    } else if (depth === 0 && /[;}]\s*(\/\/.*)?$/.test(code)) {
      out.push(...statement);
      statement = [];
    }
  }
  if (/\/\/ ?(→|->|=>)/.test(out.slice(1).join("\n"))) {
    throw new Error(
      `${file}:${firstLine}: a promised value does not stand behind a statement that ends in ";"`,
    );
  }
  return { source: [...out, ...statement, `done(${promises});`, ""].join("\n"), promises };
}

function checked(statement: string, expected: string, where: string): string {
  const named = /^\s*const (\w+) = /.exec(statement);
  if (named) return `${statement}\ncheck(${named[1]}, ${expected}, ${where});`;
  return `check((${statement.replace(/;\s*$/, "")}), ${expected}, ${where});`;
}

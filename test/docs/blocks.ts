import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A piece of code that a page or a docstring prints. */
export interface Block {
  /** Path from the root, with `/`. */
  readonly file: string;
  /** Line of the file on which the text begins, from 1. */
  readonly line: number;
  /** What stands after the fence; `js` for the example of a docstring. */
  readonly language: string;
  readonly text: string;
}

/** The text of a file; line ends as they are in the repository, whatever git made of them here. */
export const read = (file: string): string => readFileSync(join(root, file), "utf8").replaceAll("\r\n", "\n");

/** Files below a folder, sorted, as paths from the root with `/`. */
function filesBelow(folder: string, ending: string): string[] {
  return (readdirSync(join(root, folder), { recursive: true }) as string[])
    .map((name) => `${folder}/${name.split(sep).join("/")}`)
    .filter((file) => file.endsWith(ending))
    .sort();
}

/** Every page for readers. The working plan is none. */
export const pages: readonly string[] = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  ...filesBelow("docs", ".md").filter((file) => file !== "docs/plan.md"),
];

/** Pages that are one story over a home of their own, told and run from top to bottom by a test of their own. */
export const walkThroughs: readonly string[] = ["docs/own-catalogue.md"];

/** The fenced blocks of a page. */
export function fencedBlocks(file: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [at, line] of read(file).split("\n").entries()) {
    const fence = /^\s*```(.*)$/.exec(line);
    if (!fence) open?.lines.push(line);
    else if (open) {
      blocks.push({ file, line: open.line, language: open.language, text: open.lines.join("\n") });
      open = undefined;
    } else open = { language: fence[1]!.trim(), line: at + 2, lines: [] };
  }
  if (open) throw new Error(`${file}: the block of line ${open.line} is not closed`);
  return blocks;
}

/** The `@example` blocks of all docstrings in src/. */
export function docstringExamples(): Block[] {
  return filesBelow("src", ".ts").flatMap((file) => {
    const blocks: Block[] = [];
    let open: { line: number; lines: string[] } | undefined;
    for (const [at, line] of read(file).split("\n").entries()) {
      if (open && /^\s*\*(\/|\s*@)/.test(line)) {
        blocks.push({ file, line: open.line, language: "js", text: open.lines.join("\n") });
        open = undefined;
      } else open?.lines.push(line.replace(/^\s*\* ?/, ""));
      if (/^\s*\* @example\s*$/.test(line)) open = { line: at + 2, lines: [] };
    }
    return blocks;
  });
}

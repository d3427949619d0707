import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { read, root } from "./blocks.ts";
import { program } from "./small-site.ts";

const data = resolve(root, process.env["USHER_DATA"] ?? "../shared/data");
const isHere = existsSync(join(data, "ml-latest-small"));
if (!isHere)
  console.warn(`skipped: ${data} has no ml-latest-small, so the transcript of README.md is not compared`);

const home = mkdtempSync(join(tmpdir(), "usher-transcript-"));
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));

/** Runs the real command line on the home. */
function printedBy(words: string): string {
  const args = [program, ...words.replaceAll("$USHER_DATA", data).split(" "), "--home", home];
  return execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

/** The block of a page below `<!-- transcript: <words> -->`, and the words: what `usher <words>` prints. */
function transcriptIn(page: string): { words: string; text: string } {
  const [, words, text] = /<!-- transcript: (.*?) -->\n```text\n([\s\S]*?)\n```/.exec(read(page)) ?? [];
  if (words === undefined || text === undefined) throw new Error(`${page} has no transcript`);
  return { words, text };
}

describe.skipIf(!isHere)("transcripts", () => {
  it("README.md prints what the first start prints; … is what it leaves out", () => {
    const { words, text } = transcriptIn("README.md");
    const lines = text.split("\n").filter((line) => line !== "…");
    const printed = printedBy(`${words} --once`).split("\n");
    expect(lines.length).toBeGreaterThan(9);
    expect(printed.filter((line) => lines.includes(line))).toEqual(lines);
  });

  it("docs/http-api.md prints the item that is recommended then", () => {
    const { words, text } = transcriptIn("docs/http-api.md");
    expect(JSON.parse(text)).toEqual(JSON.parse(printedBy(words)).items[0]);
  });
});

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { read, root } from "./blocks.ts";
import { program } from "./small-site.ts";

const data = resolve(root, process.env["USHER_DATA"] ?? "../shared/data");
const isHere = existsSync(join(data, "ml-latest-small"));
if (!isHere)
  console.warn(`skipped: ${data} has no ml-latest-small, so the transcript of README.md is not compared`);

/** Blocks below `<!-- transcript: <words> -->`: what `usher <words>` prints, with `…` for what is left out. */
const transcripts = [
  ...read("README.md").matchAll(/<!-- transcript: (.*?) -->\n```text\n([\s\S]*?)\n```/g),
].map((found) => ({ words: found[1]!, lines: found[2]!.split("\n").filter((line) => line !== "…") }));

describe("transcripts", () => {
  it("there is one on the first page", () => {
    expect(transcripts.length).toBe(1);
  });

  it.skipIf(!isHere).each(transcripts)("README.md prints what usher $words prints", ({ words, lines }) => {
    const home = mkdtempSync(join(tmpdir(), "usher-transcript-"));
    try {
      const given = words.replaceAll("$USHER_DATA", data).split(" ");
      const args = [program, ...given, "--home", home, "--once"];
      const printed = execFileSync(process.execPath, args, {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      expect(lines.length).toBeGreaterThan(9);
      expect(printed.split("\n").filter((line) => lines.includes(line))).toEqual(lines);
    } finally {
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});

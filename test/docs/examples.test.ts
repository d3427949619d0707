import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { isBuilt } from "../../scripts/stamp.js";
import { main } from "../../src/cli/main.ts";
import { loadConfiguration } from "../../src/home/configuration.ts";
import { type Block, docstringExamples, fencedBlocks, pages, read, root, walkThroughs } from "./blocks.ts";
import { programOf } from "./program.ts";
import { linesOf, readOnlyCommands, understand } from "./shell-line.ts";
import { type SmallSite, startSmallSite } from "./small-site.ts";

const printedAddress = "http://127.0.0.1:8000";
const languages = ["js", "ts", "json", "sh", "text"];
const blocks = pages.filter((page) => !walkThroughs.includes(page)).flatMap(fencedBlocks);
const named = (block: Block) => ({ ...block, name: `${block.file}:${block.line}` });
const examples = [...docstringExamples(), ...blocks.filter(({ language }) => /^[jt]s$/.test(language))].map(
  named,
);
const lines = blocks
  .filter(({ language }) => language === "sh")
  .flatMap((block) => linesOf(block.text).map((line) => ({ name: `${block.file}: ${line}`, line })));
const npmScripts = Object.keys(JSON.parse(read("package.json")).scripts as object);

let site: SmallSite;
beforeAll(async () => {
  if (!existsSync(join(root, "dist")))
    throw new Error("the examples run on the compiled files: npm run build");
  if (!isBuilt()) console.warn("dist/ is older than the sources; `npm run build` makes it new");
  site = await startSmallSite();
});
afterAll(() => site?.stop());

/** Runs an example in a process of its own, in a folder of its own. */
async function runExample(block: Block) {
  const { source, promises } = programOf(block);
  // what a docstring shows must not change the home of the others
  const cwd = site.folder({ withHome: !block.file.startsWith("src/") });
  const file = join(cwd, "example.mjs");
  writeFileSync(file, source.replaceAll(printedAddress, site.address));
  return new Promise<{ code: number | string; out: string; promises: number }>((resolve) => {
    execFile(process.execPath, [file], { cwd, timeout: 50_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? error.signal ?? 1) : 0, out: `${stdout}${stderr}`, promises }),
    );
  });
}

/** Runs the command line here, in a folder of its own: its code, and all that it prints. */
async function runUsher(words: readonly string[]) {
  const here = process.cwd();
  const printed: unknown[] = [];
  const catching = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation((text) => printed.push(text) > 0),
  );
  process.chdir(site.folder({ withHome: true }));
  try {
    const code = await main(words);
    return { code, out: printed.join("") };
  } finally {
    process.chdir(here);
    for (const stream of catching) stream.mockRestore();
  }
}

describe("examples", () => {
  it("there are some, in docstrings and in pages", () => {
    expect(examples.filter(({ file }) => file.startsWith("src/")).length).toBeGreaterThan(9);
    expect(examples.filter(({ file }) => file === "README.md")).not.toEqual([]);
    expect(lines.filter(({ line }) => line.startsWith("curl")).length).toBeGreaterThan(9);
  });

  it.each(examples)("$name is true", async (example) => {
    const { code, out, promises } = await runExample(example);
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(new RegExp(`checked ${promises}\n$`)),
    });
  });

  it.each([
    ["a wrong value", "const a = 1;\na + 1; // → 3", "promised 3, got 2"],
    ["a wrong digit", "0.5; // → ≈ 0.51", "promised ≈ 0.51, got 0.5"],
    ["a wrong beginning", '({ a: "b", c: 1 }); // → { a: "c"…', 'got { a: "b", c: 1 }'],
    ["a missing name", 'import { nothing } from "usher-recommender";', "nothing"],
    ["an end before the end", "process.exit(0);\n1 + 1; // → 3", ""],
  ])("%s is noticed", async (_, text, message) => {
    const { code, out } = await runExample({ file: "docs/broken.md", line: 1, language: "js", text });
    expect(code === 0 && out.endsWith("checked 1\n")).toBe(false);
    expect(out).toContain(message);
  });

  it("a value behind half a statement is noticed", () => {
    const block = { file: "docs/broken.md", line: 1, language: "js" };
    expect(() => programOf({ ...block, text: "sum( // → 3\n1, 2);" })).toThrow("behind a statement");
    expect(() => programOf({ ...block, text: "sum([\n1, 2]; // → 3\n);" })).toThrow("in the middle");
  });
});

describe("printed commands", () => {
  it.each(lines.filter(({ line }) => line.startsWith("curl")))("$name", async ({ line }) => {
    const asked = await understand(line, npmScripts);
    if (asked.kind !== "curl") throw new Error(line);
    expect(asked.url).toMatch(`${printedAddress}/`);
    const answer = await fetch(asked.url.replace(printedAddress, site.address), asked.init);
    const isTaken = asked.init.method === "POST" && answer.status === 202; // the events of a body, one by one
    expect({ status: isTaken ? 200 : answer.status, body: await answer.text() }).toMatchObject({
      status: 200,
    });
  });

  it.each(lines.filter(({ line }) => !line.startsWith("curl")))("$name", async ({ line }) => {
    const asked = await understand(line, npmScripts);
    if (asked.kind !== "usher") return;
    const [command = "", action = ""] = asked.words;
    const isReading = [command, `${command} ${action}`].some((words) => readOnlyCommands.includes(words));
    if (!isReading && !asked.words.includes("--help")) return;
    const { code, out } = await runUsher(asked.words);
    expect({ code, out }).toMatchObject({ code: 0 });
  });

  it.each([
    ["npx usher dance", "unknown command"],
    ["npx usher start --fast", "unknown option '--fast'"],
    ["npx usher recommend", "missing required argument"],
    ["npm start --once", "expected -- before"],
    ["npm start -- --twice", "unknown option '--twice'"],
    ["npm run dance", "no such npm script"],
    ["curl --compressed http://127.0.0.1:8000/", "expected -X"],
    ["npx usher models | sort", "needs a shell"],
    ["make", "expected curl, npm or npx usher"],
  ])("%s would be refused", async (line, message) => {
    await expect(understand(line, npmScripts)).rejects.toThrow(message);
  });
});

describe("other blocks", () => {
  it("say what they are", () => {
    expect(blocks.filter(({ language }) => !languages.includes(language)).map(named)).toEqual([]);
  });

  it.each(blocks.filter(({ language }) => language === "json").map(named))(
    "$name is a usher.json",
    async ({ text }) => {
      const home = mkdtempSync(join(tmpdir(), "usher-docs-json-"));
      try {
        writeFileSync(join(home, "usher.json"), text);
        const { settings } = await loadConfiguration({ home, environment: {} });
        expect(settings.filter(({ origin }) => origin === "file")).not.toEqual([]);
      } finally {
        rmSync(home, { recursive: true });
      }
    },
  );
});

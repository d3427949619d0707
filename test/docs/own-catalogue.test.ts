import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Block, fencedBlocks, root, walkThroughs } from "./blocks.ts";
import { programOf } from "./program.ts";
import { linesOf, understand } from "./shell-line.ts";
import { ended, program, readyAddress } from "./small-site.ts";

const printedAddress = "http://127.0.0.1:8000";
let folder: string;
let server: ChildProcess | undefined;
let address = printedAddress;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "usher-books-"));
  symlinkSync(join(root, "examples"), join(folder, "examples"), "junction");
});
afterAll(async () => {
  if (server) await ended(server);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const runNode = (args: readonly string[]) =>
  new Promise<{ code: unknown; out: string }>((resolve) => {
    execFile(process.execPath, args, { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? error.signal) : 0, out: `${stdout}${stderr}` }),
    );
  });

async function runLine(line: string): Promise<void> {
  const asked = await understand(line, []);
  if (asked.kind === "curl") {
    const answer = await fetch(asked.url.replace(printedAddress, address), asked.init);
    expect([answer.status, await answer.text()]).toEqual([200, expect.anything()]);
  } else if (asked.kind === "usher" && asked.words[0] === "serve") {
    server = spawn(process.execPath, [program, ...asked.words, "--port", "0"], { cwd: folder });
    let said = "";
    for (const stream of [server.stdout, server.stderr]) stream?.on("data", (text) => (said += text));
    address = await readyAddress(server, () => said);
  } else if (asked.kind === "usher") {
    expect(await runNode([program, ...asked.words])).toMatchObject({ code: 0 });
  }
}

async function runExample(block: Block): Promise<void> {
  const { source, promises } = programOf(block);
  const file = join(folder, "example.mjs");
  writeFileSync(file, source.replaceAll(printedAddress, address));
  const { code, out } = await runNode([file]);
  expect({ code, out }).toEqual({
    code: 0,
    out: expect.stringMatching(new RegExp(`checked ${promises}\n$`)),
  });
}

describe.each(walkThroughs)("%s, from top to bottom", (page) => {
  for (const block of fencedBlocks(page)) {
    const title = `line ${block.line}: ${block.text.split("\n")[0]}`;
    if (block.language === "sh") {
      it(title, async () => {
        for (const line of linesOf(block.text)) await runLine(line);
      }, 300_000);
    } else if (block.language === "js") it(title, () => runExample(block), 60_000);
    else {
      it(`${title} is the mapping of the books`, () => {
        const mapping = readFileSync(join(root, "examples/books/mapping.json"), "utf8");
        expect(JSON.parse(block.text)).toEqual(JSON.parse(mapping));
      });
    }
  }
});

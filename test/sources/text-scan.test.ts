import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TextFormat } from "../../src/sources/text-format.ts";
import { scanText } from "../../src/sources/text-scan.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-scan-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const csv: TextFormat = { delimiter: ",", quoted: true, encoding: "utf-8", header: true, columns: [] };
const dat: TextFormat = { ...csv, delimiter: "::", quoted: false, encoding: "latin-1", header: false };

async function scan(content: string | Uint8Array, format: TextFormat = csv, copyTo?: string) {
  const path = join(folder, "file.txt");
  await writeFile(path, content);
  return scanText(path, { filename: "file.txt", format, ...(copyTo ? { copyTo } : {}) });
}

describe("a look through a text file", () => {
  test("counts lines and empty lines and knows the line end", async () => {
    expect(await scan("a\n\nb\n")).toMatchObject({
      lineCount: 3,
      emptyLineCount: 1,
      lineEnd: "\n",
      endsWithLineEnd: true,
      isPlain: true,
    });
    expect(await scan("a\r\n\r\nb")).toMatchObject({
      lineCount: 3,
      emptyLineCount: 1,
      lineEnd: "\r\n",
      endsWithLineEnd: false,
      isPlain: true,
    });
  });

  test("copies the bytes and gives the checksums that RFC 1321 and FIPS 180 print for abc", async () => {
    const copyTo = join(folder, "copy.txt");
    expect(await scan("abc", csv, copyTo)).toMatchObject({
      sizeBytes: 3,
      md5: "900150983cd24fb0d6963f7d28e17f72",
      sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    });
    expect(await readFile(copyTo, "utf8")).toBe("abc");
  });

  test.each([
    ["a quote", 'a,"b"\n', csv],
    ["mixed line ends", "a\r\nb\n", csv],
    ["a lone carriage return", "a\rb\n", csv],
    ["a NUL byte", "a\0b\n", csv],
    ["a control character", "a\u0001b\n", csv],
    ["a control character of ISO-8859-1", Buffer.from("a\x85b\n", "latin1"), dat],
  ])("is not plain with %s", async (_what, content, format) => {
    expect((await scan(content, format)).isPlain).toBe(false);
  });

  test("a quote is plain where the format has none", async () => {
    expect((await scan('a"b\n', dat)).isPlain).toBe(true);
  });

  test("lines across the blocks of 1 MiB are counted once", async () => {
    const line = `${"é".repeat(500)}\n`;
    const found = await scan(line.repeat(3000));
    expect(found).toMatchObject({ lineCount: 3000, emptyLineCount: 0, sizeBytes: 3_003_000, isPlain: true });
  });
});

describe("what is no text of the expected kind", () => {
  test("an empty file", async () => {
    await expect(scan("")).rejects.toMatchObject({
      code: "DATA_EMPTY",
      message: "file.txt: expected rows, but the file is empty (0 bytes)",
    });
  });

  test("ISO-8859-1 where UTF-8 is expected, with the line", async () => {
    const content = Buffer.from(`${"ok\n".repeat(400_000)}caf\xe9\n`, "latin1");
    await expect(scan(content)).rejects.toMatchObject({
      code: "SOURCE_ENCODING",
      message: "file.txt: expected UTF-8, but line 400001 holds bytes that are not UTF-8",
    });
  });

  test("UTF-16, which has bytes that UTF-8 never has", async () => {
    await expect(scan(Buffer.from("\ufeffa,b\n", "utf16le"))).rejects.toMatchObject({
      code: "SOURCE_ENCODING",
    });
  });

  test("UTF-8 where ISO-8859-1 is expected, with the line", async () => {
    await expect(scan("1::a\n2::café\n", dat)).rejects.toMatchObject({
      code: "SOURCE_ENCODING",
      message: "file.txt: expected ISO-8859-1, but the file is UTF-8 (see line 2)",
    });
  });

  test("a line of more than 1 MiB", async () => {
    await expect(scan(`a\n${"x".repeat(2_500_000)}`)).rejects.toMatchObject({
      code: "SOURCE_DAMAGED",
      message: expect.stringContaining("from line 2 on"),
    });
  });
});

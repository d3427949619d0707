import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { columnsOf } from "../../src/sources/text-columns.ts";
import type { TextFormat } from "../../src/sources/text-format.ts";
import { readRecords, type TextRecord } from "../../src/sources/text-records.ts";
import { textRelation } from "../../src/sources/text-relation.ts";
import { scanText } from "../../src/sources/text-scan.ts";

let folder: string;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-records-"));
  engine = await openDuckdb({ threads: 2 });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const csv: TextFormat = {
  delimiter: ",",
  quoted: true,
  encoding: "utf-8",
  header: false,
  columns: ["a", "b"],
};

async function recordsOf(text: string | Uint8Array, format = csv, fieldCount = 2): Promise<TextRecord[]> {
  const path = join(folder, "records.csv");
  await writeFile(path, text);
  const records: TextRecord[] = [];
  for await (const batch of readRecords(path, { filename: "records.csv", format, fieldCount })) {
    for (const record of batch) records.push(record);
  }
  return records;
}

describe("rows with quotes (RFC 4180)", () => {
  test("commas, doubled quotes and line ends inside quotes belong to the value", async () => {
    const text = '"a,1","say ""hi"""\r\n"two\r\nlines",x\r\n"",""\r\nlast,row';
    expect(await recordsOf(text)).toEqual([
      { line: 1, fields: ["a,1", 'say "hi"'] },
      { line: 2, fields: ["two\r\nlines", "x"] },
      { line: 4, fields: ["", ""] },
      { line: 5, fields: ["last", "row"] },
    ]);
  });

  test("a lost quote costs its own line and no other", async () => {
    const text = '1,"never closed\n2,"fine, this"\n3,x"y"\n4,"a"b\n5,ok\n';
    const records = await recordsOf(text);
    expect(records.map(({ line, fields, reason }) => [line, fields ?? reason])).toEqual([
      [1, 'after a closing quote, expected "," or the end of the row'],
      [2, ["2", "fine, this"]],
      [3, "a quote stands inside a value that is not quoted"],
      [4, 'after a closing quote, expected "," or the end of the row'],
      [5, ["5", "ok"]],
    ]);
    expect(records[0]?.text).toBe('1,"never closed');
  });

  test("a quote that never closes again does not swallow the rest", async () => {
    const records = await recordsOf(`1,"open\n${"2,b\n".repeat(1000)}`);
    expect(records).toHaveLength(1001);
    expect(records[0]?.reason).toBe("a quote is opened and never closed");
    expect(records.at(-1)).toEqual({ line: 1001, fields: ["2", "b"] });
  });

  test("a quote left open in a file of several blocks is given up after 1 MiB", async () => {
    const path = join(folder, "open.csv");
    await writeFile(path, `1,"open\n${"2,b\n".repeat(800_000)}`);
    const batches: TextRecord[][] = [];
    for await (const batch of readRecords(path, { filename: "open.csv", format: csv, fieldCount: 2 })) {
      batches.push(batch);
    }
    expect(batches.length).toBeGreaterThan(1); // so it was not the whole file that was waited for
    expect(batches.flat().filter(({ reason }) => reason)).toHaveLength(1);
    expect(batches.reduce((sum, batch) => sum + batch.length, 0)).toBe(800_001);
  });

  test("wrong numbers of values, NUL bytes and half last lines have their reasons", async () => {
    const records = await recordsOf("1\n1,2,3\n\n\na\0,b\nx,y\nhalf");
    expect(records.map(({ line, reason }) => [line, reason])).toEqual([
      [1, "expected 2 columns, found 1"],
      [2, "expected 2 columns, found 3"],
      [5, "the row holds a NUL byte"],
      [6, undefined],
      [7, "expected 2 columns, found 1; the file ends in the middle of this row"],
    ]);
  });

  test("the last value may be missing only where the format says so", async () => {
    expect((await recordsOf("1,2\n3,"))[1]?.fields).toEqual(["3", ""]);
    const [, half] = await recordsOf("1,2\n3,", { ...csv, lastValueExpected: true });
    expect(half?.reason).toBe("the last value is missing; the file ends in the middle of this row");
  });

  test("a byte order mark is no part of the first value", async () => {
    expect((await recordsOf("\ufeffa,b\n"))[0]?.fields).toEqual(["a", "b"]);
  });
});

test("without quotes in the format, a quote is a letter", async () => {
  const dat: TextFormat = { ...csv, delimiter: "::", quoted: false, encoding: "latin-1" };
  expect(await recordsOf(Buffer.from('1::Caf\xe9 "x"\n2::"\n', "latin1"), dat)).toEqual([
    { line: 1, fields: ["1", 'Café "x"'] },
    { line: 2, fields: ["2", '"'] },
  ]);
});

/** What `textRelation` makes of a file. */
async function relationOf(text: string, format: TextFormat) {
  const path = join(folder, "twin.txt");
  await writeFile(path, text, format.encoding === "latin-1" ? "latin1" : "utf8");
  const file = { path, filename: "twin.txt", format };
  const scan = await scanText(path, file);
  const columns = await columnsOf(path, file);
  const relation = await textRelation({ ...file, scan, columns }, { engine, temporaryFolder: folder });
  const rows = await engine.rows(relation.select);
  const rejected = await relation.rejected(rows.length);
  if (rejected.total > 0) expect(await engine.rows(relation.rejectedSelect)).toEqual(rejected.rows);
  return { scan, rows, rejected };
}

const word = fc.stringMatching(/^[a-z0-9 .é()|:#\\-]{0,6}$/);
const line = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(word, word).map((words) => words.join(",")) },
  { weight: 1, arbitrary: word },
  { weight: 1, arbitrary: fc.tuple(word, word, word).map((words) => words.join(",")) },
  { weight: 1, arbitrary: fc.constant("") },
);

test("DuckDB's lines and the exact reader give the same rows, lines and rejects", async () => {
  let plain = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 30 }),
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      fc.boolean(),
      async (lines, lineEnd, endsWithLineEnd, lastValueExpected) => {
        const text = `first,row${lineEnd}${lines.join(lineEnd)}${endsWithLineEnd ? lineEnd : ""}`;
        const format = { ...csv, lastValueExpected };
        const { scan, rows, rejected } = await relationOf(text, format);
        if (scan.isPlain) plain++;
        const records = await recordsOf(text, format);
        const kept = records.filter(({ fields }) => fields);
        const dropped = records.filter(({ reason }) => reason);
        expect(rows).toEqual(
          kept.map(({ line: at, fields }) => ({ a: fields?.[0], b: fields?.[1], line: at })),
        );
        expect(rejected.total).toBe(dropped.length);
        expect(rejected.rows.map((row) => [row.line, row.reason, row.row])).toEqual(
          dropped.map((row) => [row.line, row.reason, row.text]),
        );
        // counted in a third way
        const notEmpty = text.split(lineEnd).filter((one) => one !== "").length;
        expect(rows.length + rejected.total).toBe(notEmpty);
      },
    ),
    { seed: 5, numRuns: 150 },
  );
  expect(plain).toBeGreaterThan(100);
});

test("any text is read to its end: every line is in a row, rejected or empty", async () => {
  const wild = fc.array(fc.constantFrom("a", ",", '"', "\n", "\r\n", "\r", "é", "\0", " "), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(wild, async (parts) => {
      const text = `x,y\n${parts.join("")}`;
      const records = await recordsOf(text);
      let at = 0;
      for (const { line: begins } of records) {
        expect(begins).toBeGreaterThan(at);
        at = begins;
      }
      const rebuilt = records.flatMap(({ fields, text: row }) => fields ?? [String(row)]).join("");
      const letters = (value: string) => value.replace(/[^aéxy]/g, "");
      expect(letters(rebuilt)).toBe(letters(text));
    }),
    { seed: 6, numRuns: 300 },
  );
});

import { chmod, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLake } from "../../src/lake/delta-lake.ts";
import { importSource } from "../../src/sources/import.ts";
import { type ImportBench, importBench, smallCsv } from "./import-bench.ts";

let bench: ImportBench;
beforeAll(async () => {
  bench = await importBench();
});
afterAll(() => bench.close());

const withFiles = async (files: Readonly<Record<string, string>>) =>
  bench.import(await bench.files({ ...smallCsv, ...files }));

describe("a file of the source that cannot be read is named, and the home is not blamed", () => {
  const expectUnreadable = async (target: string, reason: string) => {
    const folder = await bench.files(smallCsv);
    await rm(join(folder, "ratings.csv"));
    await symlink(target, join(folder, "ratings.csv"));
    await expect(bench.import(folder)).rejects.toMatchObject({
      code: "SOURCE_NOT_FOUND",
      message: expect.stringMatching(new RegExp(`^ratings.csv: .*${reason}`)),
    });
  };
  const onLinux = process.platform === "linux";

  test.skipIf(!onLinux)("a link that leads nowhere", () => expectUnreadable("nowhere.csv", "ENOENT"));
  test.skipIf(!onLinux)("a link to itself", () => expectUnreadable("ratings.csv", "ELOOP"));
  test.skipIf(!onLinux)("a link to a folder", () => expectUnreadable(".", "it is a folder .EISDIR"));
  test.skipIf(!onLinux)("a disk that reports an error", () =>
    expectUnreadable("/proc/self/mem", "the disk reports an error .EIO"),
  );
  test.skipIf(!onLinux || process.getuid?.() === 0)("a file without the right to read it", async () => {
    const folder = await bench.files(smallCsv);
    await chmod(join(folder, "movies.csv"), 0);
    await expect(bench.import(folder)).rejects.toMatchObject({
      code: "SOURCE_NOT_FOUND",
      message: expect.stringMatching(/^movies.csv: .*EACCES/),
    });
  });
});

describe("an import that does not end", () => {
  const rowsOf = async (table: string) =>
    (await bench.lake.latest(table)) === undefined ? undefined : bench.lake.rowCount(table);
  const stopAt = (moment: RegExp, files: Readonly<Record<string, string>>) =>
    bench.files({ ...smallCsv, ...files }).then((location) =>
      importSource({
        spec: { source: "movielens", location },
        lake: bench.lake,
        engine: bench.engine,
        onProgress: ({ text }) => {
          if (moment.test(text)) throw new Error("stopped");
        },
      }),
    );
  const broken = { "movies.csv": 'movieId,title,genres\n"broken\n10,A (1990),Drama\n' };

  test("shows none of its rows where it ends before all files are staged", async () => {
    const before = await rowsOf("bronze_movielens_ratings_raw");
    await expect(stopAt(/writing bronze_movielens_rejected_rows/, broken)).rejects.toThrow("stopped");
    expect(await rowsOf("bronze_movielens_ratings_raw")).toBe(before);
  });

  test("loses at the next import what it had committed, and imports before keep their rows", async () => {
    const kept = await withFiles(broken);
    const before = await rowsOf("bronze_movielens_ratings_raw");
    await expect(stopAt(/^commit: bronze_movielens_rejected_rows/, broken)).rejects.toThrow("stopped");
    expect(await rowsOf("bronze_movielens_ratings_raw")).toBe((before ?? 0) + 2);
    await withFiles(broken);
    expect(await rowsOf("bronze_movielens_ratings_raw")).toBe((before ?? 0) + 2);
    const times = await bench.engine.rows(
      `SELECT DISTINCT ingestion_ts FROM ${await bench.lake.relation("bronze_movielens_rejected_rows")}`,
    );
    expect(times.map((row) => row["ingestion_ts"])).toContain(kept.ingestionTs);
    expect(await bench.staged(kept, "ratings", "user_id")).toHaveLength(2);
  });

  test("a first import too", async () => {
    const lake = openLake(join(bench.folder, "first-lake"), bench.engine);
    const spec = { source: "movielens", location: await bench.files(smallCsv) } as const;
    const stopped = importSource({
      spec,
      lake,
      engine: bench.engine,
      onProgress: ({ text }) => {
        if (/^commit: .*movies/.test(text)) throw new Error("stopped");
      },
    });
    await expect(stopped).rejects.toThrow("stopped");
    await importSource({
      spec: { ...spec, location: await bench.files({ ...smallCsv, ...broken }) },
      lake,
      engine: bench.engine,
    });
    expect(await lake.rowCount("bronze_movielens_ratings_raw")).toBe(2);
    expect(await lake.rowCount("bronze_movielens_movies_raw")).toBe(1);
  });
});

test("what an import needs on the way lies in the lake: no other folder is needed, and the next import removes what was left", async () => {
  const left = join(bench.lake.folder, "tmp");
  await mkdir(left, { recursive: true });
  await writeFile(join(left, "left-by-a-killed-import.jsonl"), "{}");
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = join(bench.folder, "no-such-folder");
  try {
    const quoted = await withFiles({ "movies.csv": 'movieId,title,genres\n10,"A, The (1990)",Drama\n' });
    expect(await bench.staged(quoted, "items", "title")).toEqual([{ title: "A, The (1990)" }]);
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
  expect(await readdir(bench.lake.folder)).not.toContain("tmp");
});

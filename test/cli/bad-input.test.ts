import { spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeSmallMovielens } from "../e2e/small-movielens.ts";
import { type Finished, printedList, runUsher } from "../e2e/usher-process.ts";

let folder: string;
let data: string;
let home: string;
let list: string[];

const recommended = async () => printedList((await runUsher(["recommend", "7", "--home", home])).stdout);

/** A refusal for a person: code and remedy, no stack, and what was published still answers. */
async function expectRefusal(
  done: Finished,
  { code, message, exit }: { code: string; message: RegExp; exit: number },
) {
  expect(done.stderr).toMatch(message);
  expect(done.stderr).toContain(`[${code}]`);
  expect(done.stderr).toContain("what to do:");
  expect(done.stderr).not.toMatch(/^\s+at /m);
  expect(done.code).toBe(exit);
  expect(await recommended()).toEqual(list);
}

/** The data set with one file changed. */
async function changed(file: string, change: (text: string) => string | Buffer): Promise<string> {
  const copy = await mkdtemp(join(folder, "changed-"));
  await writeSmallMovielens(copy);
  await writeFile(join(copy, file), change(await readFile(join(copy, file), "utf8")));
  return copy;
}

const importAndBuild = async (source: string) => {
  const imported = await runUsher(["import", `movielens:${source}`, "--home", home]);
  return imported.code === 0 ? runUsher(["build", "--home", home]) : imported;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-bad-"));
  data = await writeSmallMovielens(join(folder, "data"));
  home = join(folder, "home");
  await runUsher(["start", "--data", `movielens:${data}`, "--home", home, "--once"]);
  list = await recommended();
  expect(list).toHaveLength(10);
});

describe("bad data", () => {
  /** Makes every n-th rating line something else. */
  const everyRating = (nth: number, change: (line: string) => string) => (text: string) =>
    text
      .split("\n")
      .map((line, at) => (at > 0 && line !== "" && at % nth === 0 ? change(line) : line))
      .join("\n");

  const cases: [string, () => Promise<string>, { code: string; message: RegExp }][] = [
    ["a missing folder", async () => join(folder, "none"), { code: "SOURCE_NOT_FOUND", message: /none/ }],
    [
      "a folder that is no data set",
      async () => mkdtemp(join(folder, "empty-")),
      { code: "SOURCE_UNKNOWN", message: /ratings/ },
    ],
    [
      "a missing column",
      () => changed("ratings.csv", (text) => text.replace("movieId", "filmNumber")),
      { code: "SOURCE_COLUMN_MISSING", message: /ratings\.csv.*movieId.*filmNumber/s },
    ],
    [
      "a wrong encoding",
      () => changed("movies.csv", (text) => Buffer.from(text.replace("Film 1 ", "Café 1 "), "latin1")),
      { code: "SOURCE_ENCODING", message: /movies\.csv.*line 3.*UTF-8/s },
    ],
    [
      "an empty file",
      () => changed("ratings.csv", () => ""),
      { code: "DATA_EMPTY", message: /ratings\.csv/ },
    ],
    [
      "ratings out of range",
      () =>
        changed(
          "ratings.csv",
          everyRating(10, (line) => line.replace(/,[\d.]+,(\d+)$/, ",9.0,$1")),
        ),
      { code: "QUALITY_GATE", message: /silver_ratings.*validity.*300 of 3,?000.*ratings\.csv/s },
    ],
    [
      "duplicates",
      () => changed("ratings.csv", (text) => text + text.split("\n").slice(1, 1001).join("\n")),
      { code: "QUALITY_GATE", message: /silver_ratings.*uniqueness/s },
    ],
    [
      "broken quotes",
      () =>
        changed(
          "movies.csv",
          everyRating(10, (line) => line.replace(",", ',"')),
        ),
      { code: "QUALITY_GATE", message: /silver_items.*movies\.csv/s },
    ],
    [
      "a file that was cut to half its movies",
      () => changed("movies.csv", (text) => text.slice(0, text.length / 3)),
      { code: "QUALITY_GATE", message: /silver_items.*volume/s },
    ],
  ];
  it.each(cases)("%s is refused and damages nothing", async (_case, source, expected) => {
    await expectRefusal(await importAndBuild(await source()), { ...expected, exit: 1 });
  });

  it("a half-written last line is one rejected row with its line, and the rest is taken", async () => {
    const source = await changed("ratings.csv", (text) => text.slice(0, text.lastIndexOf(",")));
    const done = await importAndBuild(source);
    expect(done.code).toBe(0);
    expect(done.stdout).toContain("ratings: 3,000 read, 2,999 kept, 1 rejected");
    expect(await recommended()).toEqual(list);
  });

  it("two ratings files are named, and --ratings-file chooses", async () => {
    const source = await mkdtemp(join(folder, "two-"));
    await writeFile(join(source, "movies.dat"), "1::One (1990)::Drama\n");
    await writeFile(join(source, "users.dat"), "1::F::1::10::48067\n");
    for (const name of ["ratings-a.dat", "ratings-b.dat"]) await writeFile(join(source, name), "1::1::5\n");
    const refused = await runUsher(["import", `movielens:${source}`, "--home", join(folder, "two-home")]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/ratings-a\.dat.*ratings-b\.dat.*--ratings-file.*SOURCE_AMBIGUOUS/s);
    const chosen = ["--ratings-file", "ratings-b.dat", "--home", join(folder, "two-home")];
    expect((await runUsher(["import", `movielens:${source}`, ...chosen])).code).toBe(0);
  });

  it("a damaged release file is told, not served", async () => {
    const broken = join(folder, "broken-home");
    await runUsher(["start", "--data", `movielens:${data}`, "--home", broken, "--once"]);
    await truncate(join(broken, "lake/gold/gold_models/v0001/ranker.bin"), 1000);
    const done = await runUsher(["recommend", "7", "--home", broken]);
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/ranker\.bin.*MODEL_FILE/s);
  });
});

describe("bad usage", () => {
  const cases: [string[], string, RegExp][] = [
    [["recommend", "7", "--k", "0"], "PARAMETER_INVALID", /k: expected an integer in 1\.\.200, got "?0"?/],
    [["recommend", "7", "--k", "abc"], "PARAMETER_INVALID", /k: expected an integer in 1\.\.200, got "abc"/],
    [["recommend", "x".repeat(10_000)], "PARAMETER_INVALID", /user_id: .*128 bytes/],
    [["start", "--port", "eight", "--once"], "CONFIG_INVALID", /--port: expected an integer in 0\.\.65535/],
    [
      ["start", "--data", "netflix", "--once"],
      "PARAMETER_INVALID",
      /data: expected one of movielens:<folder>, csv:<folder>, demo, got "netflix"/,
    ],
    [["serve", "--host", "0.0.0.0"], "CONFIG_INVALID", /expected a loopback address/],
    [["train", "--models", "magic"], "MODEL_UNKNOWN", /ials.*magic/],
    [["train", "--parameters", '{"ials":{"factors":0}}'], "MODEL_PARAMETER", /factors.*1\.\.\d+.*0/],
    [["export", "csv", "x"], "USAGE", /expected the format duckdb, got "csv"/],
    [["config", "burn"], "USAGE", /expected show or check, got "burn"/],
    [["download", "netflix"], "PARAMETER_INVALID", /movielens-25m or movielens-latest-small, got "netflix"/],
  ];
  it.each(cases)("usher %j", async (args, code, message) => {
    await expectRefusal(await runUsher([...args, "--home", home]), { code, message, exit: 2 });
  });

  it.each([[["fly"]], [["start", "--wings"]], [["recommend"]]])("usher %j is a usage error", async (args) => {
    const done = await runUsher(args);
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(/error: /);
  });

  it("an unknown key in usher.json names the nearest one", async () => {
    const other = join(folder, "config-home");
    await mkdir(other);
    await writeFile(join(other, "usher.json"), '{"prot": 8001}');
    const done = await runUsher(["config", "check", "--home", other]);
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(/unknown key "prot"; did you mean "port"\?/);
  });

  it.each([
    ['{"models": {"iasl": {}}}', "MODEL_UNKNOWN", /iasl/],
    ['{"models": {"ials": {"factors": 0}}}', "MODEL_PARAMETER", /factors/],
    ['{"source": "nonsense"}', "PARAMETER_INVALID", /nonsense/],
    ['{"download": 5}', "CONFIG_INVALID", /download: expected an object, got 5/],
  ])("config check refuses %s before any work", async (text, code, message) => {
    const other = await mkdtemp(join(folder, "checked-"));
    await writeFile(join(other, "usher.json"), text);
    const done = await runUsher(["config", "check", "--home", other]);
    expect(done.stderr).toMatch(message);
    expect(done.stderr).toContain(code);
    expect(done.code).toBe(2);
  });

  it("usage errors are JSON too where --json was asked for", async () => {
    const done = await runUsher(["recommend", "--json"]);
    expect(done.stderr.trim().split("\n").at(-1)).toContain('"code":"USAGE"');
  });

  it("an empty home says what to run", async () => {
    for (const args of [
      ["serve"],
      ["recommend", "7"],
      ["models"],
      ["train"],
      ["build"],
      ["export", "duckdb", join(folder, "x.duckdb")],
    ]) {
      const done = await runUsher([...args, "--home", join(folder, `nothing-${args[0]}`)]);
      if (args[0] !== "models") expect(done.stderr).toMatch(/HOME_EMPTY/);
      expect(done.code).toBe(1);
    }
  });

  it("errors are JSON where --json was asked for", async () => {
    const done = await runUsher(["recommend", "7", "-k", "0", "--home", home, "--json"]);
    expect(JSON.parse(done.stderr)).toMatchObject({
      error: { code: "PARAMETER_INVALID", message: expect.stringContaining("k: ") },
    });
    expect(done.stdout).toBe("");
  });
});

describe("places that cannot be written", () => {
  const isRoot = process.getuid?.() === 0;

  it.skipIf(isRoot || process.platform === "win32")(
    "a home without the right to write is refused",
    async () => {
      const closed = await mkdtemp(join(folder, "closed-"));
      await chmod(closed, 0o500);
      const done = await runUsher(["start", "--data", `movielens:${data}`, "--home", closed, "--once"]);
      expect(done.code).toBe(1);
      expect(done.stderr).toContain("HOME_UNWRITABLE");
    },
  );

  it("a home that is a file is refused", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    const done = await runUsher(["start", "--home", file, "--once"]);
    expect(done.code).toBe(1);
    expect(done.stderr).toContain("HOME_UNWRITABLE");
  });

  // a small file system in memory, which only root may mount
  const mounted = isRoot && process.platform === "linux" ? mkdtempMounted() : undefined;
  if (!mounted) console.warn("skipped: a full disk (needs root on Linux to mount a small file system)");

  it.skipIf(!mounted)("a full disk is told, and what was published goes on", async () => {
    const small = join(mounted as string, "home");
    try {
      const first = await runUsher(["start", "--data", `movielens:${data}`, "--home", small, "--once"]);
      expect(first.code).toBe(0);
      expect(first.stdout).toContain("note: no events are taken: "); // so little room that the log does not trust it
      const big = await writeSmallMovielens(join(folder, "big"), { users: 5000, items: 400, ratings: 100 });
      const full = await runUsher(["import", `movielens:${big}`, "--home", small]);
      expect(full.stderr).toMatch(/DISK_FULL/);
      expect(full.code).toBe(1);
      const again = await runUsher(["start", "--home", small, "--once"]);
      expect(printedList(again.stdout)).toEqual(printedList(first.stdout));
      expect((await runUsher(["validate", "--home", small])).code).toBe(0);
    } finally {
      spawnSync("umount", [mounted as string]);
    }
  });
});

/** Mounts 6 MiB of memory as a file system; `undefined` where that is not allowed. */
function mkdtempMounted(): string | undefined {
  const place = spawnSync("mktemp", ["-d"], { encoding: "utf8" }).stdout.trim();
  const done = spawnSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", place]);
  return done.status === 0 ? place : undefined;
}

import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JobRecord, RunRecord } from "../../src/contracts/workflow.ts";
import { loadConfiguration } from "../../src/home/configuration.ts";
import { latestImport } from "../../src/sources/import-record.ts";
import { openUsher, type Usher } from "../../src/usher.ts";
import { writeSmallMovielens } from "../e2e/small-movielens.ts";
import { until } from "../workflow/held-clock.ts";

let home: string;
let usher: Usher;
let address: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "usher-imports-"));
  const { values } = await loadConfiguration({ home, environment: {}, flags: { port: 0 } });
  usher = await openUsher({ home, configuration: values });
  await usher.openUpkeep();
  address = await usher.listen();
}, 60_000);
afterAll(async () => {
  await usher.close();
  await rm(home, { recursive: true, force: true });
});

const upload = async (files: Record<string, string | Uint8Array>, fields: Record<string, string> = {}) => {
  const form = new FormData();
  for (const [name, content] of Object.entries(files))
    form.append("files", new Blob([content as Uint8Array<ArrayBuffer>]), name);
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  const answer = await fetch(`${address}/v1/imports`, { method: "POST", body: form });
  return {
    status: answer.status,
    job: (await answer.json()) as JobRecord & { code?: string; detail?: string },
  };
};
const get = async <Body>(path: string) => (await usher.ask(path)) as Body;
const ended = async (id: string): Promise<JobRecord> => {
  let job: JobRecord | undefined;
  await until(async () => {
    job = await get<JobRecord>(`/v1/jobs/${id}`);
    return job.status !== "running";
  });
  return job as JobRecord;
};
const imported = async (...sent: Parameters<typeof upload>) => {
  const { status, job } = await upload(...sent);
  expect([status, job.detail]).toEqual([202, undefined]);
  return ended(job.id);
};
const build = async () => {
  const run = (await usher.ask({
    path: "/v1/runs",
    method: "POST",
    body: { tasks: ["build"] },
  })) as RunRecord;
  await until(async () => (await get<RunRecord>(`/v1/runs/${run.id}`)).status !== "running");
  const { tasks } = await get<RunRecord>(`/v1/runs/${run.id}`);
  expect(tasks[0]).toMatchObject({ status: "succeeded" });
};
const rows = async (table: string, columns: string) =>
  usher.engine.rows(`SELECT ${columns} FROM ${await usher.lake.relation(table)} ORDER BY ALL`);
const uploads = async () => (existsSync(join(home, "uploads")) ? readdir(join(home, "uploads")) : []);

const ratings = "user_id,item_id,rating\nann,x,4.5\nbob,y,2\ncid,x,3\n";
const items = "item_id,title,genres\nx,The X,Jazz\ny,The Y,\nz,The Z,\n";

describe("files that are sent", () => {
  it("become a job, and with the next build the catalogue", async () => {
    expect(await imported({ "ratings.csv": ratings, "items.csv": items })).toMatchObject({
      kind: "import",
      status: "succeeded",
      note: "csv 1; 0 rows could not be split into columns",
      result: { bronze_csv_ratings_raw: 0, bronze_csv_items_raw: 0 },
    });
    await until(async () => (await uploads()).length === 0);
    await build();
    expect(await rows("silver_items", "item_id, title")).toEqual([
      { item_id: "x", title: "The X" },
      { item_id: "y", title: "The Y" },
      { item_id: "z", title: "The Z" },
    ]);
    const [stamp = ""] = await readdir(join(home, "lake", "bronze", "originals", "csv"));
    const record = await readFile(
      join(home, "lake", "bronze", "originals", "csv", stamp, "import.json"),
      "utf8",
    );
    expect(JSON.parse(record).spec).toEqual({ source: "csv", location: "", isUploaded: true });
    expect(record).not.toContain(home);
  }, 60_000);

  it("may be a catalogue alone, which keeps the ratings, or ratings alone, which keep the catalogue", async () => {
    await imported({ "items.csv": items.replace("The Z", "The New Z") });
    await build();
    expect(await rows("silver_ratings", "user_id, item_id, rating")).toHaveLength(3);
    expect(await rows("silver_items", "title")).toContainEqual({ title: "The New Z" });
    await imported({ "ratings.csv": `${ratings}dan,z,5\n` });
    await build();
    expect(await rows("silver_ratings", "user_id, item_id, rating")).toHaveLength(4);
    expect(await rows("silver_items", "title")).toContainEqual({ title: "The New Z" });
  }, 60_000);

  it("may be an archive as GroupLens ships it", async () => {
    const folder = await writeSmallMovielens(join(home, "data"), { users: 20, items: 20, ratings: 5 });
    const files: Record<string, Uint8Array> = {};
    for (const name of await readdir(folder)) files[`ml-small/${name}`] = await readFile(join(folder, name));
    expect(await imported({ "ml-small.zip": zipSync(files) })).toMatchObject({
      status: "succeeded",
      note: expect.stringContaining("movielens csv"),
    });
    await until(async () => (await uploads()).length === 0);
    // a catalogue alone has nothing to keep ratings of: the newest import is another's
    const { status, job } = await upload({ "items.csv": items });
    expect([status, job.code]).toEqual([400, "SOURCE_UNKNOWN"]);
  }, 60_000);

  it("may bring a mapping, which stays for what is sent later; another mapping is another data set", async () => {
    const mapping = (max: number) =>
      JSON.stringify({
        ratings: {
          file: "stars.txt",
          delimiter: ";",
          user_id: "who",
          item_id: "film",
          rating: "n",
          scale: { max },
        },
        items: { file: "movies.csv", item_id: "key", title: "name" },
      });
    const sent = { "stars.txt": "who;film;n\nann;x;10\nbob;y;5\n", "movies.csv": "key,name\nx,X\ny,Y\n" };
    expect(await imported({ ...sent, "mapping.json": mapping(10) })).toMatchObject({ status: "succeeded" });
    await build();
    const ratingsNow = () => rows("silver_ratings", "user_id, rating");
    expect(await ratingsNow()).toEqual([
      { user_id: "ann", rating: 5 },
      { user_id: "bob", rating: 2.5 },
    ]);
    const newest = async () => {
      const found = await latestImport(join(home, "lake"));
      if (!found) throw new Error("there is no import");
      return { found, names: (await readdir(found.folder)).sort() };
    };
    const { found: first, names } = await newest();
    expect(names).toEqual(["_manifest.json", "import.json", "mapping.json", "movies.csv", "stars.txt"]);
    expect(await readFile(join(first.folder, "mapping.json"), "utf8")).toBe(mapping(10));

    await imported({ "stars.txt": `${sent["stars.txt"]}cid;x;2\n` });
    await build();
    expect(await ratingsNow()).toHaveLength(3);
    expect(await rows("silver_items", "title")).toEqual([{ title: "X" }, { title: "Y" }]);

    await imported({ ...sent, "mapping.json": mapping(20) });
    await build();
    expect((await ratingsNow())[0]).toEqual({ user_id: "ann", rating: 2.5 });
    expect((await newest()).found.fingerprint).not.toBe(first.fingerprint);
    await imported({ ...sent, "mapping.json": mapping(10) });
    expect((await newest()).found.fingerprint).toBe(first.fingerprint);

    const wrong = await upload({ ...sent, "mapping.json": mapping(10).replace('"film"', '"fim"') });
    expect([wrong.status, wrong.job.code, wrong.job.detail]).toEqual([
      400,
      "MAPPING_INVALID",
      expect.stringContaining("did you mean film?"),
    ]);
    const lacking = await upload({ "stars.txt": sent["stars.txt"], "mapping.json": mapping(10) });
    expect([lacking.status, lacking.job.code]).toEqual([400, "SOURCE_NOT_FOUND"]);
  }, 120_000);

  it("that only the import can judge fail as a job, and go all the same", async () => {
    expect(await imported({ "ratings.csv": "userId,movieId,rating\n1,2,3\n" })).toMatchObject({
      status: "failed",
      error: { code: "SOURCE_COLUMN_MISSING", message: expect.stringContaining("missing: user_id, item_id") },
    });
    expect(await imported({ "broken.zip": "PK no archive" })).toMatchObject({
      status: "failed",
      error: { code: "SOURCE_DAMAGED" },
    });
    expect(await imported({ "set.zip": zipSync({ "notes.txt": Buffer.from("x") }) })).toMatchObject({
      status: "failed",
      error: { code: "SOURCE_UNKNOWN", message: expect.stringContaining("the upload has no known layout") },
    });
    await until(async () => (await uploads()).length === 0);
  }, 60_000);

  it("can be cancelled twice, also while they wait for another", async () => {
    const many = Array.from({ length: 300_000 }, (_, at) => `u${at % 5000},i${at},4`).join("\n");
    const first = await upload({ "ratings.csv": `user_id,item_id,rating\n${many}\n` });
    const second = await upload({ "ratings.csv": ratings });
    const cancel = async (id: string) => {
      const answer = await fetch(`${address}/v1/jobs/${id}`, { method: "DELETE" });
      return [answer.status, ((await answer.json()) as JobRecord).id];
    };
    for (const { job } of [second, first, second, first]) expect(await cancel(job.id)).toEqual([202, job.id]);
    for (const { job } of [first, second]) expect((await ended(job.id)).status).toBe("cancelled");
    expect(await cancel(first.job.id)).toEqual([202, first.job.id]);
    await until(async () => (await uploads()).length === 0);
    expect(await imported({ "ratings.csv": ratings })).toMatchObject({ status: "succeeded" });
  }, 60_000);
});

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ProgressEvent } from "../../src/contracts/progress.ts";
import { historyOf } from "../../src/data/interactions.ts";
import { vocabulary } from "../../src/data/vocabulary.ts";
import { UsherError } from "../../src/errors.ts";
import type { Model } from "../../src/models/model.ts";
import { fingerprintOf } from "../../src/registry/fingerprint.ts";
import { releaseStore } from "../../src/registry/release-store.ts";
import { type TrainedRelease, trainRelease } from "../../src/registry/train-release.ts";
import { loadTrainingSet, saveTrainingSet } from "../../src/registry/training-set-file.ts";
import { trainingSet, twoTastes } from "./small-sets.ts";

const build = { number: 3, tables: { silver_ratings: 2 } };
const files = ["model.json", "ranker.bin", "rater.bin", "training-set.bin"];
const candidates = [
  { algorithm: "ials", parameters: { factors: 4, epochs: 2 } },
  { algorithm: "biased-mf", parameters: { factors: 2, epochs: 2 } },
];

let trained: TrainedRelease;
beforeAll(async () => {
  trained = await trainRelease({ set: twoTastes(), seed: 1, candidates });
});

let home: string;
let models: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "usher-releases-"));
  models = join(home, "lake", "gold", "gold_models");
});
afterEach(() => rm(home, { recursive: true, force: true }));

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const reason: unknown = await work.then(
    () => "no error",
    (error: unknown) => error,
  );
  return reason instanceof UsherError ? reason.code : String(reason);
};

const scoresOf = (model: Model) => {
  const scores = new Float32Array(model.itemCount);
  model.scoreItems(historyOf(trained.set.ratings, 3), scores);
  return scores;
};

describe("saving and loading", () => {
  it("gives back the same report, the same scores and the same training set", async () => {
    const store = releaseStore(home);
    expect(await store.save(trained, { build })).toBe("v0001");
    const release = await releaseStore(home).load("v0001");
    const { created_at, code_version, ...report } = release.report;
    expect(report).toEqual({ format: 1, version: "v0001", build, ...trained.report });
    expect(new Date(created_at).toISOString()).toBe(created_at);
    expect(code_version).toMatch(/^\d+\.\d+\.\d+/);
    expect(scoresOf(release.ranker)).toEqual(scoresOf(trained.ranker));
    expect(scoresOf(release.rater)).toEqual(scoresOf(trained.rater));
    expect(release.set.ratings).toEqual(trained.set.ratings);
    expect(release.set.users.ids).toEqual(trained.set.users.ids);
    expect(release.set.items.indexOf("i7")).toBe(7);
    expect(fingerprintOf(release.set)).toBe(trained.report.data.fingerprint);
  });

  it("keeps times, unknown ones too, and ids of any text", async () => {
    const path = join(home, "set.bin");
    const columns = {
      users: Int32Array.of(0, 0, 1),
      items: Int32Array.of(0, 1, 1),
      values: Float32Array.of(5, 4, 0.5),
      times: Float64Array.of(1.5e9, Number.NaN, 0),
    };
    const ids = ["auth0|é", "日本\u0000", ""];
    const timed = {
      ...trainingSet(columns),
      users: vocabulary(ids.slice(0, 2)),
      items: vocabulary(ids.slice(1)),
    };
    await saveTrainingSet(path, { set: timed, fingerprint: "f" });
    const { set, fingerprint } = await loadTrainingSet(path);
    expect(set.ratings).toEqual(timed.ratings);
    expect([set.users.ids, set.items.ids, fingerprint]).toEqual([ids.slice(0, 2), ids.slice(1), "f"]);
  });

  it("writes only what the report declares of a build, whatever else the caller's record holds", async () => {
    const store = releaseStore(home);
    await store.save(trained, { build: { ...build, source: "movielens" } as typeof build });
    expect((await store.report("v0001")).build).toEqual(build);
  });

  it("tells the phase publish, the report last", async () => {
    const events: ProgressEvent[] = [];
    const store = releaseStore(home);
    const onProgress = (event: ProgressEvent) => void events.push(event);
    await store.promote(await store.save(trained, { build, onProgress }), { onProgress });
    expect(new Set(events.map(({ phase }) => phase))).toEqual(new Set(["publish"]));
    expect(events.map(({ text }) => text)).toEqual([
      "v0001: training-set.bin",
      "v0001: ranker.bin",
      "v0001: rater.bin",
      "v0001: model.json",
      "switching to v0001",
    ]);
  });
});

describe("versions", () => {
  it("are numbered on, listed oldest first, and served only after promotion", async () => {
    const store = releaseStore(home);
    expect(await store.current()).toBeUndefined();
    expect(await store.list()).toEqual([]);
    await store.save(trained, { build });
    await store.save(trained, { build: { ...build, number: 4 } });
    expect((await store.list()).map(({ version, build: { number } }) => [version, number])).toEqual([
      ["v0001", 3],
      ["v0002", 4],
    ]);
    expect(await store.current()).toBeUndefined();
    await store.promote("v0002");
    expect(await store.current()).toBe("v0002");
    await store.promote("v0001");
    expect(await releaseStore(home).current()).toBe("v0001");
    expect(JSON.parse(await readFile(join(home, "release.json"), "utf8"))).toEqual({ version: "v0001" });
  });

  it("after v9999 comes v10000, and it is the newest", async () => {
    const store = releaseStore(home);
    await store.save(trained, { build });
    const text = await readFile(join(models, "v0001", "model.json"), "utf8");
    await mkdir(join(models, "v9999"));
    await writeFile(join(models, "v9999", "model.json"), text.replace("v0001", "v9999"));
    expect(await store.save(trained, { build })).toBe("v10000");
    expect((await store.list()).map(({ version }) => version)).toEqual(["v0001", "v9999", "v10000"]);
  });

  it("one that there is not: RELEASE_UNKNOWN, naming those that there are", async () => {
    const store = releaseStore(home);
    await store.save(trained, { build });
    await expect(store.load("v0002")).rejects.toMatchObject({
      code: "RELEASE_UNKNOWN",
      message: "expected one of the releases (v0001), got v0002",
    });
    expect(await codeOf(store.promote("../../v0001"))).toBe("RELEASE_UNKNOWN");
    expect(await store.current()).toBeUndefined();
  });
});

describe("after a killed run", () => {
  it("a folder without model.json is no release, and its number is taken again", async () => {
    const store = releaseStore(home);
    await store.promote(await store.save(trained, { build }));
    for (const leftover of [
      [],
      ["training-set.bin"],
      ["training-set.bin", "ranker.bin", "rater.bin", ".x.tmp"],
    ]) {
      await rm(join(models, "v0002"), { recursive: true, force: true });
      await mkdir(join(models, "v0002"));
      for (const file of leftover) await writeFile(join(models, "v0002", file), "half");
      expect((await store.list()).map(({ version }) => version)).toEqual(["v0001"]);
      expect(await codeOf(store.promote("v0002"))).toBe("RELEASE_UNKNOWN");
      expect((await store.load((await store.current()) ?? "")).version).toBe("v0001");
    }
    expect(await store.save(trained, { build })).toBe("v0002");
    expect((await readdir(join(models, "v0002"))).sort()).toEqual(files);
    expect((await store.load("v0002")).version).toBe("v0002");
  });

  it("a save that ends at any step leaves the old release serving and the next save working", async () => {
    const store = releaseStore(home);
    await store.promote(await store.save(trained, { build }));
    for (const stop of files) {
      const died = new Error("died");
      const onProgress = ({ text }: ProgressEvent) => {
        if (text.endsWith(stop)) throw died;
      };
      await expect(store.save(trained, { build, onProgress })).rejects.toBe(died);
      expect(await store.current()).toBe("v0001");
      expect((await store.list()).map(({ version }) => version)).toEqual(["v0001"]);
    }
    expect(await store.save(trained, { build })).toBe("v0002");
  });
});

describe("damaged files", () => {
  it("each of the binary files, cut, changed or gone, is an error that names it", async () => {
    const store = releaseStore(home);
    await store.save(trained, { build });
    for (const file of files.filter((name) => name.endsWith(".bin"))) {
      const path = join(models, "v0001", file);
      const whole = await readFile(path);
      const changed = Buffer.from(whole);
      changed.writeUInt8(changed.readUInt8(changed.length - 200) ^ 1, changed.length - 200);
      for (const content of [whole.subarray(0, whole.length - 100), changed, Buffer.from("{}")]) {
        await writeFile(path, content);
        await expect(store.load("v0001")).rejects.toMatchObject({
          code: "MODEL_FILE",
          message: expect.stringContaining(file),
        });
      }
      await rm(path);
      await expect(store.load("v0001")).rejects.toMatchObject({
        code: "MODEL_FILE",
        message: expect.stringContaining(file),
      });
      await writeFile(path, whole);
    }
    expect((await store.load("v0001")).version).toBe("v0001");
  });

  it("files of releases of other data do not load together", async () => {
    const store = releaseStore(home);
    const sameShape = twoTastes({ seed: 2 });
    const otherShape = twoTastes({ items: 30 });
    expect(sameShape.items.size).toBe(trained.set.items.size);
    for (const set of [trained.set, sameShape, otherShape])
      await store.save(await trainRelease({ set, seed: 1, candidates }), { build });
    for (const [from, file] of [
      ["v0002", "training-set.bin"],
      ["v0003", "training-set.bin"],
      ["v0003", "ranker.bin"],
      ["v0003", "rater.bin"],
    ] as const) {
      const path = join(models, "v0001", file);
      const own = await readFile(path);
      await writeFile(path, await readFile(join(models, from, file)));
      expect(await codeOf(store.load("v0001")), `${file} of ${from}`).toBe("MODEL_FILE");
      await writeFile(path, own);
    }
    expect((await store.load("v0001")).version).toBe("v0001");
  });

  it("a report that is no JSON, lacks a part, or is of another version is MODEL_FILE", async () => {
    const store = releaseStore(home);
    await store.save(trained, { build });
    const path = join(models, "v0001", "model.json");
    const report = JSON.parse(await readFile(path, "utf8"));
    const { chosen: _left, ...without } = report;
    for (const [content, said] of [
      ['{"format": 1', "JSON"],
      [JSON.stringify(without), "chosen"],
      [JSON.stringify({ ...report, seed: "1" }), "/seed"],
      [JSON.stringify({ ...report, version: "v0007" }), "expected version v0001, got v0007"],
    ] as const) {
      await writeFile(path, content);
      await expect(store.load("v0001")).rejects.toMatchObject({
        code: "MODEL_FILE",
        message: expect.stringContaining(said),
      });
    }
  });

  it("a pointer that is not one is MODEL_FILE", async () => {
    const store = releaseStore(home);
    for (const content of ["", "null", "[]", '{"version":7}', '{"version":"../v0001"}']) {
      await writeFile(join(home, "release.json"), content);
      expect(await codeOf(store.current()), content).toBe("MODEL_FILE");
    }
  });
});

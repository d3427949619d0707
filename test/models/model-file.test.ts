import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeArrayFile } from "../../src/data/array-file.ts";
import { loadModel } from "../../src/models/model-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-model-file-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("loadModel", () => {
  it.each([
    ["other arrays", { kind: "training-set" }, "expected a model, found training-set"],
    ["nothing", null, "expected a model, found other data"],
    [
      "an unknown algorithm",
      { kind: "model", algorithm: "toString", parameters: {} },
      "found one of toString",
    ],
    [
      "no item count",
      { kind: "model", algorithm: "popularity", parameters: {} },
      "expected a count of items, got -1",
    ],
    [
      "a parameter out of range",
      { kind: "model", algorithm: "ials", parameters: { factors: 0 }, itemCount: 1 },
      "ials: factors must be an integer in 1..1024, got 0",
    ],
  ])("refuses a file of %s", async (_name, meta, message) => {
    const path = join(folder, "model.bin");
    await writeArrayFile(path, { meta, arrays: { scores: Float32Array.of(1) } });
    await expect(loadModel(path)).rejects.toMatchObject({
      code: "MODEL_FILE",
      message: expect.stringContaining(message),
    });
  });
});

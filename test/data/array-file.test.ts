import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readArrayFile, writeArrayFile } from "../../src/data/array-file.ts";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-arrays-"));
  path = join(folder, "arrays.bin");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const example = {
  meta: { name: "Amélie", numbers: [1, 2.5], nothing: null },
  arrays: {
    weights: Float32Array.of(1.5, -0, Number.NaN, Number.POSITIVE_INFINITY),
    mean: Float64Array.of(Math.PI),
    starts: Int32Array.of(0, -1, 2 ** 31 - 1),
    none: new Float32Array(0),
    ids: ["", "a", "ein Käse", "東京", "🎬", "", "line\nbreak"],
    noIds: [],
  },
};

describe("writeArrayFile and readArrayFile", () => {
  it("give back what was written, strings and empty arrays too", async () => {
    await writeArrayFile(path, example);
    const read = await readArrayFile(path);
    expect(read).toEqual(example);
    expect(Object.keys(read.arrays)).toEqual(Object.keys(example.arrays));
  });

  it("write the same bytes for the same content, and views on other memory as their own content", async () => {
    const whole = Float32Array.of(9, 1, 2, 9);
    await writeArrayFile(path, { meta: null, arrays: { part: whole.subarray(1, 3) } });
    const first = await readFile(path);
    await writeArrayFile(path, { meta: null, arrays: { part: Float32Array.of(1, 2) } });
    expect(await readFile(path)).toEqual(first);
  });

  it("keep any strings and numbers", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme", maxLength: 8 })),
        fc.float32Array({ maxLength: 200 }),
        async (ids, values) => {
          await writeArrayFile(path, { meta: ids.length, arrays: { values, ids } });
          expect(await readArrayFile(path)).toEqual({ meta: ids.length, arrays: { values, ids } });
        },
      ),
      { numRuns: 40, seed: 2 },
    );
  });

  it("refuse a file that is cut anywhere", async () => {
    await writeArrayFile(path, example);
    const whole = await readFile(path);
    for (const length of [0, 1, 8, 12, 63, 64, 65, 95, 96, 200, whole.length - 33, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, length));
      await expect(readArrayFile(path), `${length} bytes`).rejects.toMatchObject({
        code: "MODEL_FILE",
        message: expect.stringMatching(/: expected .*, found|: expected a header/),
      });
    }
  });

  it("refuse a file in which any byte was altered", async () => {
    await writeArrayFile(path, example);
    const whole = await readFile(path);
    for (let at = 0; at < whole.length; at += 7) {
      const altered = Buffer.from(whole);
      altered[at]! ^= 0x10;
      await writeFile(path, altered);
      await expect(readArrayFile(path), `byte ${at}`).rejects.toMatchObject({ code: "MODEL_FILE" });
    }
  });

  it("refuse a file that is longer, and foreign files, saying what was found", async () => {
    await writeArrayFile(path, example);
    const whole = await readFile(path);
    await writeFile(path, Buffer.concat([whole, Buffer.alloc(1)]));
    await expect(readArrayFile(path)).rejects.toThrow(
      `${path}: expected ${whole.length} bytes, found ${whole.length + 1}`,
    );
    await writeFile(path, "userId,movieId,rating\n");
    await expect(readArrayFile(path)).rejects.toThrow(
      'expected a file that starts with "USHERA1\\n", found "userId,m"',
    );
  });

  it("say that there is no file", async () => {
    await expect(readArrayFile(join(folder, "none.bin"))).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
  });
});

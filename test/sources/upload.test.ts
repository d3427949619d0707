import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isPacked, openUpload, recognizeSource, unpack } from "../../src/sources/upload.ts";

let ground: string;
beforeAll(async () => {
  ground = await mkdtemp(join(tmpdir(), "usher-upload-"));
});
afterAll(() => rm(ground, { recursive: true, force: true }));

let opened = 0;
const open = (limits = {}) =>
  openUpload(join(ground, "uploads", String(opened++)), { bytesMax: 100, filesMax: 3, ...limits });
async function* bytes(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}
const refused = (code: string, message: string) => ({
  code,
  message: expect.stringContaining(message),
  details: { field: "files" },
});

describe("an upload", () => {
  it("keeps files under the last part of their names, and nothing when it is discarded", async () => {
    const upload = await open();
    await upload.add({ name: "../../ratings.csv", content: bytes("a,", "b") });
    await upload.add({ name: "C:\\fakepath\\items.csv", content: bytes("c") });
    expect(await readdir(upload.folder)).toEqual(["items.csv", "ratings.csv"]);
    expect(await readFile(join(upload.folder, "ratings.csv"), "utf8")).toBe("a,b");
    expect((await readdir(ground)).sort()).toEqual(["uploads"]);
    await upload.discard();
    expect(await readdir(join(ground, "uploads"))).toEqual([]);
  });

  it.each([
    ...["..", ".", "", "a/", ".hidden", "~", "a\u0000b", "a\nb", "x".repeat(201), "\u202Evsc.sgnitar"].map(
      (name) => [name],
    ),
  ])("refuses the name %j", async (name) => {
    const upload = await open();
    await expect(upload.add({ name, content: bytes("x") })).rejects.toMatchObject(
      refused("BODY_INVALID", "expected a name such as ratings.csv"),
    );
    expect(await readdir(upload.folder)).toEqual([]);
  });

  it("refuses a name that came before, whatever its case, and a file without a byte", async () => {
    const upload = await open();
    await upload.add({ name: "ratings.csv", content: bytes("x") });
    await expect(upload.add({ name: "Ratings.CSV", content: bytes("x") })).rejects.toMatchObject(
      refused("BODY_INVALID", "got Ratings.CSV twice"),
    );
    await expect(upload.add({ name: "items.csv", content: bytes("") })).rejects.toMatchObject(
      refused("BODY_INVALID", "items.csv, but it is empty (0 bytes)"),
    );
  });

  it("refuses more bytes together and more files than it may hold", async () => {
    const upload = await open();
    await upload.add({ name: "a", content: bytes("x".repeat(60)) });
    await expect(
      upload.add({ name: "b", content: bytes("x".repeat(30), "x".repeat(11)) }),
    ).rejects.toMatchObject(refused("BODY_TOO_LARGE", "expected at most 100 bytes together"));
    const many = await open();
    for (const name of ["a", "b", "c"]) await many.add({ name, content: bytes("x") });
    await expect(many.add({ name: "d", content: bytes("x") })).rejects.toMatchObject(
      refused("BODY_TOO_LARGE", "expected at most 3 files"),
    );
  });

  it("is one archive or plain files", () => {
    expect(isPacked({ names: ["a.ZIP"] })).toBe(true);
    expect(isPacked({ names: ["ratings.csv", "items.csv"] })).toBe(false);
    expect(() => isPacked({ names: [] })).toThrow("expected at least one file");
    expect(() => isPacked({ names: ["a.zip", "b.csv"] })).toThrow("expected one ZIP archive or plain files");
  });

  const unpacked = async (archive: Uint8Array, options = {}) => {
    const folder = await mkdtemp(join(ground, "zip-"));
    await writeFile(join(folder, "a.zip"), archive);
    await unpack({ folder, names: ["a.zip"] }, { bytesMax: 1000, onProgress: () => {}, ...options });
    return readdir(folder);
  };

  it("unpacks an archive in its place, without what macOS adds", async () => {
    const archive = zipSync({
      "ml/ratings.csv": strToU8("a"),
      "__MACOSX/ml/._ratings.csv": strToU8("b"),
      "ml/movies.csv": strToU8("c"),
    });
    expect((await unpacked(archive)).sort()).toEqual(["movies.csv", "ratings.csv"]);
  });

  it("refuses an archive that leads out, holds a name twice, is too large, or is none", async () => {
    const outside = zipSync({ "../../ratings.csv": strToU8("a") });
    await expect(unpacked(outside)).rejects.toMatchObject({ code: "SOURCE_DAMAGED" });
    const twice = zipSync({ "a/ratings.csv": strToU8("a"), "b/ratings.csv": strToU8("b") });
    await expect(unpacked(twice)).rejects.toThrow("ratings.csv twice");
    const bomb = zipSync({ "ratings.csv": new Uint8Array(1_000_000) });
    await expect(unpacked(bomb)).rejects.toThrow("at most 1000 bytes when it is unpacked");
    await expect(unpacked(strToU8("no archive"))).rejects.toMatchObject({ code: "SOURCE_DAMAGED" });
    const signal = AbortSignal.abort();
    await expect(unpacked(twice, { signal })).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it.each([
    [["ratings.csv", "movies.csv"], "movielens"],
    [["ratings.dat", "movies.dat"], "movielens"],
    [["u.data", "u.item", "u.genre"], "movielens"],
    [["ratings.csv", "items.csv"], "csv"],
    [["ratings.csv"], "csv"],
  ])("of %j is recognized as %s", async (names, source) => {
    const folder = await mkdtemp(join(ground, "set-"));
    for (const name of names) await writeFile(join(folder, name), "x");
    expect(await recognizeSource(folder)).toBe(source);
  });
});

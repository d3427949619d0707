import { existsSync } from "node:fs";
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type DownloadOptions, downloadDataset } from "../../src/sources/download.ts";
import { validateFolder } from "../../src/sources/validate-folder.ts";
import {
  archiveOf,
  cutAfter,
  type DataSetServer,
  dataSetServer,
  latestSmallFiles,
  md5Of,
  serveAs,
  serveWell,
} from "./data-set-server.ts";

const files = latestSmallFiles();
const archive = archiveOf(files);
let server: DataSetServer;
let folder: string;
beforeAll(async () => {
  server = await dataSetServer(archive);
});
afterAll(() => server.close());
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "usher-download-")), "ml");
  Object.assign(server, { archive, md5: md5Of(archive), behaviour: serveWell });
  server.requests.length = 0;
});
afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

const part = () => join(folder, "ml-latest-small.zip.part");
const download = (options: Partial<DownloadOptions> = {}) =>
  downloadDataset({
    name: "movielens-latest-small",
    folder,
    baseUrl: server.baseUrl,
    timeoutMs: 1000,
    ...options,
  });

describe("a download", () => {
  test("brings the files, checked, with a manifest, and nothing else", async () => {
    const fractions: number[] = [];
    const { manifest, isAlreadyComplete } = await download({
      onProgress: ({ phase, fraction }) => {
        expect(phase).toBe("fetch");
        if (fraction !== undefined) fractions.push(fraction);
      },
    });
    expect(isAlreadyComplete).toBe(false);
    expect((await readdir(folder)).sort()).toEqual([
      "README.txt",
      "_manifest.json",
      "movies.csv",
      "ratings.csv",
    ]);
    expect(await readFile(join(folder, "movies.csv"), "utf8")).toBe(files["movies.csv"]);
    expect(manifest.files.map(({ filename, row_count }) => [filename, row_count])).toEqual([
      ["README.txt", 2],
      ["movies.csv", 9_742],
      ["ratings.csv", 100_836],
    ]);
    expect(fractions.at(-1)).toBe(1);
    expect(await validateFolder(folder)).toEqual({ folder, files: 3, problems: [] });
  });

  test("that is complete is not fetched again, unless forced", async () => {
    await download();
    const asked = server.requests.length;
    expect(await download()).toMatchObject({ isAlreadyComplete: true });
    expect(server.requests.length).toBe(asked);
    expect(await download({ force: true })).toMatchObject({ isAlreadyComplete: false });
    expect(server.requests.length).toBe(asked + 2);
    await appendFile(join(folder, "ratings.csv"), "x");
    expect(await download()).toMatchObject({ isAlreadyComplete: false });
  });

  test("goes on by itself where the connection drops, from the byte that it has", async () => {
    server.behaviour = cutAfter(Math.ceil(archive.length / 3));
    await download();
    const [first, second, third] = server.requests.slice(1);
    expect(first).toBe("GET /datasets/ml-latest-small.zip");
    expect(second).toMatch(/bytes=\d+-$/);
    expect(third).toMatch(/bytes=\d+-$/);
    expect(Number(second?.match(/\d+(?=-$)/)?.[0])).toBeGreaterThan(0);
  });

  test("that was interrupted is continued by the next call", async () => {
    const half = Math.floor(archive.length / 2);
    let answers = 0;
    server.behaviour = (request, response, bytes) => {
      if (answers++ === 0) cutAfter(half)(request, response, bytes);
      else response.destroy();
    };
    await expect(download()).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    const kept = (await stat(part())).size;
    expect(kept).toBeGreaterThan(0);
    expect(existsSync(join(folder, "_manifest.json"))).toBe(false);
    server.behaviour = serveWell;
    server.requests.length = 0;
    await download();
    expect(server.requests.at(-1)).toBe(`GET /datasets/ml-latest-small.zip bytes=${kept}-`);
  });

  test("starts over where the server knows no ranges", async () => {
    let answers = 0;
    server.behaviour = (request, response, bytes) => {
      if (answers++ === 0) cutAfter(1000)(request, response, bytes);
      else response.writeHead(200, { "content-length": bytes.length }).end(bytes);
    };
    await download();
    expect(answers).toBe(2);
    expect((await validateFolder(folder)).problems).toEqual([]);
  });

  test("starts over where the part belongs to another file", async () => {
    server.behaviour = cutAfter(1000);
    const controller = new AbortController();
    const onProgress: NonNullable<DownloadOptions["onProgress"]> = ({ fraction }) => {
      if (fraction !== undefined) controller.abort();
    };
    await expect(download({ signal: controller.signal, onProgress })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    await writeFile(part(), Buffer.alloc(archive.length + 5)); // longer than the file: the server answers 416
    server.behaviour = serveWell;
    await download();
    expect(server.requests.at(-1)).toBe("GET /datasets/ml-latest-small.zip");
    expect((await validateFolder(folder)).problems).toEqual([]);
  });
});

test("a file that changed on the server between two calls is fetched from its start", async () => {
  const changed = archiveOf({ ...files, "README.txt": "Invented for a test.\nNo real dat4.\n" });
  expect(changed.length).toBe(archive.length); // so only the ETag tells them apart
  let answers = 0;
  server.behaviour = (request, response, bytes) => {
    if (answers++ === 0) cutAfter(1000)(request, response, bytes);
    else response.destroy();
  };
  await expect(download()).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
  Object.assign(server, {
    archive: changed,
    md5: md5Of(changed),
    behaviour: serveAs('"v2"'),
  });
  await download();
  expect(await readFile(join(folder, "README.txt"), "utf8")).toContain("dat4");
});

describe("a download that cannot be trusted", () => {
  test("a wrong checksum is refused, and the next call starts clean", async () => {
    server.md5 = "0".repeat(32);
    await expect(download()).rejects.toMatchObject({
      code: "CHECKSUM_MISMATCH",
      message: expect.stringContaining(`expected MD5 ${"0".repeat(32)}, got ${md5Of(archive)}`),
    });
    expect(await readdir(folder)).toEqual([]);
    server.md5 = md5Of(archive);
    await download();
  });

  test("other row counts than those of the data set are refused", async () => {
    server.archive = archiveOf({ ...files, "ratings.csv": "userId,movieId,rating,timestamp\n1,1,4.0,1\n" });
    server.md5 = md5Of(server.archive);
    await expect(download()).rejects.toMatchObject({
      code: "CHECKSUM_MISMATCH",
      message: "ratings.csv: expected 100836 rows, got 1",
    });
    expect(existsSync(join(folder, "_manifest.json"))).toBe(false);
  });

  test.each(["../evil.csv", "a/b/evil.csv", "/evil.csv", "C:\\evil.csv", "..\\evil.csv", ".hidden"])(
    "an archive with the name %j writes nothing outside the folder",
    async (name) => {
      server.archive = archiveOf({ [name]: "x" }, "");
      server.md5 = md5Of(server.archive);
      await expect(download()).rejects.toMatchObject({
        code: "SOURCE_DAMAGED",
        message: expect.stringContaining(
          `expected names such as folder/file.csv, got ${JSON.stringify(name)}`,
        ),
      });
      expect(await readdir(join(folder, ".."))).toEqual(["ml"]);
      expect((await readdir(folder)).filter((file) => file.includes("evil"))).toEqual([]);
    },
  );

  test("an archive that ends too early, and one that is none", async () => {
    for (const bytes of [
      archive.subarray(0, archive.length >> 1),
      Buffer.from("<html>please log in</html>"),
    ]) {
      server.archive = bytes;
      server.md5 = md5Of(bytes);
      await expect(download({ force: true })).rejects.toMatchObject({ code: "SOURCE_DAMAGED" });
      expect(existsSync(join(folder, "_manifest.json"))).toBe(false);
    }
  });
});

describe("a server that does not answer well", () => {
  test("no such file", async () => {
    await expect(download({ baseUrl: `${server.baseUrl}/gone` })).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringMatching(/^could not fetch .*: the server answered 404$/),
    });
  });

  test("a checksum that is none", async () => {
    server.md5 = "<html>";
    await expect(download()).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining("expected an MD5 checksum"),
    });
  });

  test("nobody there", async () => {
    await expect(download({ baseUrl: "http://127.0.0.1:9/none" })).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
    });
  });

  test("silence is given up after the time that was allowed", async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const started = performance.now();
    await expect(download({ baseUrl: `http://127.0.0.1:${port}`, timeoutMs: 200 })).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining("no answer within 200 ms"),
    });
    expect(performance.now() - started).toBeLessThan(2000);
    await new Promise((resolve) => silent.close(resolve));
  });

  test("a body that stops is given up too", async () => {
    server.behaviour = (_request, response, bytes) => {
      response.writeHead(200, { "content-length": bytes.length }).write(bytes.subarray(0, 1000));
    };
    await expect(download({ timeoutMs: 50 })).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining("no answer within"),
    });
  });

  test("an unknown data set", async () => {
    const name = "netflix" as DownloadOptions["name"];
    await expect(download({ name })).rejects.toMatchObject({
      code: "PARAMETER_INVALID",
      message: 'download: expected movielens-25m or movielens-latest-small, got "netflix"',
    });
  });
});

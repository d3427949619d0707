import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JobRecord } from "../../src/contracts/workflow.ts";
import { importsOf } from "../../src/imports.ts";
import { createApp } from "../../src/server/app.ts";
import type { UpkeepContext } from "../../src/server/context.ts";
import { until } from "../workflow/held-clock.ts";
import { smallContext } from "./checked-app.ts";

let home: string;
let app: ReturnType<typeof createApp>;
let port: number;
/** What was received when its import was to start: name → text. The import itself is not run here. */
let received: Record<string, string>[];
const uploads = () => join(home, "uploads");

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "usher-uploads-"));
  received = [];
  const job: JobRecord = { id: "job-1", kind: "import", status: "running", created_at: "", progress: {} };
  const imports = importsOf(
    {
      paths: { uploads: uploads() },
      lake: { folder: join(home, "lake") },
      configuration: { uploads: { bytes_max: 100_000, files_max: 3 } },
      importSource: () => Promise.reject(new Error("not here")),
    },
    {
      startJob: async ({ onEnd }) => {
        const [folder = ""] = await readdir(uploads());
        const files: Record<string, string> = {};
        for (const name of await readdir(join(uploads(), folder)))
          files[name] = await readFile(join(uploads(), folder, name), "utf8");
        received.push(files);
        await onEnd?.();
        return job;
      },
    },
  );
  app = createApp(smallContext({ upkeep: () => imports as UpkeepContext }));
  await app.listen({ host: "127.0.0.1", port: 0 });
  port = (app.server.address() as AddressInfo).port;
});
afterEach(async () => {
  app.server.closeAllConnections();
  await app.close();
  await rm(home, { recursive: true, force: true });
});

const ratings = "user_id,item_id,rating\na,x,4\n";
const left = async () => (existsSync(uploads()) ? readdir(uploads()) : []);

/** Files of uploads that this process holds open, where the system tells. */
async function openFiles(): Promise<string[]> {
  const folder = "/proc/self/fd";
  if (!existsSync(folder)) return [];
  const links = (await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => ""));
  return (await Promise.all(links)).filter((link) => link.startsWith(uploads()));
}

/** A form as clients send it; `undefined` bytes of a file make it a field. */
const part = (name: string, content: string, filename?: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? "" : `; filename="${filename}"\r\nContent-Type: text/csv`}\r\n\r\n${content}\r\n`;
const file = (filename: string, content: string) => part("files", content, filename);
const end = "--b--\r\n";
const formType = "multipart/form-data; boundary=b";

const post = async (body: string, type = formType) => {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/imports`, {
    method: "POST",
    body,
    headers: { "content-type": type },
  });
  const content = (await answer.json()) as { code?: string; detail?: string; errors?: { field: string }[] };
  return { ...content, status: answer.status };
};
const head = (length: number | string, ...more: string[]) =>
  [
    "POST /v1/imports HTTP/1.1",
    "Host: localhost",
    `Content-Type: ${formType}`,
    length === "chunked" ? "Transfer-Encoding: chunked" : `Content-Length: ${length}`,
    ...more,
    "",
    "",
  ].join("\r\n");

/** A connection on which bytes are sent by hand. */
function dial() {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes;
  });
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  return { socket, closed, text: () => text };
}

describe("an upload", () => {
  it("is received file by file, with fields before or after them, and leaves nothing when its job has ended", async () => {
    const form = new FormData();
    form.append("files", new Blob([ratings]), "ratings.csv");
    form.append("whatever", new Blob(["item_id,title\nx,X\n"]), "items.csv");
    form.append("source", "csv");
    const answer = await fetch(`http://127.0.0.1:${port}/v1/imports`, { method: "POST", body: form });
    expect([answer.status, await answer.json()]).toEqual([202, expect.objectContaining({ id: "job-1" })]);
    expect(received).toEqual([{ "ratings.csv": ratings, "items.csv": "item_id,title\nx,X\n" }]);
    expect(await left()).toEqual([]);
  });

  it("keeps no folder that a name asks for", async () => {
    expect((await post(file("../../ml-1m/ratings.csv", ratings) + end)).status).toBe(202);
    expect(received).toEqual([{ "ratings.csv": ratings }]);
  });

  it("passes over what a form sends where no file was chosen", async () => {
    expect((await post(part("items", "", "") + file("ratings.csv", ratings) + end)).status).toBe(202);
    expect(received).toEqual([{ "ratings.csv": ratings }]);
  });

  it.each<[string, string, number, string, string, string | undefined]>([
    ["no part", end, 400, "BODY_INVALID", "expected at least one file", "files"],
    ["an empty file", file("ratings.csv", "") + end, 400, "BODY_INVALID", "it is empty (0 bytes)", "files"],
    [
      "a wrong extension",
      file("ratings.xlsx", "x") + end,
      400,
      "SOURCE_UNKNOWN",
      "csv: the upload has no known layout",
      undefined,
    ],
    [
      "two files of one name",
      file("ratings.csv", "x") + file("ratings.csv", "y") + end,
      400,
      "BODY_INVALID",
      "ratings.csv twice",
      "files",
    ],
    [
      "two fields of one name",
      part("source", "csv") + part("source", "csv") + end,
      400,
      "BODY_INVALID",
      "source: expected one short text, got it twice",
      "source",
    ],
    [
      "a name that is none",
      file("../.hidden", "x") + end,
      400,
      "BODY_INVALID",
      "expected a name such as ratings.csv",
      "files",
    ],
    [
      "a file without a name",
      part("files", "x", "") + end,
      400,
      "BODY_INVALID",
      "expected a name with each file",
      "files",
    ],
    [
      "an unknown field",
      part("sauce", "csv") + file("ratings.csv", ratings) + end,
      400,
      "BODY_INVALID",
      "did you mean source?",
      "sauce",
    ],
    [
      "an unknown source",
      part("source", "netflix") + file("ratings.csv", ratings) + end,
      400,
      "BODY_INVALID",
      "source: expected one of movielens, csv",
      "source",
    ],
    [
      "a field that is a book",
      part("source", "x".repeat(5000)) + end,
      400,
      "BODY_INVALID",
      "more than 4096 bytes",
      "source",
    ],
    [
      "__proto__ as a field",
      part("__proto__", "csv") + file("ratings.csv", ratings) + end,
      400,
      "BODY_INVALID",
      "well-formed",
      undefined,
    ],
    [
      "another ratings file",
      part("ratings_file", "no.csv") + file("ratings.csv", ratings) + end,
      400,
      "SOURCE_NOT_FOUND",
      'the upload holds no "no.csv"',
      "ratings_file",
    ],
    [
      "an archive with others",
      file("a.zip", "x") + file("ratings.csv", ratings) + end,
      400,
      "BODY_INVALID",
      "expected one ZIP archive or plain files",
      "files",
    ],
    [
      "too many files",
      ["a", "b", "c", "d"].map((name) => file(name, "x")).join("") + end,
      413,
      "BODY_TOO_LARGE",
      "expected at most 3 files",
      "files",
    ],
    [
      "too many bytes",
      file("a", "x".repeat(60_000)) + file("b", "x".repeat(60_000)) + end,
      413,
      "BODY_TOO_LARGE",
      "at most 100000 bytes together",
      "files",
    ],
    ["far too many bytes", file("a", "x".repeat(2_000_000)) + end, 413, "BODY_TOO_LARGE", "got 20", "files"],
    [
      "an end that is missing",
      file("ratings.csv", ratings),
      400,
      "BODY_INVALID",
      "whole and well-formed",
      undefined,
    ],
    ["no form at all", "hello", 400, "BODY_INVALID", "whole and well-formed", undefined],
  ])("with %s is refused and leaves nothing", async (_, body, status, code, detail, field) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status, code, detail: expect.stringContaining(detail) });
    expect(answer.errors?.[0]?.field).toBe(field);
    expect(answer.detail).not.toContain(home);
    expect(await left()).toEqual([]);
    expect(received).toEqual([]);
    expect((await post(file("ratings.csv", ratings) + end)).status).toBe(202); // the place is free again
  });

  it("without a boundary, or in another media type, is refused", async () => {
    expect(await post("x", "multipart/form-data")).toMatchObject({ status: 400, code: "BODY_INVALID" });
    expect(await post("x", "multipart/mixed; boundary=b")).toMatchObject({ status: 415 });
    expect(await left()).toEqual([]);
  });

  it("that is cut in the middle leaves nothing", async () => {
    const { socket, closed } = dial();
    socket.write(head(10_000) + file("ratings.csv", ratings).slice(0, -10));
    await until(async () => (await left()).length === 1);
    socket.destroy();
    await closed;
    await until(async () => (await left()).length === 0);
    expect(received).toEqual([]);
    expect((await post(file("ratings.csv", ratings) + end)).status).toBe(202);
  });

  it("is refused while another is under way", async () => {
    const { socket } = dial();
    socket.write(head(10_000) + file("ratings.csv", ratings));
    await until(async () => (await left()).length === 1);
    expect(await post(file("ratings.csv", ratings) + end)).toMatchObject({ status: 409, code: "RUN_BUSY" });
    socket.destroy();
  });

  it("may take longer than other requests, more than once on one connection", async () => {
    app.server.headersTimeout = app.server.requestTimeout = 300;
    const { socket, text } = dial();
    const body = file("ratings.csv", ratings) + end;
    for (let turn = 1; turn <= 2; turn++) {
      socket.write(head(body.length));
      for (const piece of body.match(/.{1,40}/gs) ?? []) {
        socket.write(piece);
        await wait(900); // Node looks for late requests each second
      }
      await until(() => text().match(/HTTP\/1\.1 202/g)?.length === turn);
    }
    socket.write("GET /v1/top HTTP/1.1\r\nHost: localhost\r\nX: "); // any other request is as limited as before
    await until(() => /HTTP\/1\.1 408/.test(text()));
  }, 60_000);

  it("that stands still is refused", async () => {
    const { socket, text, closed } = dial();
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      socket.write(head(10_000, "Connection: close") + file("ratings.csv", ratings));
      await until(async () => (await left()).length === 1);
      await vi.advanceTimersByTimeAsync(31_000);
    } finally {
      vi.useRealTimers();
    }
    await until(() => /HTTP\/1\.1 408 [\s\S]*expected more of it within 30 seconds/.test(text()));
    expect(await left()).toEqual([]);
    await closed;
    await until(async () => (await openFiles()).length === 0);
  }, 60_000);

  it("that goes on and on after a refusal is not listened to for ever", async () => {
    const { socket, text, closed } = dial();
    app.server.headersTimeout = app.server.requestTimeout = 300;
    socket.write(`${head("chunked")}5\r\n--b\r\n\r\n`);
    await wait(2500); // Node has said that it is late, and will not say so again
    const drip = setInterval(() => socket.write("1\r\nx\r\n"), 100);
    const first = file(".hidden", "x".repeat(100));
    socket.write(`${(first.length - 5).toString(16)}\r\n${first.slice(5)}\r\n`);
    await until(() => /HTTP\/1\.1 400/.test(text()));
    expect(await left()).toEqual([]);
    await closed;
    clearInterval(drip);
  }, 60_000);
});

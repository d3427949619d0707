import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RecommendationsBody } from "../../src/contracts/http.ts";
import type { JobRecord } from "../../src/contracts/workflow.ts";
import { until } from "../workflow/held-clock.ts";
import { servedHome } from "./server-kills.ts";
import { startServer } from "./usher-process.ts";

let ground: Awaited<ReturnType<typeof servedHome>>;
beforeAll(async () => {
  ground = await servedHome();
}, 120_000);
afterAll(() => rm(ground.folder, { recursive: true, force: true }));

const json = async <Body>(url: string) => (await (await fetch(url)).json()) as Body;
const uploadsIn = async (home: string) =>
  existsSync(join(home, "uploads")) ? readdir(join(home, "uploads")) : [];
const send = (address: string, name: string, content: string) => {
  const form = new FormData();
  form.append("files", new Blob([content]), name);
  return fetch(`${address}/v1/imports`, { method: "POST", body: form });
};

describe("SIGKILL while data come in", () => {
  it("in an import: its job is interrupted, those that had ended stay, and it can be done again", async () => {
    const home = await ground.copy();
    let server = await startServer(["serve", "--home", home]);
    const small = "user_id,item_id,rating\na,x,4\n";
    const done = (await (await send(server.address, "ratings.csv", small)).json()) as JobRecord;
    await until(
      async () => (await json<JobRecord>(`${server.address}/v1/jobs/${done.id}`)).status === "succeeded",
    );
    const rows = Array.from({ length: 1_500_000 }, (_, at) => `u${at % 9000},i${at % 700},4`).join("\n");
    const answer = await send(server.address, "ratings.csv", `user_id,item_id,rating\n${rows}\n`);
    const { id } = (await answer.json()) as JobRecord;
    await until(
      async () =>
        (await json<JobRecord>(`${server.address}/v1/jobs/${id}`)).progress.text?.startsWith("bronze") ===
        true,
    );
    server.child.kill("SIGKILL");
    await server.finished;
    expect(await uploadsIn(home)).toHaveLength(1);

    server = await startServer(["serve", "--home", home]);
    expect(await uploadsIn(home)).toEqual([]);
    const { items } = await json<{ items: JobRecord[] }>(`${server.address}/v1/jobs`);
    expect(items.map((job) => [job.id, job.kind, job.status, job.error?.code])).toEqual([
      [id, "import", "interrupted", "RUN_INTERRUPTED"],
      [done.id, "import", "succeeded", undefined],
    ]);
    expect(items[0]?.error?.message).toContain("have to be sent again");
    const again = (await (await send(server.address, "ratings.csv", small)).json()) as JobRecord;
    await until(
      async () => (await json<JobRecord>(`${server.address}/v1/jobs/${again.id}`)).status === "succeeded",
    );
    server.child.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);
  }, 180_000);

  it("in an upload: the half of it is gone at the next start", async () => {
    const home = await ground.copy();
    let server = await startServer(["serve", "--home", home]);
    const socket = connect(Number(new URL(server.address).port), "127.0.0.1");
    socket.on("error", () => {});
    const head = [
      "POST /v1/imports HTTP/1.1",
      "Host: localhost",
      "Content-Type: multipart/form-data; boundary=b",
      "Content-Length: 1000000",
    ];
    const part =
      '--b\r\nContent-Disposition: form-data; name="files"; filename="ratings.csv"\r\n\r\nuser_id,';
    socket.write(`${head.join("\r\n")}\r\n\r\n${part}`);
    await until(async () => (await uploadsIn(home)).length === 1);
    server.child.kill("SIGKILL");
    await server.finished;
    expect(await uploadsIn(home)).toHaveLength(1);
    server = await startServer(["serve", "--home", home]);
    expect(await uploadsIn(home)).toEqual([]);
    expect((await json<{ items: JobRecord[] }>(`${server.address}/v1/jobs`)).items).toEqual([]);
    server.child.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);
  }, 120_000);
});

it("with hide_consumed false lists hold what a person has rated, with true they do not", async () => {
  const home = await ground.copy();
  const lengths: number[] = [];
  for (const hidden of ["true", "false"]) {
    const server = await startServer(["serve", "--home", home], { USHER_HIDE_CONSUMED: hidden });
    const url = `${server.address}/v1/users/7/recommendations?k=200`;
    lengths.push((await json<RecommendationsBody>(url)).items.length);
    server.child.kill("SIGTERM");
    await server.finished;
  }
  expect(lengths).toEqual([25, 40]); // of 40 items the user has rated 15
}, 120_000);

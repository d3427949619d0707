import { once } from "node:events";
import { cp, mkdtemp } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { RecommendationsBody } from "../../src/contracts/http.ts";
import { writeSmallMovielens } from "./small-movielens.ts";
import { printedList, runUsher, startServer, startUsher } from "./usher-process.ts";

let folder: string;
let data: string;
let home: string;
let first: Awaited<ReturnType<typeof runUsher>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-start-"));
  data = await writeSmallMovielens(join(folder, "data"));
  home = join(folder, "home");
  first = await runUsher(["start", "--data", `movielens:${data}`, "--home", home, "--port", "0", "--once"]);
});

describe("usher start", () => {
  it("prints what came in, the comparison, and ten titles with reasons", () => {
    expect(first.stderr).not.toMatch(/error/i);
    expect(first.code).toBe(0);
    expect(first.stdout).toContain("ratings: 3,000 read, 3,000 kept, 0 rejected");
    for (const name of [
      "NDCG@10",
      "Recall@10",
      "MAP@10",
      "Coverage@10",
      "RMSE",
      "MAE",
      "popularity",
      "ials",
      "biased-mf",
    ]) {
      expect(first.stdout).toContain(name);
    }
    const list = printedList(first.stdout);
    expect(list).toHaveLength(10);
    expect(list[0]).toMatch(/^1\. Film.* \(\d{4}\) – because you liked Film/);
    expect(list.join()).not.toMatch(/\(\d{4}\) \(\d{4}\)/);
  });

  it("prints the phases as plain lines where there is no terminal", () => {
    for (const phase of ["bronze", "silver", "commit", "gold", "train", "evaluate", "publish"]) {
      expect(first.stderr).toMatch(new RegExp(`^${phase}: `, "m"));
    }
    expect(first.stderr.split("\n").length).toBeLessThan(100);
  });

  it("imports and trains nothing again, and the server gives the same ten", async () => {
    const server = await startServer(["start", "--home", home]);
    expect(server.output()).not.toMatch(/^(bronze|silver|train|fetch): /m);
    expect(printedList(server.output())).toEqual(printedList(first.stdout));
    const user = /ten recommendations for user (\S+):/.exec(first.stdout)?.[1];
    const response = await fetch(`${server.address}/v1/users/${user}/recommendations`);
    const answer = (await response.json()) as RecommendationsBody;
    expect(answer.items).toHaveLength(10);
    for (const [at, line] of printedList(first.stdout).entries()) {
      expect(line).toContain(`${at + 1}. ${answer.items[at]?.title}`);
    }
    expect((await fetch(`${server.address}/health/ready`)).status).toBe(200);
    server.child.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);
  });

  it("answers 503 on /health/ready until a release serves, and says what it does", async () => {
    const running = startUsher([
      "start",
      "--data",
      `movielens:${data}`,
      "--home",
      join(folder, "fresh"),
      "--port",
      "0",
    ]);
    const [, address] = await running.until(/(http:\/\/127\.0\.0\.1:\d+) answers/);
    const before = await fetch(`${address}/health/ready`);
    expect(before.status).toBe(503);
    expect((await fetch(`${address}/health/live`)).status).toBe(200);
    expect((await fetch(`${address}/v1/top`)).status).toBe(503);
    await running.until(/serving on/);
    expect((await fetch(`${address}/health/ready`)).status).toBe(200);
    running.child.kill("SIGTERM");
    await running.finished;
  });

  it("takes the same data set from another place, and refuses another one", async () => {
    const moved = join(folder, "moved");
    await cp(data, moved, { recursive: true });
    const same = await runUsher(["start", "--data", `movielens:${moved}`, "--home", home, "--once"]);
    expect(same.code).toBe(0);
    expect(printedList(same.stdout)).toEqual(printedList(first.stdout));
    const other = await writeSmallMovielens(join(folder, "other"), { seed: 2 });
    for (const source of [`movielens:${other}`, "demo"]) {
      const refused = await runUsher(["start", "--data", source, "--home", home, "--once"]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toMatch(/the home holds movielens:.*SOURCE_MISMATCH/s);
    }
  });

  it("names pid and port to a second server, and takes over from a killed one", async () => {
    const server = await startServer(["serve", "--home", home]);
    const second = await runUsher(["serve", "--home", home, "--port", "0"]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(
      `owned by process ${server.child.pid} on port ${new URL(server.address).port}`,
    );
    const asked = await runUsher(["recommend", "7", "--home", home, "--json"]);
    expect(JSON.parse(asked.stdout).items).toHaveLength(10);
    server.child.kill("SIGKILL");
    await server.finished;
    const again = await startServer(["serve", "--home", home]);
    const [local, served] = [await runUsher(["recommend", "7", "--home", home, "--json"]), asked].map(
      ({ stdout }) => JSON.parse(stdout),
    );
    expect(local.items).toEqual(served.items);
    again.child.kill("SIGTERM");
    await again.finished;
  });

  it("stops in bounded time although a connection holds half a request", async () => {
    const server = await startServer(["serve", "--home", home]);
    const { port, hostname } = new URL(server.address);
    const sockets = [
      "",
      "GET /v1/t",
      "POST /v1/recommendations/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    ].map((text) => {
      const socket = connect(Number(port), hostname).on("error", () => {});
      socket.write(text);
      return socket;
    });
    await fetch(`${server.address}/health/live`); // by then the others are connected too
    server.child.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);
    for (const socket of sockets) socket.destroy();
  });

  it("goes on from an import that is not built yet", async () => {
    const imported = join(folder, "imported");
    await runUsher(["import", `movielens:${data}`, "--home", imported]);
    const refused = await runUsher(["start", "--home", imported, "--data", "demo", "--once"]);
    expect(refused.stderr).toContain("SOURCE_MISMATCH");
    const done = await runUsher(["start", "--home", imported, "--once"]);
    expect(done.stdout).not.toMatch(/demo/);
    expect(printedList(done.stdout)).toEqual(printedList(first.stdout));
  });

  it("says which port is taken and how to choose another", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const refused = await runUsher(["serve", "--home", home, "--port", String(port)]);
    taken.close();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      new RegExp(`port ${port} .* in use; choose another with --port.*PORT_IN_USE`, "s"),
    );
  });

  it("ends cleanly when it is asked to in the middle of its work", async () => {
    const running = startUsher([
      "start",
      "--data",
      `movielens:${data}`,
      "--home",
      join(folder, "stopped"),
      "--port",
      "0",
    ]);
    await running.until(/^train: /m);
    running.child.kill("SIGTERM");
    const { code, stderr } = await running.finished;
    expect(code).toBe(130);
    expect(stderr).toContain("CANCELLED");
    const again = await runUsher(["start", "--home", join(folder, "stopped"), "--once"]);
    expect(again.code).toBe(0);
    expect(printedList(again.stdout)).toEqual(printedList(first.stdout));
  });
});

describe("the built-in demo", () => {
  it("is used where nothing can be fetched, and says that its viewers are synthetic", async () => {
    const done = await runUsher(["start", "--home", join(folder, "demo"), "--once"]);
    expect(done.code).toBe(0);
    expect(done.stdout).toMatch(/could not be fetched.*going on with the built-in demo/);
    expect(done.stdout).toMatch(/synthetic/i);
    expect(printedList(done.stdout)).toHaveLength(10);
    expect(done.stdout).toMatch(/\bials\b.*ranker|item-knn.*ranker/);
  });
});

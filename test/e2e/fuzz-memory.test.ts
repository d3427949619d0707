import { rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fuzzedBody, fuzzedType } from "../events/fuzzed-bodies.ts";
import { servedHome } from "./server-kills.ts";
import { startServer } from "./usher-process.ts";

const bodies = fc.sample(fc.tuple(fuzzedBody, fuzzedType), { numRuns: 10_000, seed: 20260116 });
const warmUp = 2000;

let ground: Awaited<ReturnType<typeof servedHome>>;
beforeAll(async () => {
  ground = await servedHome();
});
afterAll(() => rm(ground.folder, { recursive: true, force: true }));

/** Sends every body to a server in a process of its own. @returns Bytes that were alive after each 2,000. */
async function fuzz(home: string, { leak = false } = {}): Promise<number[]> {
  const preload = pathToFileURL(join(import.meta.dirname, "heap-report.js")).href + (leak ? "?leak" : "");
  const server = await startServer(["serve", "--home", home], { NODE_OPTIONS: `--import ${preload}` });
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const { port } = new URL(server.address);
  const post = ([body, type]: readonly [Buffer, string]) =>
    new Promise<number>((resolve, reject) => {
      const headers = { "content-type": type, "content-length": body.length };
      const sent = request({ port, host: "127.0.0.1", path: "/v1/events", method: "POST", agent, headers });
      sent.on("response", (answer) => answer.resume().on("end", () => resolve(answer.statusCode ?? 0)));
      sent.on("error", reject).end(body);
    });
  const alive: number[] = [];
  for (let from = 0; from < bodies.length; from += warmUp) {
    const left = bodies.slice(from, from + warmUp);
    const sending = Array.from({ length: 8 }, async () => {
      for (let next = left.pop(); next; next = left.pop())
        expect([202, 400, 415]).toContain(await post(next));
    });
    await Promise.all(sending);
    const reported = server.until(new RegExp(`(?:heap \\d+[^]*){${alive.length}}heap (\\d+)\n`));
    server.child.kill("SIGUSR2");
    alive.push(Number((await reported)[1]));
  }
  agent.destroy();
  server.child.kill("SIGTERM");
  const { code, stderr } = await server.finished;
  expect([code, stderr]).toEqual([0, ""]);
  return alive;
}

const grownBy = (alive: readonly number[]) => {
  const mib = alive.map((bytes) => bytes / 2 ** 20);
  console.log(`alive after each ${warmUp} bodies: ${mib.map((each) => each.toFixed(1)).join(", ")} MiB`);
  return mib.at(-1)! - mib[0]!;
};

/**
 * What 8,000 bodies more may keep alive, MiB. The ids of what was accepted, the profiles of its users and the changes that wait stay in
 * memory up to limits that so few do not reach: 2.8 MiB when this was written.
 */
const grownMibMax = 6;

it("10,000 fuzzed bodies: the server lives, answers none of them with 5xx, and keeps its memory", async () => {
  expect(grownBy(await fuzz(await ground.copy()))).toBeLessThan(grownMibMax);
});

it("the same look catches a KiB that each body leaves behind", async () => {
  expect(grownBy(await fuzz(await ground.copy(), { leak: true }))).toBeGreaterThan(grownMibMax);
});

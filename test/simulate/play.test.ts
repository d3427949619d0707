import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/server/app.ts";
import type { Living } from "../../src/server/context.ts";
import { itemsOfServer } from "../../src/simulate/catalogue-items.ts";
import { playVisits } from "../../src/simulate/play.ts";
import { simulateUsers } from "../../src/simulate/simulate-users.ts";
import type { SimulatedEvent } from "../../src/simulate/visit.ts";
import { livingParts } from "../events/living-parts.ts";
import { smallContext } from "../server/checked-app.ts";
import { simulatedItems } from "./small-catalogue.ts";

const items = simulatedItems(20);
const visitsOf = (rate: number, malformedShare = 0) =>
  simulateUsers({ items, users: 30, seed: 5, rate, startMs: Date.now(), malformedShare }).visits();

/** A server on a free port that takes events. */
async function serverWith(changes: (living: Living) => Living = (living) => living) {
  const { living } = await livingParts();
  const app = createApp(smallContext({ living: changes(living) }));
  return { app, living, address: await app.listen({ port: 0, host: "127.0.0.1" }) };
}

let server: Awaited<ReturnType<typeof serverWith>>;
beforeAll(async () => {
  server = await serverWith();
});
afterAll(() => server.app.close());

describe("playing visits against a server", () => {
  it("has every event settled once, finds it in the history, and sees answers change", async () => {
    const acknowledged = new Map<string, { event: SimulatedEvent; statuses: string[] }>();
    const summary = await playVisits({
      address: server.address,
      visits: visitsOf(400, 0.05),
      durationMs: 1500,
      onAcknowledged: (event, { status }) => {
        const one = acknowledged.get(event.text) ?? { event, statuses: [] };
        one.statuses.push(status);
        acknowledged.set(event.text, one);
      },
    });
    expect([summary.failures, summary.isServed]).toEqual([[], true]);
    const { sent, accepted, duplicates, rejected } = summary.events;
    const rejections = Object.values(rejected).reduce((sum, count) => sum + count, 0);
    expect(accepted + duplicates + rejections).toBe(sent);
    expect(Object.keys(rejected).length).toBeGreaterThan(3);
    expect(summary.eventToAnswer.count).toBeGreaterThan(5);
    expect(summary.modelVersions).toEqual(["v0001"]);
    const good = [...acknowledged.values()].filter(({ event }) => /^(accepted|repeat)$/.test(event.expected));
    for (const { statuses } of good) expect(statuses.filter((one) => one === "accepted")).toHaveLength(1);
    const users = new Set(good.flatMap(({ event }) => JSON.parse(event.text).user_id ?? []));
    const listed: string[] = [];
    for (const userId of users) {
      const page = await server.living.live.list({ userId, limit: 1000 });
      listed.push(...page.events.map(({ event_id }) => event_id));
    }
    const sentByUsers = good.filter(({ event }) => JSON.parse(event.text).user_id !== undefined);
    expect(listed.sort()).toEqual(sentByUsers.map(({ event }) => event.eventId).sort());
  });

  it("passes simulated time faster when asked", async () => {
    const simulation = simulateUsers({ items, users: 30, seed: 6, rate: 2, startMs: Date.now() - 100_000 });
    const summary = await playVisits({
      address: server.address,
      visits: simulation.visits(),
      durationMs: 1000,
      speed: 100,
    });
    expect(summary.isServed).toBe(true);
    expect(summary.events.sent).toBeGreaterThan(100);
  });

  it("says so when answers do not change, when requests fail, and when nobody answers", async () => {
    const deaf = await serverWith((living) => ({
      ...living,
      intake: {
        ...living.intake,
        take: async ({ values }) => values.map(() => ({ status: "accepted" as const })), // and forgets them
      },
    }));
    const run = { visits: visitsOf(400), durationMs: 1000, address: deaf.address };
    const stale = await playVisits(run);
    await deaf.app.close();
    expect([stale.isServed, stale.eventToAnswer.stale > 0]).toEqual([false, true]);
    expect(stale.failures.join()).toMatch(/still holds/);

    const broken = createServer((_request, answer) => answer.writeHead(500).end("no"));
    await new Promise<void>((resolve) => broken.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`;
    const failed = await playVisits({
      ...run,
      visits: visitsOf(40),
      durationMs: 100,
      address,
      attemptsMax: 2,
    });
    await expect(itemsOfServer(address)).rejects.toMatchObject({ code: "SERVER_UNREACHABLE" });
    broken.close();
    expect([failed.isServed, failed.events.lost]).toEqual([false, failed.events.sent]);
    await expect(itemsOfServer(address)).rejects.toMatchObject({ code: "SERVER_UNREACHABLE" });
  });

  it("sends again what is refused with 429", async () => {
    let refusals = 3;
    const busy = createServer((request, answer) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        if (request.method === "GET")
          answer.end(JSON.stringify({ request_id: "r", model_version: "v", surface: "top", items: [] }));
        else if (refusals-- > 0) answer.writeHead(429, { "retry-after": "0" }).end("{}");
        else {
          const results = text.split("\n").map(() => ({ status: "accepted" }));
          answer.writeHead(202).end(JSON.stringify({ results }));
        }
      });
    });
    await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(busy.address() as AddressInfo).port}`;
    const summary = await playVisits({ address, visits: visitsOf(100), durationMs: 500 });
    busy.close();
    expect([summary.events.refused, summary.events.lost, summary.isServed]).toEqual([3, 0, true]);
  });

  it("reads the catalogue of the server, page by page", async () => {
    const found = await itemsOfServer(server.address);
    expect(found).toHaveLength(10); // twelve films, one hidden and one a placeholder
    expect(found.find(({ itemId }) => itemId === "2")).toEqual({
      itemId: "2",
      groups: ["Crime"],
      popularity: 2,
    });
  });
});

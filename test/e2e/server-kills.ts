import { randomUUID } from "node:crypto";
import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import type { EventStatus } from "../../src/contracts/events.ts";
import { type Random, seededRandom } from "../../src/data/random.ts";
import { openLmdbEventLog } from "../../src/events/lmdb-event-log.ts";
import { type PlantedBug, plantedArgs } from "../faults/planted-bugs.ts";
import { writeSmallMovielens } from "./small-movielens.ts";
import { runUsher, startServer } from "./usher-process.ts";

/** A home with a release, to be copied. */
export async function servedHome(): Promise<{ folder: string; home: string; copy(): Promise<string> }> {
  const folder = await mkdtemp(join(tmpdir(), "usher-living-"));
  const home = join(folder, "home");
  const data = await writeSmallMovielens(join(folder, "data"), { users: 60, items: 40, ratings: 15 });
  const done = await runUsher(["start", "--data", `movielens:${data}`, "--home", home, "--once"]);
  expect([done.code, done.stderr]).toEqual([0, expect.not.stringContaining("[INTERNAL]")]);
  return {
    folder,
    home,
    copy: async () => {
      const copied = await mkdtemp(join(folder, "copy-"));
      await cp(home, copied, { recursive: true });
      return copied;
    },
  };
}

/** What a client knows of its events: those that were answered with 202, and those of which it never heard. */
export class Ledger {
  /** Event id → user id. */
  readonly acknowledged = new Map<string, string>();
  readonly unknown = new Map<string, { userId: string; text: string }>();
  /** Requests whose answer had not come when the server was killed. */
  inFlight = 0;

  /** Posts events; notes them as acknowledged, or as unknown where no answer came. @returns Whether it was answered with 202. */
  async post(address: string, events: readonly { event_id: string; user_id: string }[]): Promise<boolean> {
    for (const event of events)
      this.unknown.set(event.event_id, { userId: event.user_id, text: JSON.stringify(event) });
    this.inFlight++;
    try {
      const answer = await fetch(`${address}/v1/events`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(events),
      });
      if (answer.status !== 202) return false;
      const { results } = (await answer.json()) as { results: EventStatus[] };
      results.forEach(({ status }, at) => {
        const { event_id, user_id } = events[at] as { event_id: string; user_id: string };
        if (status === "rejected") return;
        this.acknowledged.set(event_id, user_id);
        this.unknown.delete(event_id);
      });
      return true;
    } catch {
      return false; // the server was killed: nobody knows
    } finally {
      this.inFlight--;
    }
  }
}

/** Every event that the server lists, by id, and how often. */
export async function listedEvents(
  address: string,
  userIds: Iterable<string>,
): Promise<ReadonlyMap<string, number>> {
  const listed = new Map<string, number>();
  for (const userId of userIds) {
    for (let cursor = ""; ; ) {
      const answer = await fetch(`${address}/v1/users/${userId}/events?limit=1000${cursor}`);
      expect(answer.status).toBe(200);
      const page = (await answer.json()) as { events: { event_id: string }[]; next_cursor?: string };
      for (const { event_id } of page.events) listed.set(event_id, (listed.get(event_id) ?? 0) + 1);
      if (page.next_cursor === undefined) break;
      cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
    }
  }
  return listed;
}

/** How often the log holds each event, by id: read from the log itself, since the list of a person has each id once by its nature. */
async function loggedEvents(home: string): Promise<ReadonlyMap<string, number>> {
  const log = await openLmdbEventLog({ folder: join(home, "state", "log"), readOnly: true });
  try {
    const logged = new Map<string, number>();
    for (const { topic, partition, first, next } of await log.partitions()) {
      if (topic === "events_dlq") continue;
      for (const { id } of await log.read(topic, partition, { from: first, limit: next - first }))
        logged.set(id, (logged.get(id) ?? 0) + 1);
    }
    return logged;
  } finally {
    await log.close();
  }
}

/** What a campaign found. */
export interface KillReport {
  readonly kills: number;
  /** Kills with requests under way. */
  readonly inFlight: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly doubled: number;
  /** Events without an answer that were there all the same, and those that had to be sent again. */
  readonly unheard: number;
  readonly sentAgain: number;
}

const users = 20;
const writers = 12;

/** An event of one of a few users, of several types and topics. */
export function someEvent(random: Random): { event_id: string; user_id: string } {
  const kinds = [
    { event_type: "view", progress: 0.3 },
    { event_type: "click" },
    { event_type: "rating", rating: 1 + random.below(9) / 2 },
    { event_type: "like" },
  ];
  return {
    event_id: randomUUID(),
    user_id: `kill-${random.below(users)}`,
    ...{ event_ts: new Date().toISOString(), item_id: String(1 + random.below(40)) },
    ...kinds[random.below(kinds.length)],
  };
}

/**
 * Kills a server again and again while writers send events, at seeded moments of 0 to 400 ms, over one home. After each restart every
 * event that was ever answered with 202 must be in the log exactly once, and be listed; what was never answered is sent again and must then be there
 * exactly once, too.
 */
export async function killUnderLoad(
  home: string,
  { kills, seed, bug }: { kills: number; seed: number; bug?: PlantedBug },
): Promise<KillReport> {
  const random = seededRandom(seed);
  const ledger = new Ledger();
  const userIds = Array.from({ length: users }, (_, user) => `kill-${user}`);
  const report = { kills, inFlight: 0, acknowledged: 0, lost: 0, doubled: 0, unheard: 0, sentAgain: 0 };
  for (let kill = 0; kill < kills; kill++) {
    const server = await startServer(["serve", "--home", home], {
      NODE_OPTIONS: plantedArgs(bug).join(" "),
    });
    let isRunning = true;
    const writing = Array.from({ length: writers }, async (_, writer) => {
      const own = seededRandom(random.below(2 ** 31) + writer);
      while (isRunning) {
        const size = own.uniform() < 0.5 ? 1 : 1 + own.below(50);
        await ledger.post(
          server.address,
          Array.from({ length: size }, () => someEvent(own)),
        );
      }
    });
    await setTimeout(random.uniform() * 400);
    if (ledger.inFlight > 0) report.inFlight++;
    server.child.kill("SIGKILL");
    isRunning = false;
    await Promise.all([server.finished, ...writing]);
    await checkAfter(home, { ledger, userIds, report });
  }
  report.acknowledged = ledger.acknowledged.size;
  return report;
}

type Counted = { -readonly [Name in keyof KillReport]: KillReport[Name] };

async function checkAfter(
  home: string,
  { ledger, userIds, report }: { ledger: Ledger; userIds: readonly string[]; report: Counted },
): Promise<void> {
  const logged = await loggedEvents(home);
  for (const id of ledger.acknowledged.keys()) if (!logged.has(id)) report.lost++;
  report.doubled += doubledIn(logged);
  if (report.lost > 0) return; // nothing below could hold
  const server = await startServer(["serve", "--home", home]);
  const again = [...ledger.unknown.values()].map(({ text }) => JSON.parse(text));
  for (const { event_id } of again) {
    if (logged.has(event_id)) report.unheard++;
    else report.sentAgain++;
  }
  for (let at = 0; at < again.length; at += 500)
    expect(await ledger.post(server.address, again.slice(at, at + 500))).toBe(true);
  const acknowledged = [...ledger.acknowledged.keys()].sort();
  expect([...(await listedEvents(server.address, userIds)).keys()].sort()).toEqual(acknowledged);
  server.child.kill("SIGTERM");
  expect((await server.finished).code).toBe(0);
  const after = await loggedEvents(home);
  expect([...after.keys()].sort()).toEqual(acknowledged);
  report.doubled += doubledIn(after);
}

const doubledIn = (counts: ReadonlyMap<string, number>) =>
  [...counts.values()].filter((count) => count > 1).length;

/** The line that a campaign prints. */
export const reportLine = (report: KillReport): string =>
  `${report.kills} kills, ${report.inFlight} with requests in flight: ${report.acknowledged} acknowledged, ${report.lost} lost, ${report.doubled} doubled (${report.unheard} taken without an answer, ${report.sentAgain} sent again)`;

import { describe, expect, it } from "vitest";
import { rejectionReasons, type UsherEvent } from "../../src/contracts/events.ts";
import { eventBatch } from "../../src/events/event-batch.ts";
import { Rejection, validateEvent } from "../../src/events/validate-event.ts";
import { type SimulationOptions, simulateUsers } from "../../src/simulate/simulate-users.ts";
import type { ShownList, SimulatedEvent } from "../../src/simulate/visit.ts";
import { simulatedItems } from "./small-catalogue.ts";

const startMs = Date.parse("2026-03-01T12:00:00.000Z");
const items = simulatedItems(100);
const usual: SimulationOptions = { items, users: 40, seed: 3, rate: 50, startMs };
/** The same list for everybody, of items that all are equally known: ten of the middle. */
const shown: ShownList = {
  requestId: "r-1",
  modelVersion: "v0001",
  surface: "for-you",
  itemIds: items.slice(50, 60).map(({ itemId }) => itemId),
};
const nothing: ShownList = { ...shown, itemIds: [] };

/** Visits of the first simulated seconds with what was done in each. */
function played(seconds: number, changes: Partial<SimulationOptions> = {}, list = shown) {
  const visits: { userId: string | undefined; atMs: number; events: SimulatedEvent[] }[] = [];
  for (const visit of simulateUsers({ ...usual, ...changes }).visits()) {
    if (visit.atMs > 1000 * seconds) return visits;
    const events = visit.act(list);
    expect(events).toHaveLength(visit.eventCount);
    visits.push({ userId: visit.userId, atMs: visit.atMs, events });
  }
  return visits;
}
const eventsOf = (...of: Parameters<typeof played>) => played(...of).flatMap(({ events }) => events);
const parsed = (events: readonly SimulatedEvent[]) =>
  events.map(({ text }) => JSON.parse(text) as UsherEvent & { item_id?: string });
const check = ({ text }: SimulatedEvent) =>
  validateEvent(eventBatch(Buffer.from(text), "lines").values[0], { nowMs: startMs + 3600_000 });

describe("simulated users", () => {
  it("are the same to the byte for the same seed and start, and others for another", () => {
    const texts = (changes: Partial<SimulationOptions> = {}) => eventsOf(20, changes).map(({ text }) => text);
    expect(texts()).toEqual(texts());
    const ids = new Set(eventsOf(20).map(({ eventId }) => eventId));
    for (const changes of [{ seed: 4 }, { startMs: startMs + 1 }])
      expect(eventsOf(20, changes).filter(({ eventId }) => ids.has(eventId))).toEqual([]);
  });

  it("send what the contract asks for, of every type that a film site has", () => {
    const events = eventsOf(200);
    expect(events.map(check).filter((event) => event instanceof Rejection)).toEqual([]);
    const types = new Set(parsed(events).map(({ event_type }) => event_type));
    expect([...types].sort()).toEqual([
      "bookmark",
      "click",
      "dislike",
      "impression",
      "like",
      "rating",
      "retract",
      "view",
    ]);
    const ids = new Set(events.map(({ eventId }) => eventId));
    const repeats = events.filter(({ expected }) => expected === "repeat");
    expect(repeats.length).toBeGreaterThan(0);
    expect(ids.size).toBe(events.length - repeats.length);
  });

  it("act at the stated rate, and a tenth of them without an account", () => {
    const visits = played(500);
    const count = visits.flatMap(({ events }) => events).length;
    expect(Math.abs(count / 500 / usual.rate - 1)).toBeLessThan(0.05);
    const anonymous = visits.filter(({ userId }) => userId === undefined).length / visits.length;
    expect(Math.abs(anonymous - 0.1)).toBeLessThan(0.03);
  });

  it("spoil the stated share of events, with each of the six reasons, as the intake names it", () => {
    const events = eventsOf(200, { malformedShare: 0.05 });
    const spoilt = events.filter(({ expected }) => expected !== "accepted" && expected !== "repeat");
    expect(Math.abs(spoilt.length / events.length / 0.05 - 1)).toBeLessThan(0.2);
    expect(new Set(spoilt.map(({ expected }) => expected))).toEqual(new Set(rejectionReasons));
    for (const event of events) {
      const checked = check(event);
      const got = checked instanceof Rejection ? checked.reason : "accepted";
      expect([got, event.text]).toEqual([event.expected.replace("repeat", "accepted"), event.text]);
    }
  });

  it("look at high places more often, and hear more often of what is well known", () => {
    const flat = items.map((item) => ({ ...item, groups: [], popularity: 0 }));
    const firsts = new Map<string, string>(); // what each session acts on first, of the list
    for (const { session_id = "", item_id } of parsed(eventsOf(800, { items: flat, rate: 20 })))
      if (item_id && shown.itemIds.includes(item_id) && !firsts.has(session_id))
        firsts.set(session_id, item_id);
    const at = (rank: number) => [...firsts.values()].filter((id) => id === shown.itemIds[rank - 1]).length;
    expect(firsts.size).toBeGreaterThan(500);
    expect((at(1) + at(2)) / (at(9) + at(10))).toBeGreaterThan(4); // 1/rank: 7.1
    const heard = parsed(eventsOf(200, {}, nothing)).flatMap(({ item_id }) => item_id ?? []);
    const known = heard.filter((itemId) => Number(itemId) <= 10).length / heard.length;
    expect(known).toBeGreaterThan(0.35); // 55 % of all popularity
  });

  it("act by the taste that is planted in them, and that truth() tells", () => {
    const simulation = simulateUsers(usual);
    const truth = new Map(simulation.truth().map((taste) => [taste.userId, taste]));
    expect(truth.size).toBe(usual.users);
    const ratings: Record<"loved" | "hated", number[]> = { loved: [], hated: [] };
    for (const event of parsed(eventsOf(400))) {
      if (event.event_type !== "rating" || event.user_id === undefined) continue;
      const taste = truth.get(event.user_id);
      const group = items[Number(event.item_id) - 1]?.groups[0] as string;
      if (taste?.loved.includes(group)) ratings.loved.push(event.rating);
      else if (taste?.hated.includes(group)) ratings.hated.push(event.rating);
    }
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(ratings.hated.length).toBeGreaterThan(100);
    expect(mean(ratings.loved) - mean(ratings.hated)).toBeGreaterThan(2);
    const [first] = truth.keys();
    expect(simulation.liking(first as string, "1")).toEqual(expect.any(Number));
    expect([simulation.liking("nobody", "1"), simulation.liking(first as string, "no film")]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

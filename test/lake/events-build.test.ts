import { describe, expect, test } from "vitest";
import type { BuildRecord } from "../../src/contracts/quality.ts";
import { eventTopics, type TableName } from "../../src/contracts/tables.ts";
import { historyOf } from "../../src/data/interactions.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { buildLake } from "../../src/lake/build.ts";
import { sinkEvents } from "../../src/lake/event-sink.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { readTrainingSet } from "../../src/lake/read.ts";
import { eachFreshLake } from "./fresh-lake.ts";
import { itemsSelect, ratingsSelect, smallImport } from "./small-import.ts";
import { eventId, type SmallLog } from "./small-log.ts";

let engine: Engine;
let lake: Lake;
let log: SmallLog;
eachFreshLake((fresh) => {
  ({ engine, lake, log } = fresh);
});

const imported = smallImport({
  items: itemsSelect(["1", "2", "3"].map((item) => ({ item, title: `Film ${item}` }))),
  ratings: ratingsSelect([
    { user: "1", item: "1", rating: "4", time: "1000000000" },
    { user: "1", item: "2", rating: "5", time: "1000000000" },
    { user: "2", item: "1", rating: "2", time: "1000000000" },
  ]),
});
const build = async (): Promise<BuildRecord> => {
  for (const topic of eventTopics) await sinkEvents(lake, topic, { log });
  return buildLake({ lake, engine, imports: [imported] });
};
const read = async (record: BuildRecord, table: TableName, columns = "*", where = "true") =>
  engine.rows(
    `SELECT ${columns} FROM ${await lake.relation(table, record.tables[table])} WHERE ${where} ORDER BY ALL`,
  );
const day = (number: number) => `2026-01-${String(number).padStart(2, "0")}T00:00:00.000Z`;

describe("a build with events", () => {
  test("has each event once in the table of its topic; what was retracted is gone, what others tried to retract stays", async () => {
    log.add({ event_type: "view", event_id: eventId(1), user_id: "1", item_id: "1" });
    log.add({ event_type: "view", event_id: eventId(2), user_id: "1", item_id: "2" });
    log.add({ event_type: "view", event_id: eventId(3), session_id: eventId(70), item_id: "2" });
    log.add({ event_type: "view", event_id: eventId(2), user_id: "1", item_id: "2" }, { partition: 1 }); // a log that doubled it
    log.add({ event_type: "retract", user_id: "1", target_event_id: eventId(1) });
    log.add({ event_type: "retract", user_id: "2", target_event_id: eventId(2) });
    log.add({ event_type: "retract", session_id: eventId(70), target_event_id: eventId(3).toUpperCase() });
    const record = await build();
    expect(await read(record, "silver_events_views", "event_id, user_id, item_id, event_date")).toEqual([
      { event_id: eventId(2), user_id: "1", item_id: "2", event_date: "2026-01-02" },
    ]);
    expect(record.inputs).toEqual({ bronze_events_views_raw: 0, bronze_events_feedback_raw: 0 });
  });

  test("rates by events: the newest of a pair trains, whatever arrived first", async () => {
    const rate = (rating: number, at: number) =>
      log.add({ event_type: "rating", user_id: "1", item_id: "1", rating, event_ts: day(at) });
    rate(1.5, 20);
    rate(3, 5);
    const record = await build();
    const rows = await read(record, "silver_ratings", "rating, source", "user_id = '1' AND item_id = '1'");
    expect(rows.map((row) => [row["rating"], row["source"]])).toEqual([
      [1.5, "events"],
      [3, "events"],
      [4, "movielens"],
    ]);
    const set = await readTrainingSet(lake, engine, record);
    expect([...historyOf(set.ratings, 0).values]).toEqual([1.5, 5]);
    expect(record.ratings).toEqual({ read: 3, kept: 3, rejected: 0 });
  });

  test("an event rating of the same pair and moment takes the place of the imported one, of two the one of the greatest id", async () => {
    const event_ts = "2001-09-09T01:46:40.000Z";
    log.add({ event_type: "rating", user_id: "1", item_id: "1", rating: 1, event_ts, event_id: eventId(9) });
    log.add({ event_type: "rating", user_id: "1", item_id: "1", rating: 2, event_ts, event_id: eventId(8) });
    const record = await build();
    expect(await read(record, "silver_ratings", "rating", "user_id = '1' AND item_id = '1'")).toEqual([
      { rating: 1 },
    ]);
  });

  test("weighs every action by the table of signals; users and items that only events know get a row", async () => {
    const actions = [
      [{ event_type: "view" }, 0.05],
      [{ event_type: "view", progress: 0.3 }, 0.5],
      [{ event_type: "view", progress: 0.9 }, 1],
      [{ event_type: "listen" }, 0.3],
      [{ event_type: "listen", completed: true }, 1],
      [{ event_type: "click" }, 0.2],
      [{ event_type: "like" }, 1],
      [{ event_type: "bookmark" }, 0.3],
      [{ event_type: "dislike" }, 0],
      [{ event_type: "rating", rating: 3.5 }, 0.7],
      [{ event_type: "rating", rating: 3 }, 0],
    ] as const;
    for (const [at, [fields]] of actions.entries())
      log.add({ ...fields, event_id: eventId(at), user_id: "new", item_id: `n${at}` });
    log.add({ event_type: "like", session_id: eventId(71), item_id: "1" }); // a visitor: no row
    const record = await build();
    const rows = await read(record, "silver_interactions", "event_id, weight", "source = 'events'");
    expect(rows).toEqual(actions.map(([, weight], at) => ({ event_id: eventId(at), weight })));
    expect(await read(record, "silver_users", "user_id, created_at", "user_id = 'new'")).toEqual([
      { user_id: "new", created_at: "2026-01-02T03:04:05.000Z" },
    ]);
    expect(record.placeholders).toBe(actions.length);
  });

  test("trains on decayed sums, at most 5, with the age counted to the newest event of any kind", async () => {
    log.add({ event_type: "like", user_id: "2", item_id: "2", event_ts: "2026-01-01T00:00:00.000Z" });
    log.add({
      event_type: "view",
      user_id: "2",
      item_id: "2",
      progress: 1,
      event_ts: "2026-04-01T00:00:00.000Z",
    });
    for (let at = 0; at < 9; at++)
      log.add({ event_type: "like", user_id: "2", item_id: "3", event_ts: "2026-04-01T00:00:00.000Z" });
    log.add({
      event_type: "rating",
      user_id: "1",
      item_id: "3",
      rating: 5,
      event_ts: "2026-01-01T00:00:00.000Z",
    });
    // 180 days after the first: two half-lives
    const seen = {
      event_type: "impression",
      user_id: "2",
      item_ids: ["1"],
      surface: "top",
      model_version: "v1",
    } as const;
    log.add({ ...seen, event_ts: "2026-06-30T00:00:00.000Z" });
    const { weights, ratings } = await readTrainingSet(lake, engine, await build());
    const [first, second] = [historyOf(weights!, 0), historyOf(weights!, 1)];
    expect([...first.items]).toEqual([0, 1, 2]);
    expect(first.values[0]).toBeCloseTo(0.8, 6); // imported: age 0
    expect(first.values[2]).toBeCloseTo(0.25, 6); // an event, 180 days old
    expect([...second.items]).toEqual([1, 2]); // a rating of 2 is no sign of liking
    expect(second.values[0]).toBeCloseTo(0.25 + 0.5, 6);
    expect(second.values[1]).toBeCloseTo(4.5, 6);
    expect(ratings.items.length).toBe(4);
  });

  test("without events has no weights but those of the ratings", async () => {
    expect((await readTrainingSet(lake, engine, await build())).weights).toBeUndefined();
  });

  test("more ratings by events than the import has do not look like a loss of volume", async () => {
    for (let at = 0; at < 20; at++)
      log.add({ event_type: "rating", user_id: `e${at}`, item_id: "1", rating: 4 });
    await build();
    await expect(build()).resolves.toMatchObject({ number: 2 });
  });
});

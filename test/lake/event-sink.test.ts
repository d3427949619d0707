import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { eventSchemas, eventTypes, topicOf } from "../../src/contracts/events.ts";
import { bronzeEvents, bronzeEventsTable, type eventTopics, tables } from "../../src/contracts/tables.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { readAcceptedEvents } from "../../src/lake/accepted-events.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import { sinkEvents } from "../../src/lake/event-sink.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { receivedEventsTable, receiveEvents } from "../../src/lake/received-events.ts";
import { eachFreshLake } from "./fresh-lake.ts";
import { eventId, type SmallLog } from "./small-log.ts";

let engine: Engine;
let folder: string;
let lake: Lake;
let log: SmallLog;
eachFreshLake((fresh) => {
  ({ engine, folder, lake, log } = fresh);
});

const rows = async (topic: (typeof eventTopics)[number] = "events_views") =>
  engine.rows(
    `SELECT * FROM ${await lake.relation(bronzeEventsTable(topic))} ORDER BY log_partition, log_offset`,
  );

describe("the sink", () => {
  test("brings events into bronze with their fields, payload and place, by day of receipt", async () => {
    const event = log.add(
      { event_type: "view", user_id: "u1", item_id: "é'\"", progress: 0.5, device_type: "tv" },
      { partition: 2, receivedMs: Date.UTC(2026, 0, 2, 23, 59, 59, 999) },
    );
    log.add({ event_type: "view", user_id: "u2", item_id: "i2" }, { receivedMs: Date.UTC(2026, 0, 3) });
    const sunk = await sinkEvents(lake, "events_views", { log });
    expect(sunk).toEqual({ events: 2, lost: 0, positions: { 0: 1, 1: 0, 2: 1 }, version: 0 });
    const [, last] = await rows();
    expect(last).toEqual({
      event_id: event.event_id,
      event_type: "view",
      event_ts: event.event_ts,
      user_id: "u1",
      session_id: null,
      request_id: null,
      schema_version: 1,
      item_id: "é'\"",
      page_url: null,
      device_type: "tv",
      progress: 0.5,
      raw_payload: JSON.stringify(event),
      log_partition: 2,
      log_offset: 0,
      source_file: "log/events_views/2",
      ingestion_ts: "2026-01-02T23:59:59.999Z",
      ingestion_date: "2026-01-02",
    });
    expect((await readdir(lake.folderOf("bronze_events_views_raw"))).sort()).toEqual([
      "_delta_log",
      "ingestion_date=2026-01-02",
      "ingestion_date=2026-01-03",
    ]);
  });

  test("called again brings what came since, and without news makes no version", async () => {
    log.add({ event_type: "view", user_id: "u1", item_id: "i1" });
    await sinkEvents(lake, "events_views", { log });
    expect(await sinkEvents(lake, "events_views", { log })).toMatchObject({ events: 0, version: 0 });
    log.add({ event_type: "view", user_id: "u1", item_id: "i2" });
    expect(await sinkEvents(lake, "events_views", { log })).toMatchObject({ events: 1, version: 1 });
    expect((await rows()).map((row) => row["item_id"])).toEqual(["i1", "i2"]);
    expect(await lake.transactions("bronze_events_views_raw")).toEqual({
      "usher-log-0": 2,
      "usher-log-1": 0,
      "usher-log-2": 0,
    });
  });

  test("killed between writing and committing, or right after it, neither loses nor doubles", async () => {
    for (let at = 0; at < 4; at++) log.add({ event_type: "view", user_id: "u1", item_id: `i${at}` });
    const killed: Lake = {
      ...lake,
      commit: async () => {
        throw new Error("killed before the commit");
      },
      discard: async () => {}, // a killed process tidies nothing
    };
    await expect(sinkEvents(killed, "events_views", { log })).rejects.toThrow("killed before");
    const late: Lake = {
      ...openLake(folder, engine),
      commit: async (staged, info) => {
        await lake.commit(staged, info);
        throw new Error("killed after the commit");
      },
    };
    await expect(sinkEvents(late, "events_views", { log })).rejects.toThrow("killed after");
    lake = openLake(folder, engine);
    expect(await sinkEvents(lake, "events_views", { log })).toMatchObject({ events: 0 });
    expect((await rows()).map((row) => row["item_id"])).toEqual(["i0", "i1", "i2", "i3"]);
  });

  test("says how many events had left the log before they were written", async () => {
    for (let at = 0; at < 5; at++) log.add({ event_type: "view", user_id: "u1", item_id: `i${at}` });
    log.forget("events_views", 0, 3);
    expect(await sinkEvents(lake, "events_views", { log })).toMatchObject({ events: 2, lost: 3 });
  });

  test("writes more than one batch, each place once", async () => {
    const count = 50_001;
    for (let at = 0; at < count; at++)
      log.add({ event_type: "click", user_id: `u${at}`, item_id: "i" }, { partition: at % 3 });
    expect(await sinkEvents(lake, "events_clicks", { log })).toMatchObject({ events: count, version: 1 });
    const [found] = await engine.rows(
      `SELECT count(*) AS n, count(DISTINCT (log_partition, log_offset)) AS places FROM ${await lake.relation("bronze_events_clicks_raw")}`,
    );
    expect(found).toEqual({ n: count, places: count });
  });

  test("a failing disk leaves the positions as they were", async () => {
    log.add({ event_type: "view", user_id: "u1", item_id: "i1" });
    await writeFile(join(folder, "sink"), "in the way");
    await expect(sinkEvents(lake, "events_views", { log })).rejects.toMatchObject({ name: "UsherError" });
    expect(await lake.transactions("bronze_events_views_raw")).toEqual({});
  });

  const good = {
    event_type: "view",
    user_id: "u",
    event_id: eventId(1),
    event_ts: "2026-01-02T03:04:05.000Z",
  };
  test.each([
    ["no JSON", "{no"],
    ["nothing", ""],
    ["a number", "5"],
    ["no event", "{}"],
    ["bytes that are no text", "\u0000\ufffd"],
    ["no time", JSON.stringify({ ...good, event_ts: "never" })],
    ["no id", JSON.stringify({ ...good, event_id: null })],
    ["a line longer than the engine reads at first", "x".repeat(5_000_000)],
  ])("is not held up by a record that is %s", async (_, text) => {
    for (let at = 0; at < 3; at++) log.add({ event_type: "view", user_id: "u1", item_id: `i${at}` });
    log.spoil("events_views", { partition: 0, offset: 1 }, text);
    expect(await sinkEvents(lake, "events_views", { log })).toMatchObject({ events: 3, lost: 0 });
    expect((await rows())[1]?.["raw_payload"]).toBe(text);
    await receiveEvents(engine, lake);
    const received = await engine.rows(`SELECT item_id FROM ${receivedEventsTable} ORDER BY item_id`);
    expect(received.map((row) => row["item_id"])).toEqual(["i0", "i2"]);
    const place = { topic: "events_views", partition: 0, from: 0, to: 3 } as const;
    for await (const page of readAcceptedEvents({ lake, engine }, place)) expect(page).toHaveLength(2);
  });

  test.each(["half a pair \ud800 alone", "\udfff", "\\ud800", "\\\ud800", "é\u0000😀", '"\n\u2028'])(
    "keeps an accepted text of odd characters: %j",
    async (review_text) => {
      const event = log.add({ event_type: "rating", user_id: "u", item_id: "i", rating: 5, review_text });
      const after = log.add({ event_type: "rating", user_id: "u", item_id: "j", rating: 4 });
      await sinkEvents(lake, "events_ratings", { log });
      expect(await rows("events_ratings")).toMatchObject([
        {
          event_id: event.event_id,
          rating: 5,
          review_text: Buffer.from(review_text).toString(),
          raw_payload: JSON.stringify(event),
        },
        { event_id: after.event_id },
      ]);
    },
  );

  test("takes every type of event, each in the table of its topic", async () => {
    const session = eventId(900);
    log.add({ event_type: "rating", user_id: "u", item_id: "i", rating: 4.5, review_text: "a\nb" });
    log.add({ event_type: "listen", session_id: session, item_id: "i", duration_ms: 5, completed: true });
    log.add({
      event_type: "impression",
      user_id: "u",
      item_ids: ["a", "b"],
      surface: "top",
      model_version: "v1",
    });
    log.add({ event_type: "retract", user_id: "u", target_event_id: eventId(1) });
    await sinkEvents(lake, "events_ratings", { log });
    await sinkEvents(lake, "events_feedback", { log });
    expect(await rows("events_ratings")).toMatchObject([{ rating: 4.5, review_text: "a\nb" }]);
    expect(await rows("events_feedback")).toMatchObject([
      { duration_ms: 5, completed: true, session_id: session, user_id: null },
      { item_ids: ["a", "b"], item_id: null, surface: "top", model_version: "v1" },
      { target_event_id: eventId(1) },
    ]);
  });
});

test.each(eventTypes)("bronze and silver have a column for every field of %s", (type) => {
  const topic = topicOf(type) as (typeof eventTopics)[number];
  const fields = Object.keys(eventSchemas[type].properties);
  expect(Object.keys(bronzeEvents(topic).columns)).toEqual(expect.arrayContaining(fields));
  expect(Object.keys(tables[`silver_${topic}`].columns)).toEqual(expect.arrayContaining(fields));
});

import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { buildLake } from "../../src/lake/build.ts";
import { compactTable } from "../../src/lake/compact.ts";
import { sinkEvents } from "../../src/lake/event-sink.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { qualityReports } from "../../src/lake/reports.ts";
import { eachFreshLake } from "./fresh-lake.ts";
import { goodItems, goodRatings, itemsSelect, ratingsSelect, smallImport } from "./small-import.ts";
import type { SmallLog } from "./small-log.ts";

let engine: Engine;
let folder: string;
let lake: Lake;
let log: SmallLog;
eachFreshLake((fresh) => {
  ({ engine, folder, lake, log } = fresh);
});

const imported = smallImport({
  items: itemsSelect(goodItems(100)),
  ratings: ratingsSelect(goodRatings(100)),
});
const build = () => buildLake({ lake, engine, imports: [imported], log });
const viewed = (minutesAgo: number, count = 1) => {
  for (let at = 0; at < count; at++)
    log.add(
      { event_type: "view", user_id: "u1", item_id: "i1" },
      { receivedMs: Date.now() - minutesAgo * 60_000, partition: at % 2 },
    );
};
const sink = () => sinkEvents(lake, "events_views", { log });
/** Of the newest report: table → [events that waited too long, new events]. */
const freshness = async () => {
  const [report] = await qualityReports(folder, 1);
  const checks = (report?.tables ?? []).flatMap(({ table, checks }) =>
    checks.filter(({ name }) => name === "freshness").map((check) => ({ table, ...check })),
  );
  return Object.fromEntries(
    checks.map(({ table, failed_rows, total_rows }) => [table, [failed_rows, total_rows]]),
  );
};
const of = (warnings: readonly string[]) => warnings.filter((text) => text.includes("freshness"));

describe("freshness", () => {
  test("is not judged where no stream runs", async () => {
    await build();
    expect(await freshness()).toEqual({});
    viewed(1);
    await sink();
    await build();
    expect(await freshness()).not.toEqual({});
    await build(); // nothing new since
    expect(await freshness()).toEqual({});
  });

  test("in time passes: minutes for bronze, an hour for silver, a day for gold", async () => {
    viewed(55, 3);
    await sink();
    viewed(4, 2);
    const { warnings } = await build();
    expect(await freshness()).toEqual({
      bronze_events_views_raw: [0, 2],
      silver_events_views: [0, 3],
      gold_item_stats: [0, 3],
    });
    expect(of(warnings)).toEqual([]);
  });

  test("that is lost is a warning of the layer that was late, and stops no build", async () => {
    viewed(25 * 60, 2);
    viewed(90, 3);
    await sink();
    viewed(6, 4);
    const { warnings, number } = await build();
    expect(number).toBe(1);
    expect(await freshness()).toEqual({
      bronze_events_views_raw: [4, 4],
      silver_events_views: [5, 5],
      gold_item_stats: [2, 5],
    });
    expect(of(warnings)).toEqual([
      "bronze_events_views_raw: check freshness failed for 4 of 4 new events: the oldest event waited 6.0 minutes",
      "silver_events_views: check freshness failed for 5 of 5 new events: the oldest event waited 1500.0 minutes",
      "gold_item_stats: check freshness failed for 2 of 5 new events: the oldest event waited 1500.0 minutes",
    ]);
    const [report] = await qualityReports(folder, 1);
    expect(report?.tables.find(({ table }) => table === "silver_events_views")).toMatchObject({
      errors: 0,
      warnings: 1,
    });
  });

  test("counts what the build before had not, also over a compaction", async () => {
    for (let at = 0; at < 8; at++) {
      viewed(70);
      await sink();
    }
    await build();
    expect(await freshness()).toMatchObject({ silver_events_views: [8, 8] });
    viewed(10);
    await sink();
    await compactTable(lake, "bronze_events_views_raw");
    await build();
    expect(await freshness()).toMatchObject({ silver_events_views: [0, 1], gold_item_stats: [0, 1] });
  });
});

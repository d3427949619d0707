import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import type { EventLog } from "../../src/events/event-log.ts";
import { openLmdbEventLog } from "../../src/events/lmdb-event-log.ts";
import { offsetOf } from "../../src/events/record-bytes.ts";
import { openLmdbEnvironment } from "../../src/stores/lmdb-environment.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-ids-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("knows every id at its place, through merges, restarts and trims, over 3,000 seeded records", async () => {
  const random = seededRandom(3);
  const uuid = () =>
    `${random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, "0")}-0000-4000-8000-000000000000`;
  const open = () => openLmdbEventLog({ folder, idGeneration: 40 });
  const places = new Map<string, string>();
  let log: EventLog = await open();
  let nowMs = 1_700_000_000_000;
  let trimmed = 0;
  for (let round = 0; round < 150; round++) {
    nowMs += 3_600_000;
    const known = [...places.keys()];
    const ids = Array.from({ length: 1 + random.below(40) }, () =>
      known.length > 0 && random.below(3) === 0 ? known[random.below(known.length)]! : uuid(),
    );
    const records = ids.map((id) => ({
      topic: "events_views" as const,
      key: `${random.below(9)}`,
      id,
      receivedMs: nowMs,
      value: Buffer.from(id),
    }));
    for (const [at, { topic, partition, offset, isDuplicate }] of (await log.append(records)).entries()) {
      const place = `${topic}/${partition}/${offset}`;
      expect(isDuplicate).toBe(places.has(ids[at]!));
      if (isDuplicate) expect(place).toBe(places.get(ids[at]!));
      places.set(ids[at]!, place);
    }
    if (random.below(10) === 0) {
      await log.close();
      log = await open();
    }
    // everything goes, also records whose ids only they hold; the next round then asks for some of them after a restart
    if (round % 40 === 39) {
      trimmed += await log.trim(nowMs + 30 * 24 * 3_600_000);
      await log.close();
      log = await open();
    }
  }
  expect(places.size).toBeGreaterThan(1500);
  expect(trimmed).toBeGreaterThan(100);
  await log.close();
});

it("keeps two generations of ids in memory at most, however often it is started in between", async () => {
  const [rounds, each] = [30, 25];
  for (let round = 0; round < rounds; round++) {
    const log = await openLmdbEventLog({ folder, idGeneration: 40 });
    await log.append(
      Array.from({ length: each }, (_, at) => ({
        ...{ topic: "events_views" as const, key: `${at}`, id: `${round}/${at}` },
        ...{ receivedMs: 1_700_000_000_000, value: Buffer.from("-") },
      })),
    );
    await log.close();
  }
  const environment = await openLmdbEnvironment({ folder, code: "LOG_UNAVAILABLE", readOnly: true });
  const [offsets] = environment.databases(["offsets"]);
  const merged = [0, 1, 2].map((partition) => {
    const mark = environment.read(() => offsets!.get(Buffer.from(`merged/events_views/${partition}`)));
    return mark ? offsetOf(mark) : 0;
  });
  await environment.close();
  expect(merged.reduce((sum, offset) => sum + offset, 0)).toBeGreaterThan(rounds * each - 2 * 40 - each);
});

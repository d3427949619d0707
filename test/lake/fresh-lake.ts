import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { memoryLog, type SmallLog } from "./small-log.ts";

/** What a test of the lake works on. */
export interface FreshLake {
  /** One for all tests of a file. */
  readonly engine: Engine;
  readonly folder: string;
  readonly lake: Lake;
  readonly log: SmallLog;
}

/**
 * Gives each test of a file an empty lake in a folder of its own, and an empty log.
 *
 * @param give Called before each test. @param prefix How the folder's name begins.
 */
export function eachFreshLake(give: (fresh: FreshLake) => void, prefix = "usher-lake-"): void {
  let engine: Engine;
  let folder: string;
  beforeAll(async () => {
    engine = await openDuckdb({ threads: 1 });
  });
  afterAll(() => engine.close());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), prefix));
    give({ engine, folder, lake: openLake(folder, engine), log: memoryLog() });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
}

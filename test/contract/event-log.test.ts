import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbEventLog } from "../../src/events/lmdb-event-log.ts";
import { eventLogContract } from "./event-log.ts";

let folder: string | undefined;

// with the usual generation every id stays in memory here; with a small one they reach their table
for (const idGeneration of [100_000, 10])
  eventLogContract({
    name: `LMDB, ${idGeneration} ids in memory,`,
    async open() {
      folder ??= await mkdtemp(join(tmpdir(), "usher-log-"));
      return openLmdbEventLog({ folder: join(folder, "state", "log"), idGeneration });
    },
    async forget() {
      if (folder) await rm(folder, { recursive: true });
      folder = undefined;
    },
  });

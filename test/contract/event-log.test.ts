import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbEventLog } from "../../src/events/lmdb-event-log.ts";
import { eventLogContract } from "./event-log.ts";

let folder: string | undefined;

eventLogContract({
  name: "LMDB",
  async open() {
    folder ??= await mkdtemp(join(tmpdir(), "usher-log-"));
    return openLmdbEventLog({ folder: join(folder, "state", "log") });
  },
  async forget() {
    if (folder) await rm(folder, { recursive: true });
    folder = undefined;
  },
});

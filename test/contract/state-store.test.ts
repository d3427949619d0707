import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbStateStore } from "../../src/stores/lmdb-state-store.ts";
import { memoryStateStore } from "./memory-state-store.ts";
import { stateStoreContract } from "./state-store.ts";

for (const largeWrite of [1000, 1]) {
  let folder: string | undefined;
  stateStoreContract({
    name: `LMDB with large writes above ${largeWrite}`,
    isDurable: true,
    async open() {
      folder ??= await mkdtemp(join(tmpdir(), "usher-store-"));
      return openLmdbStateStore({ folder: join(folder, "live"), largeWrite });
    },
    async forget() {
      if (folder) await rm(folder, { recursive: true });
      folder = undefined;
    },
  });
}

stateStoreContract({
  name: "the reference in memory",
  isDurable: false,
  open: async () => memoryStateStore(),
  forget: async () => {},
});

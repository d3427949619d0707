import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbRecommendationStore } from "../../src/stores/lmdb-recommendation-store.ts";
import { memoryRecommendationStore } from "./memory-recommendation-store.ts";
import { recommendationStoreContract } from "./recommendation-store.ts";

let folder: string | undefined;

recommendationStoreContract({
  name: "LMDB",
  isDurable: true,
  async open(now) {
    folder ??= await mkdtemp(join(tmpdir(), "usher-lists-"));
    return openLmdbRecommendationStore({ folder: join(folder, "lists"), now });
  },
  async forget() {
    if (folder) await rm(folder, { recursive: true });
    folder = undefined;
  },
});

recommendationStoreContract({
  name: "the reference in memory",
  isDurable: false,
  open: async (now) => memoryRecommendationStore(now),
  forget: async () => {},
});

import { UsherError } from "../errors.ts";
import { type BinaryDatabase, type LmdbOptions, openLmdbEnvironment, textKeys } from "./lmdb-environment.ts";
import { checkChange, checkKey } from "./state-key.ts";
import type { StateStore } from "./state-store.ts";

/**
 * The embedded state store: one LMDB environment in a folder, one process that writes.
 *
 * @throws UsherError `STORE_UNAVAILABLE`: the folder cannot be opened.
 */
export async function openLmdbStateStore(options: Omit<LmdbOptions, "code">): Promise<StateStore> {
  const environment = await openLmdbEnvironment({ ...options, code: "STORE_UNAVAILABLE" });
  const [state] = environment.databases(["state"], textKeys) as [BinaryDatabase<string>];

  return {
    async get(keys) {
      const wanted = keys.map(checkKey);
      return environment.read(() => wanted.map((key) => state.get(key)));
    },
    async range({ from, to, limit = Number.POSITIVE_INFINITY, reverse = false }) {
      if (!(limit >= 0)) throw new UsherError("PARAMETER_INVALID", `limit: expected ≥ 0, got ${limit}`);
      // an empty range is nothing; lmdb would read it as no bound
      if (limit === 0 || Buffer.compare(Buffer.from(from), Buffer.from(to)) >= 0) return [];
      const bounds = reverse
        ? { start: to, exclusiveStart: true, end: from, inclusiveEnd: true, reverse: true }
        : { start: from, end: to };
      return environment.read(() =>
        Array.from(
          state.getRange({ ...bounds, ...(Number.isFinite(limit) ? { limit } : {}) }),
          ({ key, value }) => [key, value] as const,
        ),
      );
    },
    async write(changes) {
      if (changes.length === 0) return environment.read(() => undefined);
      let [puts, bytes] = [0, 0];
      for (const change of changes) {
        checkChange(change);
        const value = change[1];
        if (!value) continue;
        puts++;
        bytes += value.length;
      }
      await environment.write(
        () => {
          for (const [key, value] of changes) {
            if (value) void state.put(key, value);
            else void state.remove(key);
          }
        },
        { puts, bytes },
      );
    },
    close: () => environment.close(),
  };
}

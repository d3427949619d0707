import { UsherError } from "../errors.ts";
import { type BinaryDatabase, type LmdbOptions, openLmdbEnvironment } from "./lmdb-environment.ts";
import { checkChange, checkKey } from "./state-key.ts";
import type { StateStore } from "./state-store.ts";

/**
 * The embedded state store: one LMDB environment in a folder, one process that writes.
 *
 * @throws UsherError `STORE_UNAVAILABLE`: the folder cannot be opened.
 */
export async function openLmdbStateStore(options: Omit<LmdbOptions, "code">): Promise<StateStore> {
  const environment = await openLmdbEnvironment({ ...options, code: "STORE_UNAVAILABLE" });
  const [state] = environment.databases(["state"]) as [BinaryDatabase];

  return {
    async get(keys) {
      const wanted = keys.map(checkKey);
      return environment.read(() => wanted.map((key) => state.getBinary(key)));
    },
    async range({ from, to, limit = Number.POSITIVE_INFINITY, reverse = false }) {
      if (!(limit >= 0)) throw new UsherError("PARAMETER_INVALID", `limit: expected ≥ 0, got ${limit}`);
      const low = Buffer.from(from);
      const high = Buffer.from(to);
      // an empty range is nothing; lmdb would read it as no bound
      if (limit === 0 || Buffer.compare(low, high) >= 0) return [];
      const bounds = reverse
        ? { start: high, exclusiveStart: true, end: low, inclusiveEnd: true, reverse: true }
        : { start: low, end: high };
      return environment.read(() =>
        Array.from(
          state.getRange({ ...bounds, ...(Number.isFinite(limit) ? { limit } : {}) }),
          ({ key, value }) => [Buffer.from(key).toString(), value] as const,
        ),
      );
    },
    async write(changes) {
      const bytes = changes.map(checkChange);
      if (bytes.length === 0) return environment.read(() => undefined);
      const put = bytes.filter(([, value]) => value !== undefined);
      const size = put.reduce((sum, [, value]) => sum + (value?.length ?? 0), 0);
      await environment.write(
        () => {
          for (const [key, value] of bytes) {
            if (value) void state.put(key, value);
            else void state.remove(key);
          }
        },
        { puts: put.length, bytes: size },
      );
    },
    close: () => environment.close(),
  };
}

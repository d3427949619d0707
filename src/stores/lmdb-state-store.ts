import { UsherError } from "../errors.ts";
import { packed, slicesOf, unpacked } from "./large-write.ts";
import {
  type BinaryDatabase,
  type LmdbEnvironment,
  type LmdbOptions,
  openLmdbEnvironment,
  textKeys,
} from "./lmdb-environment.ts";
import { checkChange, checkKey } from "./state-key.ts";
import type { StateChange, StateStore } from "./state-store.ts";

export interface LmdbStateStoreOptions extends Omit<LmdbOptions, "code"> {
  /** Changes from which on a write is divided. Default 1,000: a few ms of the event loop, and a short sync. */
  readonly largeWrite?: number;
}

const largeWriteDefault = 1000;
/** A large write has at most so many parts: where much waits, throughput matters more. */
const partsMax = 16;
/** What is kept of a large write lies in values of this size: for longer ones LMDB would look for pages in a row. */
const redoBytes = 64 * 1024;
/** All of their keys: digits. Made anew each time, since lmdb changes the options that it is given. */
const redoRange = () => ({ start: "0", end: ":" });

/**
 * The embedded state store: one LMDB environment in a folder, one process that writes.
 *
 * A large write would hold the event loop for a tenth of a second and keep the disk from everybody else. So all of it goes into a table
 * of its own first, in one transaction, and from there on it counts as done; then it is carried out in parts, between which the loop
 * turns. After a crash in between, opening carries it out again, from the beginning.
 *
 * @throws UsherError `STORE_UNAVAILABLE`: the folder cannot be opened.
 */
export async function openLmdbStateStore(options: LmdbStateStoreOptions): Promise<StateStore> {
  const { largeWrite = largeWriteDefault, ...open } = options;
  const environment = await openLmdbEnvironment({ ...open, code: "STORE_UNAVAILABLE" });
  const [state, redo] = environment.databases(options.readOnly ? ["state"] : ["state", "redo"], textKeys) as [
    BinaryDatabase<string>,
    BinaryDatabase<string> | undefined,
  ];
  const large = redo && largeWrites({ environment, state, redo }, largeWrite);
  await large?.finish();
  /** Ends with the large write that is under way: others must not come between its parts. */
  let turn: Promise<unknown> = Promise.resolve();

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
    async write(changes, { isAlone = false } = {}) {
      if (changes.length === 0) return environment.read(() => undefined);
      for (const change of changes) checkChange(change);
      const before = turn;
      const isLarge = large !== undefined && !isAlone && changes.length > largeWrite;
      const writing = before.then(() =>
        isLarge ? large.write(changes) : environment.write(() => putAll(state, changes), sizeOf(changes)),
      );
      if (isLarge) turn = writing.catch(() => undefined); // the caller is told
      return writing;
    },
    async close() {
      await turn;
      await environment.close();
    },
  };
}

/** Writes that are kept whole before they are carried out in parts. */
function largeWrites(
  of: { environment: LmdbEnvironment; state: BinaryDatabase<string>; redo: BinaryDatabase<string> },
  partMin: number,
) {
  const { environment, state, redo } = of;
  const carryOut = async (changes: readonly StateChange[]) => {
    const kept = environment.read(() => Array.from(redo.getKeys(redoRange())));
    const parts = [...slicesOf(changes, Math.max(partMin, Math.ceil(changes.length / partsMax)))];
    const last = parts.at(-1);
    for (const part of parts) {
      const apply = () => {
        putAll(state, part);
        if (part === last) for (const key of kept) void redo.remove(key);
      };
      // the room for it was found before it was promised
      await environment.write(apply, { ...sizeOf(part), mayUseReserve: true });
    }
  };
  return {
    /** All or none, though a reader may meanwhile see a part. */
    async write(changes: readonly StateChange[]): Promise<void> {
      const bytes = await packed(changes);
      const { puts } = sizeOf(changes);
      const keep = () => {
        for (let at = 0; at < bytes.length; at += redoBytes) {
          void redo.put(String(at / redoBytes).padStart(8, "0"), bytes.subarray(at, at + redoBytes));
        }
      };
      await environment.write(keep, { puts, bytes: 2 * bytes.length });
      await carryOut(changes);
    },
    /** Carries out what a crash left. */
    async finish(): Promise<void> {
      const kept = environment.read(() => Array.from(redo.getRange(redoRange()), ({ value }) => value));
      if (kept.length > 0) await carryOut(unpacked(Buffer.concat(kept)));
    },
  };
}

function putAll(state: BinaryDatabase<string>, changes: readonly StateChange[]): void {
  for (const [key, value] of changes) {
    if (value) void state.put(key, value);
    else void state.remove(key);
  }
}

function sizeOf(changes: readonly StateChange[]): { puts: number; bytes: number } {
  let [puts, bytes] = [0, 0];
  for (const [, value] of changes) {
    if (!value) continue;
    puts++;
    bytes += value.length;
  }
  return { puts, bytes };
}

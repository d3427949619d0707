import { partitionCount, type Topic, topics } from "../contracts/events.ts";
import type { BinaryDatabase, LmdbEnvironment } from "../stores/lmdb-environment.ts";
import type { LogPartition } from "./log-partition.ts";
import {
  idBytes,
  offsetBytes,
  offsetOf,
  placeBytes,
  readPlace,
  readRecord,
  topicIndex,
  writePlace,
} from "./record-bytes.ts";

/** Where a record lies. */
export interface Place {
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: number;
}

/** What goes along with an append: ids of earlier records that reach the table now. */
export interface IdMerge {
  readonly ids: readonly string[];
  /** Whether the table then knows every id of the older generation. */
  readonly isLast: boolean;
}

/** The ids of all records that ever were, each with its place. */
export interface IdTable {
  find(id: string, bytes: Uint8Array): Place | undefined;
  /** What to merge in the transaction that appends so many records. */
  plan(appended: number): IdMerge;
  /** Puts it; inside that transaction. */
  put(merge: IdMerge): void;
  /** Takes note that the transaction is durable. */
  done(merge: IdMerge, fresh: ReadonlyMap<string, Place>): void;
  /** Makes the ids in memory the older generation, so that they are merged next. */
  turn(): void;
  /** How many ids only the memory and the records know. */
  waiting(): number;
  /** Up to where (exclusive) the table knows the ids of a partition. */
  mergedUpTo(partition: LogPartition): number;
}

/** Ids with their places, in parts by the beginning of the id, so that sorting them all is never one long piece of work. */
class Generation {
  /** Places as numbers, which take half the memory of objects. */
  readonly #parts: readonly Map<string, number>[] = Array.from({ length: partCount + 1 }, () => new Map());
  #size = 0;
  #sortedParts = 0;
  readonly #sorted: string[] = [];

  get size(): number {
    return this.#size;
  }

  get(id: string): Place | undefined {
    const place = this.#partOf(id).get(id);
    return place === undefined ? undefined : placeOfNumber(place);
  }

  set(id: string, place: Place): void {
    const part = this.#partOf(id);
    const size = part.size;
    part.set(id, numberOfPlace(place));
    this.#size += part.size - size;
  }

  /** Ids in the order of the table, from a place on. Nothing may be set any more. */
  sorted(from: number, to: number): readonly string[] {
    while (this.#sorted.length < to && this.#sortedParts < this.#parts.length) {
      const part = this.#parts[this.#sortedParts++] as Map<string, number>;
      for (const id of [...part.keys()].sort()) this.#sorted.push(id);
    }
    return this.#sorted.slice(from, to);
  }

  /** UUIDs by their first digits, all else behind them. */
  #partOf(id: string): Map<string, number> {
    const part = Number.parseInt(id.slice(0, partDigits), 16);
    return this.#parts[part < partCount ? part : partCount] as Map<string, number>;
  }
}

/** Offsets that a number has room for beside topic and partition: a trillion. */
const offsetsMax = 2 ** 40;

const numberOfPlace = ({ topic, partition, offset }: Place): number =>
  (topicIndex(topic) * partitionCount + partition) * offsetsMax + offset;

function placeOfNumber(number: number): Place {
  const at = Math.floor(number / offsetsMax);
  const topic = topics[Math.floor(at / partitionCount)] as Topic;
  return { topic, partition: at % partitionCount, offset: number % offsetsMax };
}

const partDigits = 2;
const partCount = 16 ** partDigits;

/** The generation that is being merged. */
interface Older {
  readonly ids: Generation;
  readonly upTo: ReadonlyMap<LogPartition, number>;
  at: number;
}

/** Fewer ids wait until so many go together, or half a generation. */
const mergeMinMax = 64;

/**
 * A table of random ids that does not rewrite one page for each: the newest ids are kept in memory (the records themselves hold them on
 * disk), and are merged into the table in sorted runs, some with each append. Ids side by side share their pages, which writes a tenth.
 *
 * Opening reads the ids of the records behind the last merge again, at most about two generations; the log merges them then.
 *
 * @param options.generation Ids of a generation, about 100 bytes of memory each.
 */
export function openIdTable(options: {
  readonly environment: LmdbEnvironment;
  readonly ids: BinaryDatabase;
  /** Table of offsets; the marks of what is merged are kept beside them. */
  readonly offsets: BinaryDatabase;
  readonly partitions: readonly LogPartition[];
  readonly generation: number;
}): IdTable {
  const { environment, ids, offsets, partitions, generation } = options;
  const mergeMin = Math.min(mergeMinMax, Math.ceil(generation / 2));
  const merged = new Map<LogPartition, number>();
  let younger = new Generation();
  let older: Older | undefined;
  let owed = 0;

  const turn = () => {
    if (older || younger.size === 0) return;
    const upTo = new Map(partitions.map((at) => [at, at.next]));
    older = { ids: younger, upTo, at: 0 };
    younger = new Generation();
  };
  environment.read(() => {
    for (const at of partitions) {
      const mark = offsets.get(markKey(at));
      merged.set(at, mark ? offsetOf(mark) : 0);
      for (const [id, place] of idsBehind(at, merged.get(at) as number)) younger.set(id, place);
    }
  });
  if (younger.size >= generation) turn();

  const placeOf = (id: string) => older?.ids.get(id) as Place;

  return {
    find(id, bytes) {
      const recent = younger.get(id) ?? older?.ids.get(id);
      if (recent) return recent;
      const known = ids.getBinaryFast(bytes);
      return known && readPlace(known);
    },
    plan(appended) {
      if (!older) return { ids: [], isLast: false };
      // twice as fast as new ids come, so that this generation is through before the next is full
      const due = owed + 2 * appended;
      if (due < mergeMin) return { ids: [], isLast: false };
      const end = older.at + due;
      return { ids: older.ids.sorted(older.at, end), isLast: end >= older.ids.size };
    },
    put(merge) {
      const places = Buffer.allocUnsafeSlow(Math.max(1, merge.ids.length * placeBytes));
      for (const [at, id] of merge.ids.entries()) {
        writePlace(places, at * placeBytes, placeOf(id));
        void ids.put(idBytes(id), places.subarray(at * placeBytes, (at + 1) * placeBytes));
      }
      if (!merge.isLast) return;
      for (const [at, offset] of (older as Older).upTo) void offsets.put(markKey(at), offsetBytes(offset));
    },
    done(merge, fresh) {
      for (const [id, place] of fresh) younger.set(id, place);
      if (older) {
        older.at += merge.ids.length;
        owed = merge.ids.length > 0 ? 0 : owed + 2 * fresh.size;
      }
      if (older && merge.isLast) {
        for (const [at, offset] of older.upTo) merged.set(at, offset);
        older = undefined;
      }
      if (younger.size >= generation) turn();
    },
    turn,
    waiting: () => younger.size + (older ? older.ids.size - older.at : 0),
    mergedUpTo: (partition) => merged.get(partition) as number,
  };
}

const markKey = ({ topic, partition }: LogPartition) => Buffer.from(`merged/${topic}/${partition}`);

/** The ids of the records of a partition from an offset on. */
function* idsBehind({ topic, partition, records }: LogPartition, from: number): Generator<[string, Place]> {
  for (const { key, value } of records.getRange({ start: from })) {
    const place = { topic, partition, offset: key };
    yield [readRecord(value, place).id, place];
  }
}

import { type Topic, topics } from "../contracts/events.ts";
import type { Position } from "../events/event-log.ts";

/** A place in the log. */
type Place = Readonly<Pick<Position, "topic" | "partition">>;

/** A partition: the offset before which everything is applied, and the applied ones behind it. */
interface Applied {
  next: number;
  ahead: Set<number>;
}

/** As it is stored. */
interface Stored {
  readonly isWhole: boolean;
  readonly partitions: readonly (readonly [topic: Topic, partition: number, next: number, ahead: number[]])[];
}

/**
 * Which records of the log are in the state.
 *
 * Requests finish out of order: a record may be applied before its predecessor. So for each partition there is the offset before
 * which everything is applied, and the few applied ones behind it. Nothing is then applied twice or left out after a crash.
 */
export class AppliedOffsets {
  readonly #topics = new Map<Topic, Applied[]>(topics.map((topic) => [topic, []]));
  #isWhole: boolean;

  constructor(text?: string) {
    const { isWhole, partitions }: Stored =
      text === undefined ? { isWhole: true, partitions: [] } : JSON.parse(text);
    this.#isWhole = isWhole;
    for (const [topic, partition, next, ahead] of partitions) {
      Object.assign(this.#of({ topic, partition }), { next, ahead: new Set(ahead) });
    }
  }

  /** True while all that is in the state has its place in this log: an event whose place is not applied is then new. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Says that the state has events that are not of this log. */
  mix(): void {
    this.#isWhole = false;
  }

  has({ topic, partition, offset }: Place & { offset: number }): boolean {
    const found = this.#topics.get(topic)?.[partition];
    return found !== undefined && (offset < found.next || found.ahead.has(offset));
  }

  add({ topic, partition, offset }: Place & { offset: number }): void {
    const found = this.#of({ topic, partition });
    if (offset < found.next) return;
    if (offset > found.next) found.ahead.add(offset);
    else found.next++;
    while (found.ahead.size > 0 && found.ahead.delete(found.next)) found.next++;
  }

  /** Says that no record before this offset is to come, because the log has none any more. */
  skipTo({ topic, partition, offset }: Place & { offset: number }): void {
    const found = this.#of({ topic, partition });
    if (offset <= found.next) return;
    found.next = offset;
    for (const ahead of found.ahead) if (ahead < offset) found.ahead.delete(ahead);
    while (found.ahead.delete(found.next)) found.next++;
  }

  /** Forgets a partition: its log is another one now. */
  restart(place: Place): void {
    Object.assign(this.#of(place), { next: 0, ahead: new Set() });
    this.mix();
  }

  /** Where to read on: the first offset that is not applied; 0 where nothing is. */
  next({ topic, partition }: Place): number {
    return this.#topics.get(topic)?.[partition]?.next ?? 0;
  }

  /** True while a record is applied whose predecessor is not. */
  get hasGaps(): boolean {
    return this.#entries().some(([, , { ahead }]) => ahead.size > 0);
  }

  positions(): Position[] {
    return this.#entries().map(([topic, partition, { next }]) => ({ topic, partition, offset: next }));
  }

  toText(): string {
    const stored: Stored = {
      isWhole: this.#isWhole,
      partitions: this.#entries().map(([topic, partition, { next, ahead }]) => [
        topic,
        partition,
        next,
        [...ahead].sort(ascending),
      ]),
    };
    return JSON.stringify(stored);
  }

  #entries() {
    return [...this.#topics].flatMap(([topic, partitions]) =>
      partitions.flatMap((applied, partition) =>
        applied.next + applied.ahead.size > 0 ? [[topic, partition, applied] as const] : [],
      ),
    );
  }

  #of({ topic, partition }: Place): Applied {
    const partitions = this.#topics.get(topic) as Applied[];
    while (partitions.length <= partition) partitions.push({ next: 0, ahead: new Set() });
    return partitions[partition] as Applied;
  }
}

const ascending = (left: number, right: number) => left - right;

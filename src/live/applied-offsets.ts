import type { Topic } from "../contracts/events.ts";
import type { Position } from "../events/event-log.ts";

/** A place in the log. */
type Place = Readonly<Pick<Position, "topic" | "partition">>;

/**
 * Which records of the log are in the state.
 *
 * Requests finish out of order: a record may be applied before its predecessor. So for each partition there is the offset before
 * which everything is applied, and the few applied ones behind it. Nothing is then applied twice or left out after a crash.
 */
export class AppliedOffsets {
  readonly #partitions = new Map<string, { next: number; ahead: Set<number> }>();

  constructor(text?: string) {
    const stored = text === undefined ? [] : (JSON.parse(text) as [string, number, number[]][]);
    for (const [name, next, ahead] of stored) this.#partitions.set(name, { next, ahead: new Set(ahead) });
  }

  has({ topic, partition, offset }: Place & { offset: number }): boolean {
    const found = this.#partitions.get(nameOf({ topic, partition }));
    return found !== undefined && (offset < found.next || found.ahead.has(offset));
  }

  add({ topic, partition, offset }: Place & { offset: number }): void {
    const found = this.#of({ topic, partition });
    if (offset < found.next) return;
    found.ahead.add(offset);
    while (found.ahead.delete(found.next)) found.next++;
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
    this.#partitions.delete(nameOf(place));
  }

  /** Where to read on: the first offset that is not applied; 0 where nothing is. */
  next(place: Place): number {
    return this.#partitions.get(nameOf(place))?.next ?? 0;
  }

  /** True while a record is applied whose predecessor is not. */
  get hasGaps(): boolean {
    return [...this.#partitions.values()].some(({ ahead }) => ahead.size > 0);
  }

  positions(): Position[] {
    return [...this.#partitions].map(([name, { next }]) => {
      const [topic = "", partition] = name.split("/");
      return { topic: topic as Topic, partition: Number(partition), offset: next };
    });
  }

  toText(): string {
    const sorted = [...this.#partitions].sort(([left], [right]) => (left < right ? -1 : 1));
    return JSON.stringify(sorted.map(([name, { next, ahead }]) => [name, next, [...ahead].sort(ascending)]));
  }

  #of(place: Place): { next: number; ahead: Set<number> } {
    const name = nameOf(place);
    const found = this.#partitions.get(name) ?? { next: 0, ahead: new Set<number>() };
    this.#partitions.set(name, found);
    return found;
  }
}

const nameOf = ({ topic, partition }: Place) => `${topic}/${partition}`;
const ascending = (left: number, right: number) => left - right;

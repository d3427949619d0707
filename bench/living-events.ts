import { randomUUID } from "node:crypto";
import { type Topic, topicOf, type UsherEvent } from "../src/contracts/events.ts";
import { type Random, seededRandom } from "../src/data/random.ts";
import type { NewRecord } from "../src/events/event-log.ts";

/** Kinds of events and how often each comes, as a film site sees them. */
const kinds = [
  { share: 0.5, fields: { event_type: "view", device_type: "tv", progress: 0.4 } },
  { share: 0.2, fields: { event_type: "click", click_type: "title" } },
  { share: 0.15, fields: { event_type: "rating", rating: 4 } },
  { share: 0.1, fields: { event_type: "like" } },
  { share: 0.05, fields: { event_type: "bookmark" } },
] as const;

/** Events with ids of their own: the people come in turn or by chance, the items by chance. */
export interface EventMaker {
  make(): UsherEvent;
}

/** @param options.inTurn Every user once before anybody comes again. Default false. */
export function eventMaker(options: {
  users: number;
  itemIds: readonly string[];
  seed: number;
  inTurn?: boolean;
}): EventMaker {
  const { users, itemIds, seed, inTurn = false } = options;
  const random = seededRandom(seed);
  let next = 0;
  return {
    make: () =>
      ({
        event_id: randomUUID(),
        event_ts: new Date(Date.now() - random.below(3600_000)).toISOString(),
        user_id: `bench-${inTurn ? next++ % users : random.below(users)}`,
        item_id: itemIds[random.below(itemIds.length)] as string,
        ...kindOf(random),
      }) as UsherEvent,
  };
}

function kindOf(random: Random) {
  let rest = random.uniform();
  const found = kinds.find(({ share }) => {
    rest -= share;
    return rest < 0;
  });
  return (found ?? kinds[0]).fields;
}

/** An event as the intake would append it. */
export function recordOf(event: UsherEvent): NewRecord & { readonly topic: Topic } {
  return {
    topic: topicOf(event.event_type),
    key: event.user_id as string,
    id: event.event_id,
    receivedMs: Date.now(),
    value: Buffer.from(JSON.stringify(event)),
  };
}

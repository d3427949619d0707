import { useMemo } from "preact/hooks";
import type { UsherEvent } from "../../../src/contracts/events.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { cell, useCell } from "../cell.ts";

/** What a person has done with one item, as its buttons show it. Each names the event that undoing takes back. */
export interface Marks {
  readonly like?: string;
  readonly dislike?: string;
  readonly bookmark?: string;
  readonly rating?: { readonly eventId: string; readonly value: number };
}

/** Events of a history that are looked at: the newest. */
const eventsMax = 1000;

/** Events that were just sent, by user; the server's own list may not have them yet. */
const sent = cell<Readonly<Record<string, readonly UsherEvent[]>>>({});

/** Counts an event at once. @returns What takes it back. */
export function note(userId: string, event: UsherEvent): () => void {
  const others = () => (sent.value[userId] ?? []).filter(({ event_id: id }) => id !== event.event_id);
  sent.set({ ...sent.value, [userId]: [event, ...others()] });
  return () => sent.set({ ...sent.value, [userId]: others() });
}

/** Marks by item, from events of which the newest come first. Pure. */
export function marksOf(events: readonly UsherEvent[]): ReadonlyMap<string, Marks> {
  const retracted = new Set(
    events.flatMap((one) => (one.event_type === "retract" ? [one.target_event_id] : [])),
  );
  const marks = new Map<string, Marks>();
  for (const event of events) {
    if (retracted.has(event.event_id) || !("item_id" in event)) continue;
    const { item_id: itemId, event_id: eventId } = event;
    const known = marks.get(itemId) ?? {};
    const isDecided = known.like !== undefined || known.dislike !== undefined; // the newest of the two counts
    if (event.event_type === "rating") {
      if (!known.rating) marks.set(itemId, { ...known, rating: { eventId, value: event.rating } });
    } else if (event.event_type === "bookmark") {
      marks.set(itemId, { bookmark: eventId, ...known });
    } else if ((event.event_type === "like" || event.event_type === "dislike") && !isDecided) {
      marks.set(itemId, { ...known, [event.event_type]: eventId });
    }
  }
  return marks;
}

/** What a person has done with each item. */
export function useMarks(userId: string): ReadonlyMap<string, Marks> {
  const path = `v1/users/${encodeURIComponent(userId)}/events?limit=${eventsMax}`;
  const { value } = useAnswer(`marks ${userId}`, () => ask<{ events: UsherEvent[] }>(path), {
    topics: ["profile"],
  });
  const own = useCell(sent)[userId];
  return useMemo(() => {
    const known = new Set((own ?? []).map(({ event_id: id }) => id));
    const others = (value?.events ?? []).filter(({ event_id: id }) => !known.has(id));
    return marksOf([...(own ?? []), ...others]);
  }, [value, own]);
}

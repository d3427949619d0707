import { useMemo } from "preact/hooks";
import type { UsherEvent } from "../../../src/contracts/events.ts";
import { type Shown, useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { cell, useCell } from "../cell.ts";
import { pathOf } from "../person.ts";

/** What a person has done with one item, as its buttons show it. Each names the event that undoing takes back. */
export interface Marks {
  readonly like?: string;
  readonly dislike?: string;
  readonly bookmark?: string;
  /** Seen, heard or read to its end. */
  readonly finish?: string;
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

/** Whether something was seen, read or heard to its end. */
export const isFinish = (event: UsherEvent): boolean =>
  (event.event_type === "view" && (event.progress ?? 0) >= 0.9) ||
  (event.event_type === "listen" && event.completed === true);

/** Events that count: none that was taken back, and not the taking back itself. Pure. */
export function standing(events: readonly UsherEvent[]): UsherEvent[] {
  const retracted = new Set(
    events.flatMap((one) => (one.event_type === "retract" ? [one.target_event_id] : [])),
  );
  return events.filter((one) => one.event_type !== "retract" && !retracted.has(one.event_id));
}

/** Marks by item, from events of which the newest come first. Pure. */
export function marksOf(events: readonly UsherEvent[]): ReadonlyMap<string, Marks> {
  const marks = new Map<string, Marks>();
  for (const event of standing(events)) {
    if (!("item_id" in event)) continue;
    const { item_id: itemId, event_id: eventId } = event;
    const known = marks.get(itemId) ?? {};
    const isDecided = known.like !== undefined || known.dislike !== undefined; // the newest of the two counts
    if (event.event_type === "rating") {
      if (!known.rating) marks.set(itemId, { ...known, rating: { eventId, value: event.rating } });
    } else if (isFinish(event)) {
      marks.set(itemId, { finish: eventId, ...known });
    } else if (event.event_type === "bookmark") {
      marks.set(itemId, { bookmark: eventId, ...known });
    } else if ((event.event_type === "like" || event.event_type === "dislike") && !isDecided) {
      marks.set(itemId, { ...known, [event.event_type]: eventId });
    }
  }
  return marks;
}

/** What a person has done, the newest first: as the server keeps it, with what was sent a moment ago. */
export function useEvents(userId: string): Shown<readonly UsherEvent[]> {
  const path = `${pathOf(userId)}/events?limit=${eventsMax}`;
  const shown = useAnswer(`marks ${userId}`, async () => (await ask<{ events: UsherEvent[] }>(path)).events, {
    topics: ["profile"],
  });
  const own = useCell(sent)[userId];
  const { value } = shown;
  const events = useMemo(() => {
    const known = new Set((own ?? []).map(({ event_id: id }) => id));
    return [...(own ?? []), ...(value ?? []).filter(({ event_id: id }) => !known.has(id))];
  }, [value, own]);
  return { ...shown, value: value && events };
}

/** What a person has done with each item. */
export function useMarks(userId: string): ReadonlyMap<string, Marks> {
  const { value } = useEvents(userId);
  const own = useCell(sent)[userId];
  return useMemo(() => marksOf(value ?? own ?? []), [value, own]);
}

import type { UsherEvent } from "../contracts/events.ts";
import { actionsOf, impressionsOf, type Owner } from "./keys.ts";
import { eventOf, placeOf } from "./stored-event.ts";
import type { WriteBehind } from "./write-behind.ts";

/** Longer than the place of any event: a foreign cursor must not become a key that the store refuses. */
const placeLengthMax = 300;

/** The accepted events of some owners together, the newest first; retracted ones and retracts too. */
export async function newestEvents(
  state: WriteBehind,
  request: { owners: readonly Owner[]; limit: number; after?: string | undefined },
): Promise<{ events: UsherEvent[]; next?: string }> {
  const { owners, limit, after } = request;
  const groups = owners.flatMap((owner) =>
    [actionsOf(owner), impressionsOf(owner)].map((group) => ({ owner, group })),
  );
  const end =
    after === undefined ? undefined : Buffer.from(after, "base64url").toString().slice(0, placeLengthMax);
  const found = await Promise.all(
    groups.map(async ({ owner, group }) => {
      const before = end === undefined ? undefined : group + end;
      const entries = await state.entries(group, { limit: limit + 1, before });
      return entries.map(([key, text]) => ({ owner, place: key.slice(group.length), text }));
    }),
  );
  const newest = found
    .flat()
    .sort(({ place: left }, { place: right }) => (left < right ? 1 : left > right ? -1 : 0));
  const events = newest.slice(0, limit).map(eventOf);
  const last = events.at(-1);
  if (newest.length <= limit || !last) return { events };
  return { events, next: Buffer.from(placeOf(last)).toString("base64url") };
}

/** When each item was last shown to somebody, ms since 1970, by the newest impressions. */
export async function lastShown(
  state: WriteBehind,
  request: { owners: readonly Owner[]; impressions: number },
): Promise<Map<string, number>> {
  const shown = new Map<string, number>();
  for (const owner of request.owners) {
    const group = impressionsOf(owner);
    for (const [key, text] of await state.entries(group, { limit: request.impressions })) {
      const event = eventOf({ owner, place: key.slice(group.length), text });
      if (event.event_type !== "impression") continue;
      const tsMs = Date.parse(event.event_ts);
      for (const itemId of event.item_ids) shown.set(itemId, Math.max(tsMs, shown.get(itemId) ?? 0));
    }
  }
  return shown;
}

import type { UsherEvent } from "../contracts/events.ts";
import { eventOfText } from "./event-text.ts";
import { actionsOf, impressionsOf, type Owner, placeOf } from "./keys.ts";
import type { WriteBehind } from "./write-behind.ts";

/** Longer than the place of any event: a foreign cursor must not become a key that the store refuses. */
const placeLengthMax = 300;

/** The accepted events of some owners together, the newest first; retracted ones and retracts too. */
export async function newestEvents(
  state: WriteBehind,
  request: { owners: readonly Owner[]; limit: number; after?: string | undefined },
): Promise<{ events: UsherEvent[]; next?: string }> {
  const { owners, limit, after } = request;
  const groups = owners.flatMap((owner) => [actionsOf(owner), impressionsOf(owner)]);
  const place =
    after === undefined ? undefined : Buffer.from(after, "base64url").toString().slice(0, placeLengthMax);
  const found = await Promise.all(
    groups.map(async (group) => {
      const before = place === undefined ? undefined : group + place;
      const entries = await state.entries(group, { limit: limit + 1, before });
      return entries.map(([key, text]) => [key.slice(group.length), text] as const);
    }),
  );
  const newest = found.flat().sort(([left], [right]) => (left < right ? 1 : left > right ? -1 : 0));
  const events = newest.slice(0, limit).map(([, text]) => eventOfText(text));
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
    for (const [, text] of await state.entries(impressionsOf(owner), { limit: request.impressions })) {
      const event = eventOfText(text);
      if (event.event_type !== "impression") continue;
      const tsMs = Date.parse(event.event_ts);
      for (const itemId of event.item_ids) shown.set(itemId, Math.max(tsMs, shown.get(itemId) ?? 0));
    }
  }
  return shown;
}

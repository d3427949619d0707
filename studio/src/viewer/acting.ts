import type { UsherEvent } from "../../../src/contracts/events.ts";
import type { CatalogueKind } from "../../../src/contracts/studio-http.ts";
import { ask, Failure } from "../api/client.ts";
import { say } from "../design/toast.tsx";
import type { MessageKey } from "../i18n/en.ts";
import { t } from "../i18n/i18n.ts";
import { namesOf, pathOf } from "../person.ts";
import { note } from "./marks.ts";

/** What a person can do with an item in the Studio. */
export type Deed =
  | { readonly event_type: "like" | "dislike" | "bookmark" }
  | { readonly event_type: "rating"; readonly rating: number }
  | { readonly event_type: "view"; readonly progress: 1 }
  | { readonly event_type: "listen"; readonly completed: true };

interface EventsBody {
  readonly results: readonly { readonly status: string; readonly detail?: string }[];
}

const told: Readonly<Record<Deed["event_type"], MessageKey>> = {
  like: "act.liked",
  dislike: "act.disliked",
  bookmark: "act.bookmarked",
  rating: "act.rated",
  view: "act.finished",
  listen: "act.finished",
};

/** Of an item that was seen, read or heard to its end. */
export const finishOf = (kind: CatalogueKind | undefined): Deed =>
  kind === "music" ? { event_type: "listen", completed: true } : { event_type: "view", progress: 1 };

/** Who does something, and with what. */
export interface About {
  readonly userId: string;
  readonly item: { readonly item_id: string; readonly title: string };
}

/**
 * Does something in a person's name. It shows at once, and is taken back where the server does not keep it. The rails that change by it
 * are asked for again when the stream tells of it.
 */
export async function act(deed: Deed, about: About): Promise<void> {
  const { userId, item } = about;
  const event = { ...newEvent(userId), ...deed, item_id: item.item_id } as UsherEvent;
  const rating = deed.event_type === "rating" ? { rating: deed.rating } : {};
  const takeBack = note(userId, event);
  if (!(await isKept(event, takeBack, () => void act(deed, about)))) return;
  say({
    text: t(told[deed.event_type], { title: item.title, ...rating }),
    action: { label: t("act.undo"), run: () => void undo(event, userId) },
  });
}

/** Takes back what was done. */
export async function undo(event: Pick<UsherEvent, "event_id">, userId: string): Promise<void> {
  const retract = {
    ...newEvent(userId),
    event_type: "retract",
    target_event_id: event.event_id,
  } as UsherEvent;
  const takeBack = note(userId, retract);
  if (await isKept(retract, takeBack, () => void undo(event, userId))) say({ text: t("act.undone") });
}

const newEvent = (userId: string) => ({
  event_id: crypto.randomUUID(),
  event_ts: new Date().toISOString(),
  ...namesOf(userId),
});

async function isKept(event: UsherEvent, takeBack: () => void, again: () => void): Promise<boolean> {
  try {
    const { results } = await ask<EventsBody>("v1/events", { method: "POST", body: event });
    const [first] = results;
    if (first?.status !== "rejected") return true;
    throw new Failure("invalid", first.detail ?? "");
  } catch (error) {
    takeBack();
    const detail = (error as Error).message;
    say({ text: t("act.failed", { detail }), action: { label: t("act.again"), run: again }, isAlert: true });
    return false;
  }
}

/** What a newcomer did becomes a user's: their session is joined to the user, so that nothing is written twice. @throws Failure */
export async function bringAlong(newcomer: string, userId: string): Promise<void> {
  const { events } = await ask<{ events: UsherEvent[] }>(`${pathOf(newcomer)}/events?limit=1`);
  if (events.length === 0) return;
  const body = namesOf(newcomer);
  await ask(`v1/users/${encodeURIComponent(userId)}/merge`, { method: "POST", body });
}

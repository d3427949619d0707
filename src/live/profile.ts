import { completedProgress } from "../contracts/events.ts";
import { type Action, compareActions, decay, type ItemAction, isConsuming, weightOf } from "./action.ts";
import type { LivePair, LiveView } from "./live-view.ts";

/** About how many bytes an action, and an item, take in memory. */
const [actionBytes, itemBytes] = [220, 500];

/**
 * What a person did, item by item, as undecayed contributions in the order of (event_ts, event_id).
 *
 * It is a function of the set of events: in whatever order and however often they are added, the profile is the same. The clock
 * comes in only when it is looked at.
 */
export class Profile {
  readonly #actions = new Map<string, Action[]>();
  readonly #retracted = new Set<string>();
  #actionCount = 0;
  /** The last look, as long as nothing changes. */
  #looked: { readonly atMs: number; readonly view: LiveView } | undefined;

  /** Adds an action where it belongs; one that is there already changes nothing. Cost: O(log n) for the newest, O(n) for a late one. */
  add({ itemId, ...action }: ItemAction): void {
    this.#looked = undefined;
    const actions = this.#actions.get(itemId);
    if (!actions) this.#actions.set(itemId, [action]);
    else {
      let at = actions.length;
      while (at > 0 && compareActions(actions[at - 1] as Action, action) > 0) at--;
      if (actions[at - 1]?.eventId === action.eventId) return;
      actions.splice(at, 0, action);
    }
    this.#actionCount++;
  }

  /** Cancels an event, whether it is there already or comes later. */
  retract(eventId: string): void {
    this.#looked = undefined;
    this.#retracted.add(eventId);
  }

  /** Ids of the events that were retracted by this person, known or not. */
  get retracted(): ReadonlySet<string> {
    return this.#retracted;
  }

  /** The action of an event, retracted or not. Cost: O(actions). */
  find(eventId: string): ItemAction | undefined {
    for (const [itemId, actions] of this.#actions) {
      const action = actions.find((known) => known.eventId === eventId);
      if (action) return { ...action, itemId };
    }
    return undefined;
  }

  /** Memory that the profile takes, about. */
  get bytes(): number {
    return (
      500 + this.#actionCount * actionBytes + this.#actions.size * itemBytes + this.#retracted.size * 150
    );
  }

  /** The profile at a moment, ms since 1970; the same object for the same moment while nothing changes. Cost: O(actions), or none then. */
  view(nowMs: number): LiveView {
    if (this.#looked?.atMs !== nowMs) this.#looked = { atMs: nowMs, view: this.#look(nowMs) };
    return this.#looked.view;
  }

  #look(nowMs: number): LiveView {
    const pairs: LivePair[] = [];
    const retractedRatings: { itemId: string; tsMs: number }[] = [];
    const continuing: { itemId: string; progress: number; tsMs: number }[] = [];
    const bookmarks: { itemId: string; tsMs: number }[] = [];
    for (const [itemId, all] of this.#actions) {
      const actions =
        this.#retracted.size === 0 ? all : all.filter(({ eventId }) => !this.#retracted.has(eventId));
      for (const { kind, eventId, tsMs } of all) {
        if (kind === "rating" && this.#retracted.has(eventId)) retractedRatings.push({ itemId, tsMs });
      }
      if (actions.length === 0) continue;
      pairs.push(pairOf(itemId, { actions, nowMs }));
      const look = actions.findLast(({ kind }) => kind === "view");
      if (look && look.value > 0 && look.value < completedProgress) {
        continuing.push({ itemId, progress: look.value, tsMs: look.tsMs });
      }
      const bookmark = actions.findLast(({ kind }) => kind === "bookmark");
      if (bookmark) bookmarks.push({ itemId, tsMs: bookmark.tsMs });
    }
    return {
      pairs: pairs.sort(byItem),
      retractedRatings: retractedRatings.sort((left, right) => byItem(left, right) || left.tsMs - right.tsMs),
      continuing: continuing.sort(newestFirst),
      bookmarks: bookmarks.sort(newestFirst).map(({ itemId }) => itemId),
    };
  }
}

function pairOf(itemId: string, { actions, nowMs }: { actions: readonly Action[]; nowMs: number }): LivePair {
  let weight = 0;
  let isConsumed = false;
  let isDenied = false;
  let rating: LivePair["rating"];
  for (const action of actions) {
    const present = weightOf(action) * decay(nowMs - action.tsMs);
    if (action.kind === "rating") rating = { value: action.value, weight: present, tsMs: action.tsMs };
    else weight += present;
    isConsumed ||= isConsuming(action);
    isDenied ||= action.kind === "dislike";
  }
  const lastTsMs = actions.at(-1)?.tsMs ?? 0;
  return { itemId, weight, ...(rating ? { rating } : {}), isConsumed, isDenied, lastTsMs };
}

type Named = { itemId: string };
const byItem = (left: Named, right: Named) =>
  left.itemId < right.itemId ? -1 : left.itemId > right.itemId ? 1 : 0;
const newestFirst = (left: Named & { tsMs: number }, right: Named & { tsMs: number }) =>
  right.tsMs - left.tsMs || byItem(left, right);

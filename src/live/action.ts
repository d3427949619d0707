import {
  completedProgress,
  signalWeights,
  type UsherEvent,
  weightHalfLifeDays,
} from "../contracts/events.ts";
import { ratingWeight } from "../data/signals.ts";

/** What a person did to an item, as far as profile and trending look at it. */
export interface Action {
  readonly tsMs: number;
  readonly eventId: string;
  readonly kind: "page" | "view" | "click" | "rating" | "like" | "dislike" | "bookmark" | "listen";
  /** Progress 0..1 of a `view`, stars of a `rating`, 1 for a completed `listen`; else 0. */
  readonly value: number;
}

/** An action and its item. */
export interface ItemAction extends Action {
  readonly itemId: string;
}

/** The action of an event; `undefined` for an impression and a retract, which are no signs of liking. */
export function actionOf(event: UsherEvent): ItemAction | undefined {
  if (event.event_type === "impression" || event.event_type === "retract") return undefined;
  const [kind, value] = kindOf(event);
  return { tsMs: Date.parse(event.event_ts), eventId: event.event_id, itemId: event.item_id, kind, value };
}

function kindOf(
  event: Exclude<UsherEvent, { event_type: "impression" | "retract" }>,
): [Action["kind"], value: number] {
  switch (event.event_type) {
    case "view":
      return event.progress === undefined ? ["page", 0] : ["view", event.progress];
    case "rating":
      return ["rating", event.rating];
    case "listen":
      return ["listen", event.completed === true ? 1 : 0];
    default:
      return [event.event_type, 0];
  }
}

/** Weight of one action as a sign of liking, 0..1, before it decays (CONTRACTS "Signals"). */
export function weightOf({ kind, value }: Action): number {
  switch (kind) {
    case "page":
      return signalWeights.pageView;
    case "view":
      return value >= completedProgress ? signalWeights.completedView : signalWeights.partView;
    case "listen":
      return value === 1 ? signalWeights.completedListen : signalWeights.partListen;
    case "rating":
      return ratingWeight(value);
    case "dislike":
      return 0;
    default:
      return signalWeights[kind];
  }
}

/** True where the person is done with the item: rated, disliked, or seen or heard to its end. */
export function isConsuming({ kind, value }: Action): boolean {
  if (kind === "view") return value >= completedProgress;
  return kind === "rating" || kind === "dislike" || (kind === "listen" && value === 1);
}

const halfLifeMs = weightHalfLifeDays * 24 * 3600 * 1000;

/** Share of a weight that is left after this age; 1 for what lies in the future. */
export function decay(ageMs: number): number {
  return ageMs <= 0 ? 1 : 2 ** (-ageMs / halfLifeMs);
}

/** The order of events everywhere: by time, then by id. Negative where `left` comes first. */
export function compareActions(left: Action, right: Action): number {
  return left.tsMs - right.tsMs || (left.eventId < right.eventId ? -1 : left.eventId > right.eventId ? 1 : 0);
}

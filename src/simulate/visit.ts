import type { RejectionReason } from "../contracts/events.ts";
import type { Random } from "../data/random.ts";
import { malformedLine } from "./malformed-event.ts";
import { drawWeighted } from "./tastes.ts";

/** A list as it was answered. */
export interface ShownList {
  readonly requestId: string;
  readonly modelVersion: string;
  readonly surface: string;
  /** In the order of the list. */
  readonly itemIds: readonly string[];
}

/** An event of a simulated user. */
export interface SimulatedEvent {
  readonly eventId: string;
  /** What is sent: the event as JSON, or a spoilt line. */
  readonly text: string;
  /** `repeat`: sent a second time. A rejection reason: spoilt on purpose. */
  readonly expected: "accepted" | "repeat" | RejectionReason;
  /** The item that must be gone from the person's next list, because it was rated, disliked or seen to its end. */
  readonly consumes?: string;
  /** Id of the event that is taken back. */
  readonly retracts?: string;
}

/** One look at a list, and what a person does then. */
export interface Visit {
  /** Simulated time since the start, ms. */
  readonly atMs: number;
  /** Absent for a visitor without an account. */
  readonly userId?: string;
  readonly sessionId: string;
  /** How many events `act` gives. */
  readonly eventCount: number;
  /** What the person does with the list; the same list gives the same events. To be called once. */
  act(shown: ShownList): SimulatedEvent[];
}

/** What a session remembers between its visits. */
export interface SessionMemory {
  readonly acted: Set<string>;
  /** Event id of a rating that may still be taken back. */
  lastRating?: string | undefined;
}

/** What a visit needs to know of its person and the catalogue. */
export interface VisitGround {
  readonly owner: { readonly user_id?: string; readonly session_id: string };
  readonly memory: SessionMemory;
  readonly random: Random;
  /** Milliseconds since 1970 at which the visit begins. */
  readonly beginMs: number;
  readonly eventCount: number;
  readonly malformedShare: number;
  /** How much the person likes an item; `undefined` for one that the simulator does not know. */
  liking(itemId: string): number | undefined;
  /** An item that the person hears of elsewhere: well-known ones more often. */
  heardOf(random: Random): string;
}

/** Share of events that a client sends twice, and of ratings that are taken back. */
const repeatShare = 0.01;
const retractShare = 0.02;
/** How often a person acts on the list, and not on what they heard of elsewhere. */
const listShare = 0.75;
/** Actions of a visit follow each other at most so far apart. */
const stepMs = 40;

type Fields = Record<string, unknown>;

/**
 * The events of one visit: an impression of what was shown, then actions.
 *
 * Places are looked at with a probability that falls as 1/rank (position bias); of what is looked at, what is liked is chosen more often. What happens
 * then follows the liking with some chance: high ratings, likes, bookmarks and views to the end; clicks and half views; or low ratings
 * and dislikes.
 */
export function eventsOfVisit(ground: VisitGround, shown: ShownList): SimulatedEvent[] {
  const { random, memory, eventCount } = ground;
  const events: SimulatedEvent[] = [];
  while (events.length < eventCount) {
    const before = events.at(-1);
    const base = baseOf(ground, events.length, shown);
    if (before?.expected === "accepted" && random.uniform() < repeatShare) {
      events.push({ eventId: before.eventId, text: before.text, expected: "repeat" });
    } else if (events.length === 0 && shown.itemIds.length > 0) {
      events.push(asSent(ground, impressionOf(base, shown)));
    } else if (memory.lastRating !== undefined && random.uniform() < retractShare) {
      const target_event_id = memory.lastRating;
      memory.lastRating = undefined;
      const event = asSent(ground, { ...base, event_type: "retract", target_event_id });
      events.push({ ...event, retracts: target_event_id });
    } else {
      events.push(actionEvent(ground, { base, shown }));
    }
  }
  return events;
}

function baseOf({ owner, random, beginMs }: VisitGround, at: number, shown: ShownList): Fields {
  return {
    event_id: uuidOf(random),
    event_ts: new Date(beginMs + at * stepMs).toISOString(),
    ...owner,
    ...(shown.itemIds.length > 0 ? { request_id: shown.requestId } : {}),
  };
}

const impressionOf = (base: Fields, { itemIds, surface, modelVersion }: ShownList): Fields => ({
  ...base,
  event_type: "impression",
  item_ids: itemIds,
  surface,
  model_version: modelVersion,
});

function actionEvent(ground: VisitGround, { base, shown }: { base: Fields; shown: ShownList }) {
  const { random, memory } = ground;
  const itemId = chosenItem(ground, shown);
  memory.acted.add(itemId);
  const felt = (ground.liking(itemId) ?? 0) + 0.3 * random.normal();
  const action = actionFor(felt, random);
  const event = asSent(ground, { ...base, ...action, item_id: itemId });
  const isSpoilt = event.expected !== "accepted";
  if (!isSpoilt && action["event_type"] === "rating") memory.lastRating = event.eventId;
  return isSpoilt || !isConsuming(action) ? event : { ...event, consumes: itemId };
}

const isConsuming = ({ event_type, progress }: Fields) =>
  event_type === "rating" || event_type === "dislike" || (event_type === "view" && Number(progress) >= 0.9);

/** An item of the list, or one heard of elsewhere. */
function chosenItem({ random, memory, liking, heardOf }: VisitGround, { itemIds }: ShownList): string {
  const left = itemIds.filter((itemId) => !memory.acted.has(itemId));
  if (left.length > 0 && random.uniform() < listShare) {
    const weights = left.map((itemId) => Math.exp(liking(itemId) ?? 0) / (1 + itemIds.indexOf(itemId)));
    return left[drawWeighted(weights, random)] as string;
  }
  const heard = Array.from({ length: 4 }, () => heardOf(random));
  const weights = heard.map((itemId) => Math.exp(2 * (liking(itemId) ?? 0)));
  return heard[drawWeighted(weights, random)] as string;
}

/** What a person does with an item that they feel so about. */
function actionFor(felt: number, random: Random): Fields {
  const chance = random.uniform();
  if (felt > 0.5) {
    if (chance < 0.4) return { event_type: "rating", rating: halfStep(3.5 + felt, 4) };
    if (chance < 0.65) return { event_type: "view", progress: 1, device_type: "tv" };
    return { event_type: chance < 0.85 ? "like" : "bookmark" };
  }
  if (felt > -0.5) {
    if (chance < 0.4) return { event_type: "click", click_type: "title" };
    if (chance < 0.7) return { event_type: "view" };
    return { event_type: "view", progress: Math.round(80 * random.uniform()) / 100, device_type: "mobile" };
  }
  if (chance < 0.5) return { event_type: "rating", rating: halfStep(2.5 + felt, 0.5) };
  return chance < 0.8 ? { event_type: "dislike" } : { event_type: "view", progress: 0.1 };
}

const halfStep = (value: number, least: number) => Math.min(5, Math.max(least, Math.round(2 * value) / 2));

function asSent({ random, malformedShare }: VisitGround, event: Fields): SimulatedEvent {
  const eventId = String(event["event_id"]);
  if (malformedShare > 0 && random.uniform() < malformedShare)
    return { eventId, ...malformedLine(event, random) };
  return { eventId, text: JSON.stringify(event), expected: "accepted" };
}

/** A random UUID (version 4) of a seeded stream. */
export function uuidOf(random: Random): string {
  const hex = Array.from({ length: 4 }, () =>
    random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
  const variant = "89ab"[random.below(4)];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

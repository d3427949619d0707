import { randomBytes } from "node:crypto";
import { listLengthDefault } from "../contracts/http.ts";
import type { UserFeatures } from "../data/user-features.ts";
import { asUsherError, UsherError } from "../errors.ts";
import type { Person } from "../live/live-state.ts";
import type { LiveView } from "../live/live-view.ts";
import type { TrendWindow } from "../live/trending.ts";
import { defaultSurface } from "../recommend/built-in-surfaces.ts";
import { compileFilter } from "../recommend/filter/compile.ts";
import { pagedItemsMax, readListCursor, writeListCursor } from "../recommend/list-cursor.ts";
import { builtInPlans, namedItems, type Plan } from "../recommend/plan.ts";
import type { Recommendations } from "../recommend/recommender.ts";
import { degradedNow } from "./answers.ts";
import type { ServerContext, Serving } from "./context.ts";

/** From what a request is answered: one release and the live state of now. */
export interface Answering {
  readonly context: ServerContext;
  readonly serving: Serving;
  /** What exploration is drawn from; without it nothing is tried. */
  readonly requestId?: string;
}

/** A list that somebody asks for. */
export interface AskedList {
  /** Absent: of nobody, but with `live`. */
  readonly person?: Person | undefined;
  /** What is known of the person instead of what the live state says. */
  readonly live?: LiveView | undefined;
  readonly k: number;
  /** With the item behind a slash where the surface is about one. Default: `for-you`. */
  readonly surface?: string | undefined;
  /** Instead of the saved one: for a preview. */
  readonly plan?: Plan | undefined;
  readonly window?: TrendWindow | undefined;
  readonly genre?: string | undefined;
  readonly genres?: readonly string[] | undefined;
  readonly filter?: string | undefined;
  readonly diversity?: number | undefined;
  readonly country?: string | undefined;
  readonly device?: string | undefined;
  readonly excluded?: readonly string[] | undefined;
  /** `next_cursor` of the page before. */
  readonly cursor?: string | undefined;
  /** Moment as of which it is made, ms since 1970. Default: now. */
  readonly nowMs?: number | undefined;
}

/** A list with what the answer says beside it. */
export interface AnsweredList extends Recommendations {
  /** What could not be used, by name. */
  readonly degraded: readonly string[];
  /** The text for the next page; absent where there is none. */
  nextCursor(): string | undefined;
}

/**
 * Who is meant by a query that may name a user or a session.
 *
 * @returns `undefined` where it names none. @throws UsherError `PARAMETER_INVALID`: it names both, of which a token may own one only.
 */
export function personNamed(query: {
  readonly user_id?: string;
  readonly session_id?: string;
}): Person | undefined {
  const { user_id: userId, session_id: sessionId } = query;
  if (userId !== undefined && sessionId !== undefined) {
    throw new UsherError("PARAMETER_INVALID", "session_id: expected none beside user_id, got both", {
      details: { field: "session_id" },
    });
  }
  if (userId !== undefined) return { userId };
  return sessionId === undefined ? undefined : { sessionId };
}

/** The list that a query of the API asks for. */
export function askedList(
  person: Person,
  query: Omit<AskedList, "person" | "k" | "excluded"> & { k?: number; exclude?: readonly string[] },
): AskedList {
  const { k = listLengthDefault, exclude, ...wanted } = query;
  return { ...wanted, person, k, excluded: exclude };
}

/** Answers somebody with a list from the release and everything they did until now. */
export async function listFor(answering: Answering, asked: AskedList): Promise<AnsweredList> {
  const { living, metrics } = answering.context;
  const list = await makeList(answering, asked);
  if (asked.person) living?.answered?.(asked.person);
  metrics?.onList(list);
  return list;
}

/** Makes the same list, which counts as no answer. */
export async function makeList(answering: Answering, asked: AskedList): Promise<AnsweredList> {
  const { context, serving, requestId } = answering;
  const { person, k, genre, excluded, diversity, device, nowMs = Date.now() } = asked;
  const userId = person && "userId" in person ? person.userId : undefined;
  const [name, about] = splitSurface(asked.surface ?? defaultSurface);
  const plan = asked.plan ?? planNamed(context, name);
  const degraded = [...degradedNow(context), ...degradedBy(plan, answering)];
  const live = asked.live ?? (person && (await context.living?.live.view(person)));
  const features = userId === undefined ? undefined : featuresOf(context, { userId, degraded });
  if (plan.needsEvents && !context.living && !degraded.includes("events")) degraded.push("events");
  const trending = plan.needsTrending ? await trendingNow(context, { plan, asked }) : undefined;
  const cursorMs = nowMs - (nowMs % cursorStepMs);
  // only where there is a page before or behind: most lists are asked for without
  const cursor = () => ({
    listing: JSON.stringify([person, name, about, genre, asked.filter, asked.genres]),
    key: context.access?.cursorKey ?? processKey,
    nowMs: cursorMs,
  });
  const before = asked.cursor === undefined ? [] : readListCursor(asked.cursor, cursor());
  // written out field by field: spreading objects costs a twentieth of an answer
  const found = serving.recommender.recommend({
    userId,
    live,
    k,
    genre,
    excluded,
    diversity,
    about,
    features,
    trending,
    device,
    nowMs,
    plan,
    fallback: (other) => fallbackOf(context, other),
    filter: asked.filter === undefined ? undefined : compileFilter(asked.filter),
    hideConsumed: context.hideConsumed,
    chosen: asked.genres,
    country: asked.country ?? countryIn(features),
    seed: requestId,
    shown: before.length === 0 ? undefined : { count: before.length, items: indexesOf(serving, before) },
  });
  const nextCursor = () => {
    if (found.items.length < k || before.length + k >= pagedItemsMax) return undefined;
    const known = cursors.get(found.items);
    if (known?.ofMs === cursorMs) return known.text;
    const hashes = serving.recommender.idHashes();
    const shown = [...before, ...found.items.map(({ index }) => hashes[index] ?? 0)];
    const text = writeListCursor(shown, cursor());
    cursors.set(found.items, { ofMs: cursorMs, text });
    return text;
  };
  return { ...found, degraded, nextCursor };
}

const processKey = randomBytes(32);

/** Cursors behind lists that are answered again: the same items are the same list, of the same person. */
const cursors = new WeakMap<Recommendations["items"], { readonly ofMs: number; readonly text: string }>();
/** Steps of the time in a cursor, ms. */
const cursorStepMs = 60_000;

/** The name of a surface, and the item that it is about. */
function splitSurface(asked: string): [name: string, about: string | undefined] {
  const slash = asked.indexOf("/");
  return slash < 0 ? [asked, undefined] : [asked.slice(0, slash), asked.slice(slash + 1)];
}

/** The name of a surface without the item that it is about. */
export const nameOf = (asked: string): string => splitSurface(asked)[0];

/** @throws UsherError `PARAMETER_INVALID`: there is no such surface. */
export function planNamed(context: ServerContext, name: string): Plan {
  const plan = context.surfaces ? context.surfaces.plan(name) : builtInPlans.get(name);
  if (plan) return plan;
  const known = context.surfaces?.list().map(({ document }) => document.name) ?? [...builtInPlans.keys()];
  throw new UsherError("PARAMETER_INVALID", `surface: expected one of ${known.join(", ")}, got "${name}"`, {
    details: { field: "surface" },
  });
}

const fallbackOf = (context: ServerContext, name: string) =>
  (context.surfaces ? context.surfaces.plan(name) : builtInPlans.get(name)) ?? builtInPlans.get("top");

/** What a surface names and is no longer there: it answers without it, and says so. */
function degradedBy({ document }: Plan, { context, serving }: Answering): string[] {
  const { fallback, rules } = document;
  const gone = rules && namedItems(document).some(([, itemId]) => serving.recommender.indexOf(itemId) < 0);
  const isLost = fallback !== undefined && context.surfaces !== undefined && !context.surfaces.plan(fallback);
  return [...(gone ? [`surface ${document.name}: items`] : []), ...(isLost ? [`surface ${fallback}`] : [])];
}

function featuresOf(
  context: ServerContext,
  { userId, degraded }: { userId: string; degraded: string[] },
): UserFeatures | undefined {
  try {
    return context.userFeatures?.(userId);
  } catch (error) {
    asUsherError(error); // the list is answered without them, and says so
    degraded.push("users");
    return undefined;
  }
}

async function trendingNow({ living }: ServerContext, { plan, asked }: { plan: Plan; asked: AskedList }) {
  const window = asked.window ?? plan.document.window ?? "24h";
  return living && { window, items: await living.live.trending(window) };
}

const countryIn = (features: UserFeatures | undefined) => {
  const country = features?.["country"];
  return typeof country === "string" ? country : undefined;
};

/** The items that hashes name. */
function indexesOf({ recommender }: Serving, hashes: readonly number[]): number[] {
  const wanted = new Set(hashes);
  const found: number[] = [];
  recommender.idHashes().forEach((hash, index) => {
    if (wanted.has(hash)) found.push(index);
  });
  return found;
}

import type { ItemBody, RecommendedItemBody } from "../contracts/http.ts";
import type { Item } from "../data/catalogue.ts";
import { UsherError } from "../errors.ts";
import type { ReasonItem } from "../recommend/reasons.ts";
import type { RecommendedItem, ShownItem } from "../recommend/recommender.ts";
import type { Living, ServerContext, Serving } from "./context.ts";
import type { AnsweredList } from "./person-list.ts";

/** The release that answers. @throws UsherError `NOT_READY`. */
export function servingNow(context: ServerContext): Serving {
  const serving = context.serving();
  if (serving) return serving;
  const { text } = context.status();
  throw new UsherError("NOT_READY", `no release serves yet${text ? ` (${text})` : ""}; see /health/ready`);
}

/** What takes events. @throws UsherError `NOT_READY`. */
export function livingNow(context: ServerContext): Living {
  if (context.living) return context.living;
  throw new UsherError(
    "NOT_READY",
    "events are taken by the server that owns the home, once it is ready; see /health/ready",
  );
}

/** Parts of the system that have failed: without them an answer is made, and says so. */
export function degradedNow(context: ServerContext): string[] {
  const parts = context.dependencies?.() ?? {};
  return Object.keys(parts).filter((name) => parts[name]?.status === "failed");
}

/** What stands at the head of every computed list. */
export function listHead(requestId: string, serving: Serving) {
  return { request_id: requestId, model_version: serving.version, generated_at: nowText() };
}

let last = { ms: 0, text: "" };

/** The moment as text, made once a millisecond. */
function nowText(): string {
  const ms = Date.now();
  if (ms !== last.ms) last = { ms, text: new Date(ms).toISOString() };
  return last.text;
}

/** A reply of any route: its text is held against the schema by the tests alone. */
interface AnyReply {
  type(name: string): { send(text: never): unknown };
}

/** Of an answer that is written as text. */
export const jsonType = "application/json; charset=utf-8";

/**
 * Answers with a list, as text: its items are written once for as long as they are remembered. A handler returns what this returns, so
 * that fastify waits until it is sent.
 *
 * @param of.head What stands before the list, such as whose it is.
 * @param of.degraded What could not be used beside what the list says itself.
 */
export function sendList(
  reply: AnyReply,
  list: AnsweredList,
  of: { head: object; explain?: boolean | undefined; paged?: boolean; degraded?: readonly string[] },
): PromiseLike<void> {
  const { head, explain = false, paged = false, degraded = [] } = of;
  const before = {
    ...head,
    surface: list.surface,
    degraded: [...list.degraded, ...degraded],
    surface_version: explain ? list.surfaceVersion : undefined,
    emptied_by: list.emptiedBy,
  };
  const next = paged ? list.nextCursor() : undefined;
  const after = next === undefined ? "" : `,"next_cursor":${JSON.stringify(next)}`;
  const itemsText = explain ? joined(list.items.map(explainedItemText)) : listText(list.items);
  const body = Buffer.concat([
    Buffer.from(`${JSON.stringify(before).slice(0, -1)},"items":[`),
    itemsText,
    Buffer.from(`]${after}}`),
  ]);
  return endOfTurn().then(() => reply.type(jsonType).send(body as never) as PromiseLike<void>);
}

let turnEnd: Promise<void> | undefined;

/**
 * When the requests that have arrived together are worked out. Their answers leave one behind the other then: a client that waits for
 * them is woken once, where each answer by itself would wake it again, at a third of the cost of a list.
 */
function endOfTurn(): Promise<void> {
  turnEnd ??= new Promise((resolve) =>
    setImmediate(() => {
      turnEnd = undefined;
      resolve();
    }),
  );
  return turnEnd;
}

const comma = Buffer.from(",");

export function itemHead(item: Item) {
  return {
    item_id: item.itemId,
    title: item.title,
    ...(item.releaseYear === undefined ? {} : { release_year: item.releaseYear }),
    genres: item.genres as string[],
    ...(item.posterUrl === undefined ? {} : { poster_url: item.posterUrl }),
  };
}

/** One item of an answer. Written out field by field: object spreads took a tenth of the time of a whole request. */
export function recommendedItemBody({ item, rank, score, ratingPredicted, reason }: ShownItem) {
  const body: RecommendedItemBody = {
    item_id: item.itemId,
    rank,
    score,
    title: item.title,
    genres: item.genres as string[],
    reason: { source: reason.source, text: reason.text, because: reason.because.map(becauseBody) },
  };
  if (reason.facts !== undefined) body.reason.facts = reason.facts as NonNullable<typeof body.reason.facts>;
  if (ratingPredicted !== undefined) body.rating_predicted = ratingPredicted;
  if (item.releaseYear !== undefined) body.release_year = item.releaseYear;
  if (item.posterUrl !== undefined) body.poster_url = item.posterUrl;
  return body;
}

/** The same with what its score is the sum of, and how probable it was. */
export function explainedItemBody(recommended: RecommendedItem): RecommendedItemBody {
  const { terms, placed, propensity } = recommended;
  const explain = { terms: { ...terms }, ...(placed === undefined ? {} : { placed }), propensity };
  return { ...recommendedItemBody(recommended), explain };
}

const listTexts = new WeakMap<readonly ShownItem[], Buffer>();
const itemTexts = new WeakMap<ShownItem, Buffer>();

/** The items of an answer as JSON in UTF-8, a comma between them. Cost: a look-up where the same list was shown before. */
function listText(items: readonly ShownItem[]): Buffer {
  const known = listTexts.get(items);
  if (known) return known;
  const parts = items.map(
    (item) => itemTexts.get(item) ?? Buffer.from(JSON.stringify(recommendedItemBody(item))),
  );
  const text = joined(parts);
  listTexts.set(items, text);
  let from = 0;
  for (const [at, item] of items.entries()) {
    const end = from + (parts[at]?.length ?? 0);
    // parts of the one text, for lists with something else in one of the places
    if (!itemTexts.has(item)) itemTexts.set(item, text.subarray(from, end));
    from = end + comma.length;
  }
  return text;
}

const joined = (parts: readonly Buffer[]): Buffer =>
  Buffer.concat(parts.flatMap((part, at) => (at === 0 ? [part] : [comma, part])));

const explainedItemText = (item: RecommendedItem) => Buffer.from(JSON.stringify(explainedItemBody(item)));

function becauseBody({ item, weight }: ReasonItem) {
  return { item_id: item.itemId, title: item.title, weight };
}

export function itemBody(item: Item): ItemBody {
  const optional = {
    description: item.description,
    release_date: item.releaseDate,
    imdb_rating: item.imdbRating,
    imdb_votes: item.imdbVotes,
    rating_mean: item.ratingMean,
  };
  return {
    ...itemHead(item),
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as Partial<ItemBody>),
    rating_count: item.ratingCount,
    links: { ...item.links },
  };
}

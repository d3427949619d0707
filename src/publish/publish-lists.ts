import type { ListTableName } from "../contracts/list-tables.ts";
import type { Progress } from "../contracts/progress.ts";
import type { Item } from "../data/catalogue.ts";
import { UsherError } from "../errors.ts";
import { commitOrDiscard, type Lake, type StagedVersion } from "../lake/lake.ts";
import type { LiveView } from "../live/live-view.ts";
import { recommendItems } from "../models/recommend.ts";
import { personHistory } from "../recommend/person-history.ts";
import type { Recommendations, ServedRelease, ShownItem } from "../recommend/recommender.ts";
import { complementOf, unionOf } from "../recommend/shelves.ts";
import type { Edition, RecommendationStore, StoredItem, StoredList } from "../stores/recommendation-store.ts";
import { type TurnOptions, turns } from "../turns.ts";
import { type Audiences, collectAudiences } from "./audiences.ts";
import { type ListRows, openListRows, type UserRow } from "./list-rows.ts";

/** What lists are made of, and where they go. */
export interface PublishRequest extends Pick<TurnOptions, "giveWay" | "now"> {
  readonly release: ServedRelease;
  /** The live answer: what is published is what it gives at this moment. */
  recommend(request: {
    userId: string;
    k: number;
    live: LiveView | undefined;
  }): Recommendations | Promise<Recommendations>;
  /** What a user did since the release was trained, as of `computedAtMs`. */
  viewOf(userId: string): Promise<LiveView | undefined>;
  /** Whether what a user consumed is left out. */
  readonly hideConsumed: boolean;
  /** Whether an item may be shown. */
  isShown(item: string): boolean;
  /** How much happened to an item in the last 24 hours. */
  trendingScoreOf(itemId: string): number;
  readonly store: RecommendationStore;
  readonly lake: Lake;
  /** Items a user, 1..200. */
  readonly k: number;
  /** Users an item, 1..200. */
  readonly audienceK: number;
  readonly computedAtMs: number;
  readonly expiresAtMs: number;
  readonly onProgress?: Progress;
  readonly signal?: AbortSignal;
}

/** What was published. */
export interface Publication {
  readonly edition: Edition;
  /** Version of each table. */
  readonly tables: Readonly<Record<ListTableName, number>>;
  /** Of making the lists, without tables and store. */
  readonly seconds: number;
}

/** How long lists are made before requests get their turn, ms; one user more may be under way. */
const turnMs = 4;
/** Lists that are written at once: packing them is part of a turn. */
const writtenAtOnce = 50;

/**
 * Makes a list for every user of the release and an audience for every item, writes them into tables and store, and switches to them
 * at once. Cancelled, failed or killed before the switch, the lists before stay.
 *
 * @throws UsherError `CANCELLED`, `STORE_UNAVAILABLE`, `DISK_FULL`, `TABLE_CONFLICT`.
 * Cost: a live answer, a list of the ranker and one scoring of the catalogue a user, in turns of 4 ms.
 */
export async function publishLists(request: PublishRequest): Promise<Publication> {
  const { store, lake, release, computedAtMs, expiresAtMs, k } = request;
  await store.sweep(); // what a killed publication left
  const name = `${release.version}-${computedAtMs}`;
  const rows = await openListRows(lake);
  let staged: StagedVersion[] = [];
  try {
    const began = performance.now();
    const items = await makeLists(request, { name, rows });
    const seconds = (performance.now() - began) / 1000;
    tell(request, { text: "writing tables" });
    staged = await rows.stage({ modelVersion: release.version, computedAtMs });
    stopIfCancelled(request);
    const tables: Record<string, number> = {};
    for (let next = staged[0]; next; next = staged[0]) {
      staged.shift();
      tables[next.table] = await commitOrDiscard(lake, next, { edition: name });
    }
    const edition = {
      ...{ name, modelVersion: release.version, computedAtMs, expiresAtMs, k },
      ...{ users: release.set.users.size, items },
    };
    await store.publish(edition);
    tell(request, { text: `lists of ${release.version} are read` });
    return { edition, tables: tables as Record<ListTableName, number>, seconds };
  } finally {
    for (const version of staged) await lake.discard(version);
    await rows.close();
    // the edition before, or the half that nobody will read; what cannot go now goes with the next publication
    await store.sweep().catch(() => {});
  }
}

/** @returns How many items have an audience. */
async function makeLists(
  request: PublishRequest,
  { name, rows }: { name: string; rows: ListRows },
): Promise<number> {
  const { release, store } = request;
  const { users, items } = release.set;
  const turn = turnsOf(request);
  const lister = listerOf(request);
  let made: { stored: StoredList; row: UserRow }[] = [];
  let writing: Promise<unknown> = Promise.resolve();
  /** Begins to write what was made; the next lists are made meanwhile. */
  const write = async () => {
    await writing;
    const lists = made;
    made = [];
    writing = Promise.all([
      store.put(name, { users: lists.map(({ stored }) => stored) }),
      rows.addUsers(lists.map(({ row }) => row)),
    ]);
    writing.catch(() => {}); // told to who waits for it
  };
  try {
    for (let user = 0; user < users.size; user++) {
      await turn(() => ({ text: `user ${user} of ${users.size}`, fraction: user / users.size }));
      made.push(await lister.make(user));
      if (made.length >= writtenAtOnce) await write();
    }
    await write();
    await writing;
  } finally {
    await writing.catch(() => {}); // whatever went wrong, nothing is written any more when this ends
  }
  return writeAudiences(request, { name, rows, audiences: lister.audiences, turn, itemCount: items.size });
}

async function writeAudiences(
  { release, store }: PublishRequest,
  of: {
    name: string;
    rows: ListRows;
    audiences: Audiences | undefined;
    turn: ReturnType<typeof turnsOf>;
    itemCount: number;
  },
): Promise<number> {
  const { audiences, turn, itemCount } = of;
  if (!audiences) return 0;
  const { users, items } = release.set;
  let count = 0;
  for (let from = 0; from < itemCount; from += writtenAtOnce) {
    await turn(() => ({ text: `item ${from} of ${itemCount}`, fraction: from / itemCount }));
    const length = Math.min(writtenAtOnce, itemCount - from);
    const found = Array.from({ length }, (_, at) => ({
      itemId: items.idAt(from + at),
      users: audiences.of(from + at).map(({ user, score }) => ({ userId: users.idAt(user), score })),
    })).filter((audience) => audience.users.length > 0);
    count += found.length;
    await store.put(of.name, { items: found });
    await of.rows.addItems(
      found.map((audience) => ({
        itemId: audience.itemId,
        userIds: audience.users.map(({ userId }) => userId),
        scores: audience.users.map(({ score }) => score),
      })),
    );
  }
  return count;
}

/** Makes the lists of one user after the other, and the audiences beside them. */
function listerOf(request: PublishRequest) {
  const { release, k, audienceK, hideConsumed } = request;
  const { ranker, set } = release;
  const shown = Int32Array.from(set.items.ids.keys()).filter((item) => request.isShown(set.items.idAt(item)));
  const hidden = complementOf(shown, set.items.size);
  const isHidden = new Set(hidden);
  const room = new Int32Array(2 * set.items.size);
  const scores = new Float32Array(set.items.size);
  // a ranker that does not look at the history likes everybody the same
  const isPersonal =
    ranker.contributions({ items: Int32Array.of(0), values: Float32Array.of(1) }, [0]) !== undefined;
  const audiences = isPersonal
    ? collectAudiences({ itemCount: set.items.size, k: audienceK, isOffered: (item) => !isHidden.has(item) })
    : undefined;
  const make = async (user: number) => {
    const userId = set.users.idAt(user);
    const live = await request.viewOf(userId);
    const { surface, items } = await request.recommend({ userId, k, live });
    const person = personHistory(set, { userId, live });
    const own = hideConsumed ? person.consumed : person.denied;
    const excluded = unionOf(own, hidden, room);
    const isKnown = person.weights.items.length > 0;
    const byModel = isKnown ? recommendItems(ranker, { history: person.weights, k, excluded }) : undefined;
    if (isKnown && audiences) {
      ranker.scoreItems(person.weights, scores);
      audiences.offer(user, scores, own);
    }
    const ids = items.map(({ item }) => item.itemId);
    const finalScores = items.map(({ score }) => score);
    const known = ids.filter((id) => set.items.indexOf(id) >= 0); // the catalogue may hold more than the ranker has learned
    const scored = ranker.scoreChosen(
      person.weights,
      known.map((id) => set.items.indexOf(id)),
    );
    const scoreOf = new Map(known.map((id, at) => [id, scored[at] ?? null]));
    const modelScores = ids.map((id) => (isKnown ? (scoreOf.get(id) ?? null) : null));
    const row: UserRow = {
      userId,
      surface,
      model: byModel
        ? {
            itemIds: Array.from(byModel.items, (item) => set.items.idAt(item)),
            scores: Array.from(byModel.scores),
          }
        : { itemIds: ids, scores: finalScores },
      final: {
        ...{ itemIds: ids, scores: finalScores, modelScores },
        trendingScores: ids.map((id) => request.trendingScoreOf(id)),
      },
    };
    return { stored: { userId, surface, items: items.map(storedItem) }, row };
  };
  return { audiences, make };
}

function storedItem({ item, score, ratingPredicted, reason }: ShownItem): StoredItem {
  const because = reason.because.map((own) => ({ itemId: own.item.itemId, weight: own.weight }));
  const predicted = ratingPredicted === undefined ? {} : { ratingPredicted };
  return { itemId: item.itemId, score, ...predicted, reason: { ...reason, because } };
}

/** An item of a stored list as the answer of its moment had it; `undefined` where the catalogue does not show it any more. */
export function recommendedItem(
  stored: StoredItem,
  of: { rank: number; itemOf: (itemId: string) => Item | undefined },
): ShownItem | undefined {
  const item = of.itemOf(stored.itemId);
  if (!item) return undefined;
  const because = stored.reason.because.flatMap(({ itemId, weight }) => {
    const own = of.itemOf(itemId);
    return own ? [{ item: own, weight }] : [];
  });
  const { score, ratingPredicted } = stored;
  const reason = { ...stored.reason, because } as ShownItem["reason"];
  const predicted = ratingPredicted === undefined ? {} : { ratingPredicted };
  return { item, rank: of.rank, score, ...predicted, reason };
}

const tell = ({ onProgress }: PublishRequest, said: { text: string; fraction?: number }) =>
  onProgress?.({ phase: "publish", ...said });

function stopIfCancelled({ signal }: PublishRequest): void {
  if (signal?.aborted)
    throw new UsherError("CANCELLED", "the publication was cancelled; the lists before stay");
}

/** A function that is called before each piece of work: where the turn is over it gives way, tells, and stops where it should. */
function turnsOf(request: PublishRequest) {
  const turn = turns({ turnMs, isDue: true, giveWay: request.giveWay, now: request.now });
  return async (said: () => { text: string; fraction: number }) => {
    if (!(await turn())) return;
    stopIfCancelled(request);
    tell(request, said());
  };
}

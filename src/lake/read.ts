import { pairWeightMax, weightHalfLifeDays } from "../contracts/events.ts";
import type { PinnedTables } from "../contracts/quality.ts";
import { eventTopics, type TableName } from "../contracts/tables.ts";
import { type Catalogue, catalogue, type Item } from "../data/catalogue.ts";
import { type Interactions, interactionsFromTriples } from "../data/interactions.ts";
import { likedRating } from "../data/signals.ts";
import type { TrainingSet } from "../data/training-set.ts";
import type { UserFeatures } from "../data/user-features.ts";
import { vocabulary } from "../data/vocabulary.ts";
import type { Column, Engine } from "../engine/engine.ts";
import { UsherError } from "../errors.ts";
import type { Lake } from "./lake.ts";
import { silverEventsTable } from "./received-events.ts";

/**
 * The ratings of a build as the matrix that models learn from: of each user and item the latest.
 *
 * All users of `silver_users` and all items of `silver_items`, placeholders too, are in the vocabularies, in natural order: by number
 * where every id is a whole number, else by text. `times` is absent where no rating has one. `weights` is there where the build
 * holds events: the newest rating of a pair and all its other actions, decayed to the newest event.
 *
 * @throws UsherError `DATA_EMPTY` where the build holds no rating; `TABLE_MISSING`, `TABLE_DAMAGED`.
 * Cost: two joins inside the engine, ratings · 24 bytes of memory.
 */
export async function readTrainingSet(lake: Lake, engine: Engine, build: PinnedTables): Promise<TrainingSet> {
  const users = await orderedIds(engine, await pinned(lake, build, "silver_users"), "user_id");
  const items = await orderedIds(engine, await pinned(lake, build, "silver_items"), "item_id");
  const ratings = await pinned(lake, build, "silver_ratings");
  const [found] = await engine.rows(`SELECT count(*) AS n, count(rating_ts) AS timed FROM ${ratings}`);
  if (Number(found?.["n"]) === 0) {
    throw new UsherError("DATA_EMPTY", `expected ratings in build ${build.number}, got none`);
  }
  const timed = Number(found?.["timed"]) > 0;
  const columns = await engine.columns(
    `SELECT users.index AS user_index, items.index AS item_index, CAST(rating AS FLOAT) AS rating
       ${timed ? ", epoch(rating_ts) AS seconds" : ""}
     FROM ${ratings} AS ratings
     JOIN (${users.indexed}) AS users ON users.id = ratings.user_id
     JOIN (${items.indexed}) AS items ON items.id = ratings.item_id`,
  );
  const userIds = await textColumn(engine, users);
  const itemIds = await textColumn(engine, items);
  const values = columns["rating"] as Float32Array;
  if (values.length !== Number(found?.["n"])) {
    throw new UsherError(
      "TABLE_DAMAGED",
      `build ${build.number}: expected a user and an item for each of ${found?.["n"]} ratings, got ${values.length}`,
    );
  }
  const triples = {
    users: columns["user_index"] as Int32Array,
    items: columns["item_index"] as Int32Array,
    values,
    ...(timed ? { times: columns["seconds"] as Float64Array } : {}),
  };
  const shape = { userCount: userIds.length, itemCount: itemIds.length };
  const weights = await readWeights(lake, engine, { build, ratings, users, items, shape });
  return {
    users: vocabulary(userIds),
    items: vocabulary(itemIds),
    ratings: interactionsFromTriples(triples, shape),
    ...(weights ? { weights } : {}),
  };
}

/** The weight of each pair of user and item (CONTRACTS "Signals"), or `undefined` where the build holds no events. */
async function readWeights(
  lake: Lake,
  engine: Engine,
  of: {
    build: PinnedTables;
    ratings: string;
    users: OrderedIds;
    items: OrderedIds;
    shape: { userCount: number; itemCount: number };
  },
): Promise<Interactions | undefined> {
  const { build, ratings, users, items, shape } = of;
  const newest = await newestEvent(lake, engine, build);
  if (newest === undefined) return undefined;
  const age = (column: string) => `(${newest} - epoch(${column})) / ${24 * 3600}`;
  const decayed = (weight: string, column: string) =>
    `${weight} * pow(2, -(${age(column)}) / ${weightHalfLifeDays})`;
  const columns = await engine.columns(
    `WITH rated AS (
       SELECT * FROM ${ratings}
       QUALIFY row_number() OVER (PARTITION BY user_id, item_id ORDER BY rating_ts DESC NULLS LAST, event_id DESC NULLS LAST) = 1
     ), signs AS (
       SELECT user_id, item_id, epoch(rating_ts) AS seconds,
         CASE WHEN event_id IS NULL THEN rating / 5 ELSE ${decayed("rating / 5", "rating_ts")} END AS weight
       FROM rated WHERE rating >= ${likedRating}
       UNION ALL
       SELECT user_id, item_id, epoch(event_ts), ${decayed("weight", "event_ts")}
       FROM ${await pinned(lake, build, "silver_interactions")}
       WHERE event_id IS NOT NULL AND event_type <> 'rating' AND weight > 0
     )
     SELECT users.index AS user_index, items.index AS item_index, max(seconds) AS seconds,
       CAST(least(${pairWeightMax}, sum(weight ORDER BY weight)) AS FLOAT) AS weight -- sorted, so that the last bits do not vary
     FROM signs
     JOIN (${users.indexed}) AS users ON users.id = signs.user_id
     JOIN (${items.indexed}) AS items ON items.id = signs.item_id
     GROUP BY ALL`,
  );
  const triples = {
    users: columns["user_index"] as Int32Array,
    items: columns["item_index"] as Int32Array,
    values: columns["weight"] as Float32Array,
    times: columns["seconds"] as Float64Array,
  };
  return interactionsFromTriples(triples, shape);
}

/** Seconds since 1970 of the newest accepted event of a build, whatever its type; `undefined` where there is none. */
async function newestEvent(lake: Lake, engine: Engine, build: PinnedTables): Promise<number | undefined> {
  let newest = Number.NEGATIVE_INFINITY;
  for (const topic of eventTopics) {
    const table = silverEventsTable(topic);
    if (build.tables[table] === undefined) return undefined; // a build of before there were events
    const [found] = await engine.rows(
      `SELECT max(epoch(event_ts)) AS seconds FROM ${await pinned(lake, build, table)}`,
    );
    newest = Math.max(newest, Number(found?.["seconds"] ?? Number.NEGATIVE_INFINITY));
  }
  return Number.isFinite(newest) ? newest : undefined;
}

/**
 * The items of a build as answers show them, with their rating figures and links, in the order of the training set's items.
 *
 * @throws UsherError `TABLE_MISSING`, `TABLE_DAMAGED`.
 */
export async function readCatalogue(lake: Lake, engine: Engine, build: PinnedTables): Promise<Catalogue> {
  const items = await pinned(lake, build, "silver_items");
  const links = await pinned(lake, build, "silver_item_links");
  const stats = await pinned(lake, build, "gold_item_stats");
  const { orderBy } = await orderedIds(engine, items, "item_id");
  const rows = await engine.rows(
    `SELECT item_id, title, release_year, genres, description, release_date, imdb_rating, imdb_votes, poster_url, language,
       nullif(people, []) AS people, nullif(countries, []) AS countries,
       CAST(epoch_ms(available_from) AS DOUBLE) AS available_from, CAST(epoch_ms(available_until) AS DOUBLE) AS available_until,
       CASE WHEN cardinality(features) > 0 THEN features END AS features,
       CASE WHEN cardinality(audio_features) > 0 THEN audio_features END AS audio_features, is_placeholder, is_hidden, rating_count, rating_mean, links
     FROM ${items}
     LEFT JOIN (SELECT item_id, rating_count, rating_mean FROM ${stats}) USING (item_id)
     LEFT JOIN (
       SELECT item_id, map_from_entries(list((source, source_id) ORDER BY source)) AS links
       FROM (SELECT item_id, source, min(source_id) AS source_id FROM ${links} GROUP BY item_id, source) GROUP BY item_id
     ) USING (item_id)
     ORDER BY ${orderBy}`,
  );
  return catalogue(rows.map(itemOf));
}

const optionalFields = {
  release_year: "releaseYear",
  description: "description",
  release_date: "releaseDate",
  imdb_rating: "imdbRating",
  imdb_votes: "imdbVotes",
  poster_url: "posterUrl",
  language: "language",
  people: "people",
  countries: "countries",
  available_from: "availableFrom",
  available_until: "availableUntil",
  rating_mean: "ratingMean",
} as const;

function itemOf(row: Record<string, unknown>): Item {
  const optional = Object.entries(optionalFields).filter(([column]) => row[column] !== null);
  const features = { ...(row["features"] as object | null), ...(row["audio_features"] as object | null) };
  return {
    itemId: String(row["item_id"]),
    title: String(row["title"]),
    genres: row["genres"] as string[],
    isPlaceholder: row["is_placeholder"] === true,
    isHidden: row["is_hidden"] === true,
    ratingCount: Number(row["rating_count"] ?? 0),
    links: (row["links"] ?? {}) as Record<string, string>,
    ...Object.fromEntries(optional.map(([column, field]) => [field, row[column]])),
    ...(Object.keys(features).length > 0 ? { features } : {}),
  };
}

/** What a build knows of its users, by user: features by name, and `country`. Users of whom nothing is known are left out. */
export async function readUserFeatures(
  lake: Lake,
  engine: Engine,
  build: PinnedTables,
): Promise<ReadonlyMap<string, UserFeatures>> {
  const rows = await engine.rows(
    `SELECT user_id, features, country FROM ${await pinned(lake, build, "silver_users")}
     WHERE cardinality(features) > 0 OR country IS NOT NULL`,
  );
  return new Map(
    rows.map(({ user_id: id, features, country }) => [
      String(id),
      { ...(features as Record<string, string>), ...(country === null ? {} : { country: String(country) }) },
    ]),
  );
}

/** The FROM text of the version that a build pins. @throws UsherError `TABLE_MISSING`, `TABLE_DAMAGED`. */
export async function pinned(lake: Lake, build: PinnedTables, table: TableName): Promise<string> {
  const version = build.tables[table];
  if (version === undefined) {
    throw new UsherError("TABLE_MISSING", `build ${build.number} holds no table ${table}`);
  }
  return lake.relation(table, version);
}

interface OrderedIds {
  readonly orderBy: string;
  /** SELECT of `id` and its 0-based `index`. */
  readonly indexed: string;
}

/** Ids in natural order. Whole numbers without leading zeros are in numeric order when sorted by length, then by text. */
async function orderedIds(engine: Engine, relation: string, column: string): Promise<OrderedIds> {
  const [found] = await engine.rows(
    `SELECT bool_and(regexp_full_match(${column}, '0|[1-9][0-9]*')) AS whole FROM ${relation}`,
  );
  const orderBy = found?.["whole"] === true ? `strlen(${column}), ${column}` : column;
  const indexed = `SELECT ${column} AS id, CAST(row_number() OVER (ORDER BY ${orderBy}) - 1 AS INTEGER) AS index FROM ${relation}`;
  return { orderBy, indexed };
}

async function textColumn(engine: Engine, ids: OrderedIds): Promise<string[]> {
  const columns: Record<string, Column> = await engine.columns(
    `SELECT id FROM (${ids.indexed}) ORDER BY index`,
  );
  return columns["id"] as string[];
}

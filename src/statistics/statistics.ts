import type { PinnedTables } from "../contracts/quality.ts";
import type {
  GenresBody,
  ItemStatisticsBody,
  OverviewBody,
  RatingKind,
  RatingsBody,
  ReleasesBody,
  UserStatisticsBody,
} from "../contracts/statistics-http.ts";
import type { TableName } from "../contracts/tables.ts";
import type { SqlValue } from "../engine/engine.ts";
import type { Lake } from "../lake/lake.ts";
import { pinned } from "../lake/read.ts";
import { buildCache } from "./build-cache.ts";
import { type Relations, statements } from "./statements.ts";

/** An item of a top list, as the build knows it. */
export interface TopRow {
  readonly itemId: string;
  /** Weighted mean, 0.5..5. */
  readonly score: number;
  readonly ratingMean: number;
  readonly ratingCount: number;
}

/** The best rated items, and by which rule. */
export interface TopRows {
  readonly voteFloor: number;
  /** m of the weighted mean. */
  readonly priorVotes: number;
  /** C of the weighted mean. */
  readonly priorMean: number;
  /** Best first; more than a list may be long, since some may be hidden by now. */
  readonly rows: readonly TopRow[];
}

/** Figures of builds, computed by the engine over gold. All throw `TABLE_MISSING`, `TABLE_DAMAGED`. */
export interface Statistics {
  overview(build: PinnedTables): Promise<Omit<OverviewBody, "model_version" | "build">>;
  ratings(build: PinnedTables, of: { kind: RatingKind; votesMin: number }): Promise<RatingsBody>;
  /** How one item was rated; zeros for one that nobody has rated. Remembered as what is asked of the whole catalogue. */
  item(build: PinnedTables, itemId: string): Promise<Omit<ItemStatisticsBody, "item_id">>;
  releases(build: PinnedTables, of: { genre?: string | undefined }): Promise<ReleasesBody>;
  genres(build: PinnedTables, of: { year?: number | undefined }): Promise<GenresBody>;
  top(
    build: PinnedTables,
    of: { genre?: string | undefined; year?: number | undefined; votesMin?: number | undefined },
  ): Promise<TopRows>;
  /** One who has rated nothing has zeros and empty lists. */
  user(build: PinnedTables, userId: string): Promise<Omit<UserStatisticsBody, "user_id">>;
}

/** So many answers of a build are remembered; those of single users are not. */
const answersMax = 200;

type Row = Record<string, unknown>;

/**
 * Statistics over the tables of a lake.
 *
 * @param lake Over an engine that nothing else waits for, such as a build.
 */
export function statisticsOf(lake: Lake): Statistics {
  const cache = buildCache(answersMax);
  const relationsOf = async (build: PinnedTables, tables: readonly TableName[]): Promise<Relations> => {
    const found = tables.map(async (table) => [table, await pinned(lake, build, table)] as const);
    return Object.fromEntries(await Promise.all(found));
  };
  const ask = async (
    build: PinnedTables,
    name: keyof typeof statements,
    parameters: Record<string, SqlValue> = {},
  ): Promise<Row[]> => {
    const { tables, sql } = statements[name];
    return lake.engine.rows(sql(await relationsOf(build, tables)), parameters);
  };
  const remembered = (
    build: PinnedTables,
    name: keyof typeof statements,
    parameters: Record<string, SqlValue> = {},
  ): Promise<Row[]> => {
    const key = JSON.stringify([name, parameters]);
    return cache.get({ build: build.number, key }, () => ask(build, name, parameters));
  };

  return {
    overview: async (build) => {
      const [row = {}] = await remembered(build, "overview");
      return without(row) as never;
    },
    ratings: async (build, { kind, votesMin }) => {
      const rows =
        kind === "given"
          ? await remembered(build, "ratings")
          : await remembered(build, "itemMeans", { votes_min: votesMin });
      return bucketsOf(rows);
    },
    item: async (build, itemId) => {
      const { total, buckets } = bucketsOf(await remembered(build, "ratingsOfItem", { item_id: itemId }));
      const sum = buckets.reduce((all, { rating, count }) => all + rating * count, 0);
      return { total, ...(total === 0 ? {} : { rating_mean: sum / total }), buckets };
    },
    releases: async (build, { genre }) => {
      const rows =
        genre === undefined
          ? await remembered(build, "releases")
          : await remembered(build, "releasesOfGenre", { genre });
      return { items: rows.map(without) as ReleasesBody["items"] };
    },
    genres: async (build, { year }) => {
      const rows =
        year === undefined
          ? await remembered(build, "genres")
          : await remembered(build, "genresOfYear", { year });
      return { items: rows.map(without) as GenresBody["items"] };
    },
    top: async (build, { genre = null, year = null, votesMin = null }) => {
      const rows = await remembered(build, "top", { genre, year, votes_min: votesMin });
      const [first = {}] = rows;
      return {
        voteFloor: Number(first["vote_floor"]),
        priorVotes: Number(first["prior_votes"]),
        priorMean: Number(first["prior_mean"]),
        rows: rows.filter((row) => row["item_id"] !== null).map(topRow),
      };
    },
    user: async (build, userId) => {
      const [figures = {}] = await ask(build, "user", { user_id: userId });
      const rows = await ask(build, "userActivity", { user_id: userId });
      const of = (statistic: string) => rows.filter((row) => row["statistic"] === statistic);
      const counted = ({ rating_count: count, rating_mean }: Row) => ({ count, rating_mean });
      return {
        rating_count: 0,
        liked_count: 0,
        ...without(figures),
        months: of("month").map((row) => ({ month: row["bucket"], ...counted(row) })),
        ratings: bucketsOf(
          of("rating").map(({ bucket, rating_count }) => ({ rating: Number(bucket), count: rating_count })),
        ).buckets,
        genres: of("genre").map((row) => ({ genre: row["bucket"], ...counted(row) })),
      } as never;
    },
  };
}

/** A row without what is NULL, which answers leave out. */
const without = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));

function bucketsOf(rows: readonly Row[]): RatingsBody {
  const buckets = rows
    .map(({ rating, count }) => ({ rating: Number(rating), count: Number(count) }))
    .sort((left, right) => left.rating - right.rating);
  return { total: buckets.reduce((sum, { count }) => sum + count, 0), buckets };
}

const topRow = (row: Row): TopRow => ({
  itemId: String(row["item_id"]),
  score: Number(row["score"]),
  ratingMean: Number(row["rating_mean"]),
  ratingCount: Number(row["rating_count"]),
});

import { type Catalogue, catalogue, type Item } from "../../src/data/catalogue.ts";
import { interactionsFromTriples } from "../../src/data/interactions.ts";
import { vocabulary } from "../../src/data/vocabulary.ts";
import type { Model } from "../../src/models/model.ts";
import type { ServedRelease } from "../../src/recommend/recommender.ts";

const film = (itemId: string, title: string, more: Partial<Item> = {}): Item => ({
  itemId,
  title,
  genres: ["Drama"],
  isPlaceholder: false,
  isHidden: false,
  ratingCount: 0,
  links: {},
  ...more,
});

/** Twelve films. The title holds the year for some, the way MovieLens writes it. */
export const films: readonly Item[] = [
  film("1", "Toy Story (1995)", {
    releaseYear: 1995,
    genres: ["Animation", "Children's"],
    links: { imdb: "0114709" },
  }),
  film("2", "Heat (1995)", { releaseYear: 1995, genres: ["Crime"] }),
  film("3", "Amélie", { releaseYear: 2001, genres: ["Comédie"] }),
  film("4", "Alien (1979)", { releaseYear: 1979, genres: ["Horror", "Sci-Fi"] }),
  film("5", "Aliens (1986)", { releaseYear: 1986, genres: ["Sci-Fi"] }),
  film("6", "Nowhere known", { isPlaceholder: true }),
  film("7", "Taken down (2000)", { isHidden: true, releaseYear: 2000 }),
  film("8", "Fargo (1996)", { releaseYear: 1996, genres: ["Crime"] }),
  film("10", "Casino (1995)", { releaseYear: 1995, genres: ["Crime"] }),
  film("YWJj/+==", "Base64 (1999)", { releaseYear: 1999 }),
  film("tt|9", "Pipe"),
  film("été", "Summer", { description: "An id with accents." }),
];

/** user, item, rating */
const rated: readonly (readonly [string, string, number])[] = [
  ["1", "1", 5],
  ["1", "2", 4],
  ["1", "6", 5],
  ["1", "7", 5],
  ["1", "4", 1],
  ["2", "4", 5],
  ["2", "5", 4.5],
  ["auth0|123", "2", 5],
  ["auth0|123", "10", 4],
  ["YWJj/+==", "8", 4],
  ["low", "5", 2],
  ["low", "1", 1],
];
const users = vocabulary(["1", "2", "auth0|123", "YWJj/+==", "low", "silent"]);
const items = vocabulary(films.map(({ itemId }) => itemId));
const ratings = interactionsFromTriples(
  {
    users: Int32Array.from(rated, ([user]) => users.indexOf(user)),
    items: Int32Array.from(rated, ([, item]) => items.indexOf(item)),
    values: Float32Array.from(rated, ([, , rating]) => rating),
  },
  { userCount: users.size, itemCount: items.size },
);

const data = (algorithm: string) => ({ algorithm, parameters: {}, itemCount: items.size, arrays: {} });

/** Nearness of two items by their position in the list of films; far ones push each other down a little. */
const nearness = (left: number, right: number) => 1 / (1 + Math.abs(left - right)) - 0.1;

/** A ranker of plain sums, so that every score and contribution can be worked out by hand. */
export const nearRanker: Model = {
  ...data("near"),
  scoreItems: (history, scores) => {
    for (let item = 0; item < scores.length; item++) {
      scores[item] = nearRanker.scoreChosen(history, [item])[0]!;
    }
  },
  scoreChosen: (history, chosen) =>
    Float32Array.from(nearRanker.contributions(history, chosen)!, (terms) =>
      terms.reduce((sum, term) => sum + term, 0),
    ),
  contributions: (history, chosen) =>
    Array.from(chosen, (item) =>
      history.values.map((weight, at) => weight * nearness(history.items[at]!, item)),
    ),
  similarItems: (item, scores) => {
    for (let other = 0; other < scores.length; other++) scores[other] = nearness(item, other);
  },
  toData: () => data("near"),
};

/** A ranker that does not look at the history. The later the film, the more popular. */
export const popularRanker: Model = {
  ...data("popularity"),
  scoreItems: (_history, scores) => {
    for (let item = 0; item < scores.length; item++) scores[item] = item;
  },
  scoreChosen: (_history, chosen) => Float32Array.from(chosen),
  contributions: () => undefined,
  similarItems: (_item, scores) => scores.fill(0),
  toData: () => data("popularity"),
};

/** Predicts the user's mean plus a tenth of the item's position, far beyond 5 for the last. */
export const meanRater: Model = {
  ...data("mean"),
  scoreItems: (history, scores) => {
    const every = Int32Array.from(scores.keys());
    scores.set(meanRater.scoreChosen(history, every));
  },
  scoreChosen: (history, chosen) => {
    const mean = history.values.reduce((sum, rating) => sum + rating, 0) / (history.values.length || 1);
    return Float32Array.from(chosen, (item) => mean + item / 10);
  },
  contributions: () => undefined,
  similarItems: (_item, scores) => scores.fill(0),
  toData: () => data("mean"),
};

export const smallCatalogue: Catalogue = catalogue(
  films.map((item) => {
    const own = rated.filter(([, itemId]) => itemId === item.itemId);
    if (own.length === 0) return item;
    const ratingMean = own.reduce((sum, [, , rating]) => sum + rating, 0) / own.length;
    return { ...item, ratingCount: own.length, ratingMean };
  }),
);

export const smallRelease: ServedRelease = {
  version: "v0001",
  ranker: nearRanker,
  rater: meanRater,
  set: { users, items, ratings },
};

/** Ids of what a user rated. */
export const consumedBy = (userId: string) =>
  rated.filter(([user]) => user === userId).map(([, item]) => item);

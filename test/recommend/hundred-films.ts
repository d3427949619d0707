import { catalogue, type Item, type LiveCatalogue, releaseCatalogue } from "../../src/data/catalogue.ts";
import { interactionsFromTriples } from "../../src/data/interactions.ts";
import { seededRandom } from "../../src/data/random.ts";
import { weightsOfRatings } from "../../src/data/signals.ts";
import { vocabulary } from "../../src/data/vocabulary.ts";
import { biasedMf } from "../../src/models/biased-mf.ts";
import type { Algorithm } from "../../src/models/model.ts";
import type { ServedRelease } from "../../src/recommend/recommender.ts";

const genres = ["Drama", "Comedy", "Horror", "Western"];
const filmCount = 100;
const userCount = 60;

/** A hundred films of four genres, from 1960 to 2009, with people and a few features. */
export const hundredFilms: readonly Item[] = Array.from({ length: filmCount }, (_, at) => ({
  itemId: String(at),
  title: `Film ${at}`,
  releaseYear: 1960 + (at % 50),
  genres: at % 10 === 0 ? [genres[at % 4]!, genres[(at + 1) % 4]!] : [genres[at % 4]!],
  people: [{ name: `Actor ${at % 7}`, role: "actor" }],
  language: at % 3 === 0 ? "fr" : "en",
  features: { tempo: at },
  isPlaceholder: false,
  isHidden: false,
  ratingCount: 0,
  links: {},
}));

/** A release over them, where each user likes one genre. */
export async function releaseOf(ranker: Algorithm, seed = 1): Promise<ServedRelease> {
  const random = seededRandom(seed);
  const rows: [user: number, item: number, rating: number][] = [];
  for (let user = 0; user < userCount; user++) {
    for (let item = 0; item < filmCount; item++) {
      if (random.uniform() < 0.75) continue;
      const isLoved = item % 4 === user % 4;
      rows.push([user, item, isLoved ? 4 + random.below(3) / 2 : 0.5 + random.below(8) / 2]);
    }
  }
  const ratings = interactionsFromTriples(
    {
      users: Int32Array.from(rows, ([user]) => user),
      items: Int32Array.from(rows, ([, item]) => item),
      values: Float32Array.from(rows, ([, , rating]) => rating),
    },
    { userCount, itemCount: filmCount },
  );
  return {
    version: "v0001",
    ranker: await ranker.fit(weightsOfRatings(ratings)),
    rater: await biasedMf.fit(ratings, { factors: 4, epochs: 3, seed: 1 }),
    set: {
      users: vocabulary(Array.from({ length: userCount }, (_, user) => `u${user}`)),
      items: vocabulary(hundredFilms.map(({ itemId }) => itemId)),
      ratings,
    },
  };
}

/** A catalogue that can be changed while it serves. */
export function changingCatalogue(source: readonly Item[] = hundredFilms) {
  const items = [...source];
  let version = 0;
  const live: LiveCatalogue = {
    ...releaseCatalogue(source),
    items,
    get version() {
      return version;
    },
    get: (itemId) => items.find((item) => item.itemId === itemId),
    indexOf: (itemId) => items.findIndex((item) => item.itemId === itemId),
  };
  return {
    live,
    put: (item: Item) => {
      const at = live.indexOf(item.itemId);
      items[at < 0 ? items.length : at] = item;
      version++;
    },
  };
}

export const plainCatalogue = catalogue(hundredFilms);

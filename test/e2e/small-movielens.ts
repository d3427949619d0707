import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededRandom } from "../../src/data/random.ts";

const genres = ["Action", "Comedy", "Drama", "Horror"];

/**
 * Writes a data set in the layout of MovieLens latest-small: every user loves one of four genres, so that models have something to learn.
 *
 * @param options.ratings Ratings a user.
 * @returns The folder.
 */
export async function writeSmallMovielens(
  folder: string,
  {
    seed = 1,
    users = 150,
    items = 80,
    ratings = 20,
  }: { seed?: number; users?: number; items?: number; ratings?: number } = {},
): Promise<string> {
  const random = seededRandom(seed);
  const movies = Array.from({ length: items }, (_, item) => {
    const title =
      item % 7 === 0 ? `"Film, The ""${item}"" (${1950 + item})"` : `Film ${item} (${1950 + item})`;
    return `${item + 1},${title},${genres[item % genres.length]}`;
  });
  const rows: string[] = [];
  for (let user = 1; user <= users; user++) {
    const love = user % genres.length;
    const seen = new Set<number>();
    while (seen.size < Math.min(ratings, items)) {
      const inLove = random.uniform() < 0.75;
      const item =
        Math.floor((items / genres.length) * random.uniform() ** 1.5) * genres.length +
        (inLove ? love : random.below(genres.length));
      if (item >= items || seen.has(item)) continue;
      seen.add(item);
      const liking = item % genres.length === love ? 4 : 2;
      const rating = Math.min(5, Math.max(0.5, liking + (random.below(5) - 2) / 2));
      rows.push(`${user},${item + 1},${rating.toFixed(1)},${1_000_000_000 + user * 10_000 + seen.size * 60}`);
    }
  }
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "movies.csv"), `movieId,title,genres\n${movies.join("\n")}\n`);
  await writeFile(join(folder, "ratings.csv"), `userId,movieId,rating,timestamp\n${rows.join("\n")}\n`);
  const links = movies.map(
    (_, item) => `${item + 1},${String(100_000 + item).padStart(7, "0")},${item === 3 ? "" : 500 + item}`,
  );
  await writeFile(join(folder, "links.csv"), `movieId,imdbId,tmdbId\n${links.join("\n")}\n`);
  return folder;
}

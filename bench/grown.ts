import { join } from "node:path";
import { historyOf, type Interactions, mapInteractions } from "../src/data/interactions.ts";
import { seededRandom, shuffle } from "../src/data/random.ts";
import { type DataFolder, handOver, matrixArrays } from "./hand-over.ts";
import { indexesOf, ratingMatrix, readNumbers } from "./movielens.ts";

/** How many items each film of MovieLens-1M becomes. */
const variants = 16;

const loaded = new Map<string, Promise<Interactions>>();

/** All ratings of MovieLens-1M: users by id, films that were rated by ascending id. Read once a process; not to be changed. */
export function movielens1m(dataFolder: string): Promise<Interactions> {
  const reading = loaded.get(dataFolder) ?? readMovielens1m(join(dataFolder, "ml-1m"));
  loaded.set(dataFolder, reading);
  return reading;
}

async function readMovielens1m(folder: string): Promise<Interactions> {
  const file = { folder, path: "ratings-without-timestamps.dat", separator: "::" };
  const [ids, films, ratings] = (await readNumbers(file, 3)) as [Int32Array, Int32Array, Int32Array];
  const index = indexesOf(films);
  const shape = { userCount: 6040, itemCount: index.count };
  return ratingMatrix({ users: ids.map((id) => id - 1), items: films.map(index.of), ratings }, shape);
}

/** The first users of a matrix. */
export function firstUsers(matrix: Interactions, userCount: number): Interactions {
  const end = matrix.starts[userCount]!;
  const [starts, items] = [matrix.starts.slice(0, userCount + 1), matrix.items.slice(0, end)];
  return { userCount, itemCount: matrix.itemCount, starts, items, values: matrix.values.slice(0, end) };
}

/**
 * A synthetic large set grown from a real one: every user `copies` times; a copy's rating of item i becomes that of item
 * 16·i + ⌊16·u³⌋ with u uniform, so the number of ratings a user gave stays and items get a long tail.
 */
export function grow(base: Interactions, options: { copies: number; seed: number }): Interactions {
  const { copies, seed } = options;
  const { userCount, items, values } = base;
  const random = seededRandom(seed);
  const starts = new Int32Array(userCount * copies + 1);
  const grownItems = new Int32Array(items.length * copies);
  const grownValues = new Float32Array(items.length * copies);
  for (let copy = 0; copy < copies; copy++) {
    const from = copy * items.length;
    for (let user = 0; user < userCount; user++) {
      starts[copy * userCount + user + 1] = from + base.starts[user + 1]!;
    }
    for (let entry = 0; entry < items.length; entry++) {
      grownItems[from + entry] = items[entry]! * variants + Math.floor(variants * random.uniform() ** 3);
    }
    grownValues.set(values, from);
  }
  return {
    userCount: userCount * copies,
    itemCount: base.itemCount * variants,
    starts,
    items: grownItems,
    values: grownValues,
  };
}

/** Each entry held out with probability `share`; the rest is for training. */
export function holdOut(
  matrix: Interactions,
  options: { share: number; seed: number },
): { train: Interactions; test: Interactions } {
  const random = seededRandom(options.seed);
  const isHeldOut = Uint8Array.from(matrix.items, () => (random.uniform() < options.share ? 1 : 0));
  const part = (kept: 0 | 1) =>
    mapInteractions(matrix, (value, _user, _item, entry) => (isHeldOut[entry] === kept ? value : Number.NaN));
  return { train: part(0), test: part(1) };
}

/** Seeded users with held-out entries, ascending. */
export function sampleUsers(test: Interactions, options: { count: number; seed: number }): Int32Array {
  const users = Int32Array.from({ length: test.userCount }, (_, user) => user).filter(
    (user) => historyOf(test, user).items.length > 0,
  );
  shuffle(users, seededRandom(options.seed));
  return users.slice(0, options.count).sort();
}

/**
 * The grown set on disk: `train-*` and `test-*` (seeded 5 % hold-out), all weights 1, and `users`, the 5,000 seeded users whose lists
 * are judged. 25 copies: 151,000 users × 59,296 items, 25,005,225 ratings.
 */
export async function grownSet(
  dataFolder: string,
  { copies, tiny = false }: { copies: number; tiny?: boolean },
): Promise<DataFolder> {
  return handOver(`grown-${tiny ? "tiny-" : ""}${copies}-v1`, async () => {
    const whole = await movielens1m(dataFolder);
    const grown = grow(tiny ? firstUsers(whole, 200) : whole, { copies, seed: 1 });
    grown.values.fill(1);
    const { train, test } = holdOut(grown, { share: 0.05, seed: 2 });
    const users = sampleUsers(test, { count: tiny ? 100 : 5000, seed: 3 });
    const { userCount, itemCount, items } = grown;
    return {
      arrays: { ...matrixArrays("train", train), ...matrixArrays("test", test), users },
      facts: { userCount, itemCount, ratings: items.length, trainRatings: train.items.length },
    };
  });
}

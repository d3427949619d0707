import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { interactionsFromTriples, type Triples } from "../../src/data/interactions.ts";
import { seededRandom } from "../../src/data/random.ts";
import type { TrainingSet } from "../../src/data/training-set.ts";
import { vocabulary } from "../../src/data/vocabulary.ts";

/** A set whose even users love even items and whose odd users love odd ones; item 0 and 1 are the popular ones. */
export function twoTastes(options: { users?: number; items?: number; seed?: number } = {}): TrainingSet {
  const { users = 80, items = 40, seed = 1 } = options;
  const random = seededRandom(seed);
  const rows: [number, number, number][] = [];
  for (let user = 0; user < users; user++) {
    for (let item = 0; item < items; item++) {
      const isOwn = item % 2 === user % 2;
      if (random.uniform() < (item < 2 ? 0.9 : isOwn ? 0.6 : 0.15)) rows.push([user, item, isOwn ? 5 : 2]);
    }
  }
  return trainingSet({
    users: Int32Array.from(rows, ([user]) => user),
    items: Int32Array.from(rows, ([, item]) => item),
    values: Float32Array.from(rows, ([, , rating]) => rating),
  });
}

/** A training set of columns; ids are `u0`, `u1`, … and `i0`, `i1`, …. */
export function trainingSet(triples: Triples): TrainingSet {
  const count = (indexes: Int32Array) => indexes.reduce((most, index) => Math.max(most, index + 1), 0);
  const shape = { userCount: count(triples.users), itemCount: count(triples.items) };
  const ids = (prefix: string, size: number) =>
    vocabulary(Array.from({ length: size }, (_, at) => `${prefix}${at}`));
  return {
    users: ids("u", shape.userCount),
    items: ids("i", shape.itemCount),
    ratings: interactionsFromTriples(triples, shape),
  };
}

/** Folder of a data set, or `undefined` with a word on the console where this machine does not have it. */
export function dataFolder(name: string, file: string): string | undefined {
  const folder = join(process.env["USHER_DATA"] ?? "../shared/data", name);
  if (existsSync(join(folder, file))) return folder;
  console.warn(`skipped: ${name}/${file} is not in USHER_DATA`);
  return undefined;
}

/** The ratings of MovieLens latest-small, or of any file of `user<separator>item<separator>rating[<separator>time]` lines. */
export function movieLens(file: string, options: { separator: string; header: boolean }): TrainingSet {
  const lines = readFileSync(file, "latin1").split(/\r?\n/).filter(Boolean);
  if (options.header) lines.shift();
  const userIds = new Map<string, number>();
  const itemIds = new Map<string, number>();
  const index = (ids: Map<string, number>, id: string) => {
    const known = ids.get(id);
    if (known !== undefined) return known;
    ids.set(id, ids.size);
    return ids.size - 1;
  };
  const rows = lines.map((line) => line.split(options.separator));
  const isTimed = rows[0]?.length === 4;
  const triples: Triples = {
    users: Int32Array.from(rows, ([user = ""]) => index(userIds, user)),
    items: Int32Array.from(rows, ([, item = ""]) => index(itemIds, item)),
    values: Float32Array.from(rows, ([, , rating]) => Number(rating)),
    ...(isTimed ? { times: Float64Array.from(rows, ([, , , time]) => Number(time)) } : {}),
  };
  return {
    users: vocabulary([...userIds.keys()]),
    items: vocabulary([...itemIds.keys()]),
    ratings: interactionsFromTriples(triples, { userCount: userIds.size, itemCount: itemIds.size }),
  };
}

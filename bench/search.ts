import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { memorySearch } from "../src/catalogue/memory-search.ts";
import { type CatalogSearch, type SearchDocument, wordsOf } from "../src/catalogue/search.ts";
import { type Random, seededRandom } from "../src/data/random.ts";
import type { BenchOptions } from "./movielens.ts";
import { quantile } from "./statistics.ts";

/** What one kind of query took, and how often the item that was meant is among the first ten. */
export interface SearchFigures {
  readonly kind: string;
  readonly msP50: number;
  readonly msP99: number;
  readonly foundShare: number;
}

const syllables =
  "ba ke lo mi ra ton ver sal quo nir den mar ple tri os an er in th ish gor lun fa cho wi".split(" ");

/**
 * A catalogue like that of a large site: titles of 1 to 5 words, 6 people, descriptions of 40 words, of a vocabulary of some 30,000 words
 * whose use falls off as in a language.
 */
export function madeCatalogue(count: number, random: Random): SearchDocument[] {
  const pick = <Of>(of: readonly Of[]) => of[random.below(of.length)] as Of;
  const word = () => Array.from({ length: 1 + random.below(4) }, () => pick(syllables)).join("");
  const words = [...new Set(Array.from({ length: 40_000 }, word))];
  const frequent = () => words[Math.floor(words.length ** random.uniform()) - 1] as string;
  const people = Array.from({ length: 50_000 }, () => `${pick(words)} ${pick(words)}`);
  const text = (length: number) => Array.from({ length }, frequent).join(" ");
  return Array.from({ length: count }, (_, at) => ({
    id: String(at),
    title: text(1 + random.below(5)),
    people: Array.from({ length: 6 }, () => pick(people)),
    description: text(40),
    popularity: Math.floor(10 ** (4 * random.uniform())),
  }));
}

/** One letter left out, or two exchanged; short words stay. */
function mistyped(text: string, random: Random): string {
  const wrong = (word: string) => {
    if (word.length < 5) return word;
    const at = 1 + random.below(word.length - 2);
    const [left, right] = [word.slice(0, at), word.slice(at)];
    return random.uniform() < 0.5 ? left + right.slice(1) : `${left}${right[1]}${right[0]}${right.slice(2)}`;
  };
  return wordsOf(text).map(wrong).join(" ");
}

type Ask = (search: CatalogSearch, document: SearchDocument, random: Random) => Promise<readonly string[]>;
const idsOf = async (found: Promise<readonly { readonly id?: string }[]>) =>
  (await found).map(({ id = "" }) => id);
const kinds: Readonly<Record<string, Ask>> = {
  "the title": (search, { title }) => idsOf(search.search(title, { limit: 10 })),
  "the title, mistyped": (search, { title }, random) =>
    idsOf(search.search(mistyped(title, random), { limit: 10 })),
  "a person, mistyped": (search, { people }, random) =>
    idsOf(search.search(mistyped(people[0] as string, random), { limit: 10 })),
  "ten words of the description": (search, { description }) =>
    idsOf(search.search(wordsOf(description).slice(0, 10).join(" "), { limit: 10 })),
  "two letters, typed": (search, { title }) => idsOf(search.suggest(title.slice(0, 2), { limit: 10 })),
  "half the title, typed": (search, { title }) =>
    idsOf(search.suggest(title.slice(0, Math.ceil(title.length / 2)), { limit: 10 })),
};

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes that the heap and its buffers hold after a collection. */
function memoryBytes(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Measures searches in memory over a made catalogue; prints build time, memory, and p50 and p99 of each kind of query. */
export async function run({ tiny = false }: Partial<BenchOptions> = {}): Promise<SearchFigures[]> {
  const [count, queries] = tiny ? [500, 40] : [60_000, 1000];
  const random = seededRandom(7);
  const documents = madeCatalogue(count, random);
  const before = memoryBytes();
  const started = performance.now();
  const search = memorySearch(documents);
  const buildMs = performance.now() - started;
  const bytes = memoryBytes() - before;
  const answers = createHash("sha256");
  const figures: SearchFigures[] = [];
  for (const [kind, ask] of Object.entries(kinds)) {
    const times: number[] = [];
    let found = 0;
    for (let at = 0; at < queries; at++) {
      const document = documents[random.below(count)] as SearchDocument;
      const from = performance.now();
      const ids = await ask(search, document, random);
      times.push(performance.now() - from);
      if (ids.includes(document.id)) found++;
      answers.update(ids.join());
    }
    figures.push({
      kind,
      msP50: quantile(times, 0.5),
      msP99: quantile(times, 0.99),
      foundShare: found / queries,
    });
  }
  const change = performance.now();
  for (let at = 0; at < queries; at++) {
    const document = documents[random.below(count)] as SearchDocument;
    await search.index([{ id: document.id, document: { ...document, title: `${document.title} again` } }]);
  }
  const writeMs = (performance.now() - change) / queries;
  console.log(
    `${count} items: built in ${(buildMs / 1000).toFixed(2)} s, ${(bytes / 1e6).toFixed(0)} MB, ${writeMs.toFixed(2)} ms a write`,
  );
  for (const { kind, msP50, msP99, foundShare } of figures) {
    console.log(
      `${kind}: p50 ${msP50.toFixed(2)} ms, p99 ${msP99.toFixed(2)} ms, in the first ten ${(100 * foundShare).toFixed(1)} %`,
    );
  }
  console.log(`answers ${answers.digest("hex").slice(0, 12)}`);
  return figures;
}

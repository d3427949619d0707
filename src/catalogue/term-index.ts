import { editDistance } from "./edit-distance.ts";
import { type SortedList, sortedList } from "./sorted-list.ts";

/** A term near a word, and how near: 1 = the word itself. */
export interface NearTerm {
  readonly term: number;
  readonly closeness: number;
}

/** All words of the documents, by number, and how to find those near a word. */
export interface TermIndex {
  readonly size: number;
  /** −1 where it is unknown. */
  indexOf(word: string): number;
  /** The number of a word, a new one where it is unknown. */
  add(word: string): number;
  /** Words that begin so, and are longer. */
  beginningWith(start: string): readonly number[];
  /** Words that differ by 1 to `max` typos. */
  near(word: string, max: number): readonly { readonly term: number; readonly typos: number }[];
}

/** One bit for each kind of letter in a word. A typo changes at most two. */
function lettersOf(word: string): number {
  let bits = 0;
  for (let at = 0; at < word.length; at++) bits |= 1 << (word.charCodeAt(at) & 31);
  return bits;
}

function bitCount(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Words of one length: their numbers and letters, so that a look at all of them touches little memory. */
interface SameLength {
  readonly terms: number[];
  readonly letters: number[];
}

/** @param words Those to begin with. Cost: O(words · log words). */
export function termIndex(words: Iterable<string>): TermIndex {
  const terms: string[] = [];
  const numbers = new Map<string, number>();
  const byLength: SameLength[] = [];
  let order: SortedList<string> | undefined;
  const add = (word: string) => {
    const known = numbers.get(word);
    if (known !== undefined) return known;
    const term = terms.length;
    terms.push(word);
    numbers.set(word, term);
    while (byLength.length <= word.length) byLength.push({ terms: [], letters: [] });
    const same = byLength[word.length] as SameLength;
    same.terms.push(term);
    same.letters.push(lettersOf(word));
    order?.add(word);
    return term;
  };
  for (const word of words) add(word);
  return {
    get size() {
      return terms.length;
    },
    indexOf: (word) => numbers.get(word) ?? -1,
    add,
    beginningWith(start) {
      order ??= sortedList(terms, (left, right) => (left < right ? -1 : left > right ? 1 : 0));
      const found: number[] = [];
      for (let at = order.placeOf(start); at < order.values.length; at++) {
        const word = order.values[at] as string;
        if (!word.startsWith(start)) break;
        if (word !== start) found.push(numbers.get(word) as number);
      }
      return found;
    },
    near(word, max) {
      const found: { term: number; typos: number }[] = [];
      const wanted = lettersOf(word);
      for (let length = word.length - max; length <= word.length + max; length++) {
        const same = byLength[length];
        if (!same) continue;
        const { letters } = same;
        for (let at = 0; at < letters.length; at++) {
          if (bitCount((letters[at] as number) ^ wanted) > 2 * max) continue;
          const term = same.terms[at] as number;
          const typos = editDistance(word, terms[term] as string, max);
          if (typos > 0 && typos <= max) found.push({ term, typos });
        }
      }
      return found;
    },
  };
}

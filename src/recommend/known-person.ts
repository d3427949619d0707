import type { LiveView } from "../live/live-view.ts";
import type { ScoredItems } from "../models/recommend.ts";
import type { Offer } from "./offer.ts";
import type { PersonHistory } from "./person-history.ts";
import type { Reason } from "./reasons.ts";

/** What the models said of a person, for as long as nothing of them changes. */
export interface SaidOfPerson {
  /** Lists of the model by what was left out and how many were asked for. */
  readonly ranked: Map<string, ScoredItems>;
  /** Why the model recommends an item, and what the person would rate it, by index. */
  readonly reasons: Map<number, Reason>;
  readonly ratings: Map<number, number>;
}

/** A person as one answer found them. */
interface KnownPerson {
  readonly history: PersonHistory;
  readonly said: SaidOfPerson;
}

interface Kept extends KnownPerson {
  readonly live: LiveView | undefined;
  readonly offer: Offer;
}

/** Persons that are remembered: some 20 KB each. */
const personsMax = 2000;

/**
 * Remembers those who were answered last. Everything remembered is a function of the release, the offer and the view of what they did,
 * so whoever acts, and everybody when the catalogue changes, is worked out anew: an answer is the same with and without it.
 */
export class KnownPersons {
  readonly #kept = new Map<string, Kept>();

  /** @param request.live The same object as long as nothing changed. Without a user id nobody is remembered. Cost of a known one: O(1). */
  of(
    request: { userId: string | undefined; live: LiveView | undefined; offer: Offer },
    make: () => PersonHistory,
  ): KnownPerson {
    const { userId, live, offer } = request;
    if (userId === undefined) return { history: make(), said: nothingSaid() };
    const kept = this.#kept.get(userId);
    const isSame = kept?.live === live && kept?.offer === offer;
    const person = kept && isSame ? kept : { live, offer, history: make(), said: nothingSaid() };
    this.#kept.delete(userId); // to stand behind the others
    this.#kept.set(userId, person);
    if (this.#kept.size > personsMax) this.#kept.delete(this.#kept.keys().next().value as string);
    return person;
  }
}

const nothingSaid = (): SaidOfPerson => ({ ranked: new Map(), reasons: new Map(), ratings: new Map() });

/**
 * The values of what has a key, in their order: the known ones, and those that are made, all at once, for the others.
 * @param make Gives a value for each that it is given.
 */
export function knownOrMade<Each, Value>(
  known: Map<number, Value>,
  list: readonly Each[],
  of: { key: (each: Each) => number; make: (missing: readonly Each[]) => ArrayLike<Value> },
): Value[] {
  const missing = list.filter((each) => !known.has(of.key(each)));
  if (missing.length > 0) {
    const made = of.make(missing);
    for (const [at, each] of missing.entries()) known.set(of.key(each), made[at] as Value);
  }
  return list.map((each) => known.get(of.key(each)) as Value);
}

import type { LiveView } from "../live/live-view.ts";
import type { ScoredItems } from "../models/recommend.ts";
import type { Offer } from "./offer.ts";
import type { PersonHistory } from "./person-history.ts";
import type { Reason } from "./reasons.ts";

/** A person as one answer found them, with what the models said, for as long as nothing of it changes. */
export interface KnownPerson {
  readonly history: PersonHistory;
  /** Lists of the model by what was left out and how many were asked for. */
  readonly ranked: Map<string, ScoredItems>;
  /** Why the model recommends an item, and what the person would rate it, by index. */
  readonly reasons: Map<number, Reason>;
  readonly ratings: Map<number, number>;
}

interface Kept {
  readonly live: LiveView | undefined;
  readonly offer: Offer;
  readonly person: KnownPerson;
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
    const kept = userId === undefined ? undefined : this.#kept.get(userId);
    if (kept && userId !== undefined) this.#kept.delete(userId); // to stand behind the others
    const isSame = kept?.live === live && kept?.offer === offer;
    const person = isSame && kept ? kept.person : knownPerson(make());
    if (userId === undefined) return person;
    this.#kept.set(userId, { live, offer, person });
    if (this.#kept.size > personsMax) {
      for (const oldest of this.#kept.keys()) {
        this.#kept.delete(oldest);
        break;
      }
    }
    return person;
  }
}

const knownPerson = (history: PersonHistory): KnownPerson => ({
  ...{ history, ranked: new Map(), reasons: new Map(), ratings: new Map() },
});

/**
 * The values of keys, in their order: the known ones, and those that are made, all at once, for the others.
 * @param make Gives a value for each of the keys that it is given.
 */
export function knownOrMade<Value>(
  known: Map<number, Value>,
  keys: readonly number[],
  make: (missing: readonly number[]) => ArrayLike<Value>,
): Value[] {
  const missing = keys.filter((key) => !known.has(key));
  if (missing.length > 0) {
    const made = make(missing);
    for (const [at, key] of missing.entries()) known.set(key, made[at] as Value);
  }
  return keys.map((key) => known.get(key) as Value);
}

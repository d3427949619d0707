import type { LiveView } from "../live/live-view.ts";
import type { Offer } from "./offer.ts";
import type { Page } from "./page.ts";
import type { PersonHistory } from "./person-history.ts";

/** A person, for as long as nothing of them changes. */
export interface KnownPerson {
  readonly history: PersonHistory;
  /** Pages that they were given, by what was asked for. */
  readonly pages: Map<string, Page>;
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
    if (userId === undefined) return { history: make(), pages: new Map() };
    const kept = this.#kept.get(userId);
    const isSame = kept?.live === live && kept?.offer === offer;
    const person = kept && isSame ? kept : { live, offer, history: make(), pages: new Map() };
    this.#kept.delete(userId); // to stand behind the others
    this.#kept.set(userId, person);
    if (this.#kept.size > personsMax) this.#kept.delete(this.#kept.keys().next().value as string);
    return person;
  }
}

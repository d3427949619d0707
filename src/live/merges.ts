import { isSession, mergesKey, type Owner } from "./keys.ts";
import type { WriteBehind } from "./write-behind.ts";

/**
 * Which session belongs to which user. Merging moves nothing: events stay with who did them, and a user's profile is made of the
 * user's own and those of the sessions. So it does not matter whether a merge or an event comes first.
 */
export class Merges {
  readonly #state: WriteBehind;

  constructor(state: WriteBehind) {
    this.#state = state;
  }

  /** The users of a session or the sessions of a user, sorted. */
  async partners(owner: Owner): Promise<readonly Owner[]> {
    return ownersOfText(await this.#state.get(mergesKey(owner)));
  }

  /** Whose events make the profile of this owner: a user's own and those of the sessions; of a session its own alone. */
  async group(owner: Owner): Promise<readonly Owner[]> {
    return isSession(owner) ? [owner] : [owner, ...(await this.partners(owner))];
  }

  /** Everybody who is one person with this owner by any chain of merges: within it a retract reaches its target. */
  async component(owner: Owner): Promise<ReadonlySet<Owner>> {
    const found = new Set([owner]);
    for (const known of found) for (const partner of await this.partners(known)) found.add(partner);
    return found;
  }

  /** Records a merge, of which both lists were just read. */
  join(session: Owner, user: Owner, lists: { users: readonly Owner[]; sessions: readonly Owner[] }): void {
    this.#state.set(mergesKey(session), textOfOwners([...lists.users, user]));
    this.#state.set(mergesKey(user), textOfOwners([...lists.sessions, session]));
  }
}

/** A list of owners as it is stored: sorted and without repetition, so that it does not depend on the order of arrival. */
export const textOfOwners = (owners: readonly Owner[]): string => JSON.stringify([...new Set(owners)].sort());
export const ownersOfText = (text: string | undefined): readonly Owner[] =>
  text === undefined ? [] : (JSON.parse(text) as Owner[]);

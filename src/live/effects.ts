import type { UsherEvent } from "../contracts/events.ts";
import type { LoggedEvent, MergeEvent } from "../contracts/merge.ts";
import type { Appended } from "../events/event-log.ts";
import { actionOf, type ItemAction } from "./action.ts";
import type { AppliedOffsets } from "./applied-offsets.ts";
import { textOfEvent } from "./event-text.ts";
import {
  actionsOf,
  impressionsOf,
  isSession,
  mergesKey,
  type Owner,
  placeOf,
  retractionKey,
  sessionOwner,
  shownKey,
  userOwner,
} from "./keys.ts";
import { type Merges, ownersOfText, textOfOwners } from "./merges.ts";
import type { Profiles } from "./profiles.ts";
import type { Trending } from "./trending.ts";
import type { WriteBehind } from "./write-behind.ts";

/** An event and, where it came through the log, its place there. */
export interface Arrived {
  readonly event: LoggedEvent;
  readonly at?: Pick<Appended, "topic" | "partition" | "offset"> | undefined;
}

/** Who did it: the user, or the session where no user is named. */
export const ownerOf = ({ user_id, session_id }: Pick<UsherEvent, "user_id" | "session_id">): Owner =>
  user_id === undefined ? sessionOwner(session_id ?? "") : userOwner(user_id);

/**
 * What each event changes. The result depends on the set of events only: not on their order, on how they are batched, or on the
 * clock. One batch at a time; the effects of an event and its place in the log are recorded in one step, so that a write in between
 * holds both or neither.
 */
export class Effects {
  readonly #state: WriteBehind;
  readonly #merges: Merges;
  readonly #profiles: Profiles;
  readonly #trending: Trending;
  readonly #applied: AppliedOffsets;

  constructor(parts: {
    state: WriteBehind;
    merges: Merges;
    profiles: Profiles;
    trending: Trending;
    applied: AppliedOffsets;
  }) {
    this.#state = parts.state;
    this.#merges = parts.merges;
    this.#profiles = parts.profiles;
    this.#trending = parts.trending;
    this.#applied = parts.applied;
  }

  /** Applies events that are not in the state yet. @returns How many were new. */
  async apply(arrived: readonly Arrived[]): Promise<number> {
    const fresh = arrived.filter(({ at }) => !at || !this.#applied.has(at));
    this.#state.forget();
    await this.#state.fetch(fresh.flatMap(({ event }) => this.#keysOf(event)));
    let count = 0;
    for (const { event, at } of fresh) {
      if (at && this.#applied.has(at)) continue;
      const change = await this.#changeOf(event);
      // from here on without a pause
      if (change) {
        change();
        count++;
      }
      if (at) this.#applied.add(at);
    }
    return count;
  }

  #keysOf(event: LoggedEvent): string[] {
    if (event.event_type === "merge") return [];
    const owner = ownerOf(event);
    if (event.event_type === "impression") {
      const shown = new Set(event.item_ids);
      return [
        impressionsOf(owner) + placeOf(event),
        ...Array.from(shown, (itemId) => shownKey(event.surface, itemId)),
      ];
    }
    const keys = [actionsOf(owner) + placeOf(event)];
    const action = actionOf(event);
    if (!action) return keys;
    keys.push(retractionKey(event.event_id), ...this.#trending.keysOf(action));
    if (isSession(owner)) keys.push(mergesKey(owner));
    return keys;
  }

  /** Everything that an event needs to know is read here; what it returns changes the state at once. `undefined`: nothing to do. */
  async #changeOf(event: LoggedEvent): Promise<(() => void) | undefined> {
    switch (event.event_type) {
      case "merge":
        return this.#mergeOf(event);
      case "impression":
        return this.#impressionOf(event);
      case "retract":
        return this.#retractOf(event);
      default: {
        const action = actionOf(event);
        return action && this.#actionOf(event, action);
      }
    }
  }

  async #actionOf(event: UsherEvent, action: ItemAction): Promise<(() => void) | undefined> {
    const owner = ownerOf(event);
    const group = actionsOf(owner);
    const key = group + placeOf(event);
    if (this.#state.peek(key) !== undefined) return undefined;
    const retractors = ownersOfText(this.#state.peek(retractionKey(event.event_id)));
    const isRetracted = retractors.length > 0 && overlaps(retractors, await this.#merges.component(owner));
    const users = isSession(owner) ? ownersOfText(this.#state.peek(mergesKey(owner))) : [];
    return () => {
      this.#state.set(key, textOfEvent(event), group);
      this.#profiles.add([owner, ...users], action);
      if (!isRetracted) this.#trending.count(action, 1);
    };
  }

  #impressionOf(event: UsherEvent & { event_type: "impression" }): (() => void) | undefined {
    const group = impressionsOf(ownerOf(event));
    const key = group + placeOf(event);
    if (this.#state.peek(key) !== undefined) return undefined;
    return () => {
      this.#state.set(key, textOfEvent(event), group);
      for (const itemId of new Set(event.item_ids)) {
        const shown = shownKey(event.surface, itemId);
        this.#state.set(shown, String(Number(this.#state.peek(shown) ?? 0) + 1));
      }
    };
  }

  /**
   * A retract reaches the actions of the same person, also those that come later or through a merge. It cannot be retracted itself,
   * and neither can an impression, which is what the system showed and nothing that the person did.
   */
  async #retractOf(event: UsherEvent & { event_type: "retract" }): Promise<(() => void) | undefined> {
    const owner = ownerOf(event);
    const group = actionsOf(owner);
    const key = group + placeOf(event);
    if (this.#state.peek(key) !== undefined) return undefined;
    const target = event.target_event_id;
    const listKey = retractionKey(target);
    const retractors = ownersOfText(await this.#state.get(listKey));
    const component = await this.#merges.component(owner);
    const hit = overlaps(retractors, component) ? undefined : await this.#find(component, target);
    if (hit) await this.#state.fetch(this.#trending.keysOf(hit));
    return () => {
      this.#state.set(key, textOfEvent(event), group);
      this.#state.set(listKey, textOfOwners([...retractors, owner]));
      this.#profiles.retract(component, target);
      if (hit) this.#trending.count(hit, -1);
    };
  }

  async #mergeOf({ user_id, session_id }: MergeEvent): Promise<(() => void) | undefined> {
    const [user, session] = [userOwner(user_id), sessionOwner(session_id)];
    const users = await this.#merges.partners(session);
    if (users.includes(user)) return undefined;
    const sessions = await this.#merges.partners(user);
    const left = await this.#merges.component(user);
    const right = await this.#merges.component(session);
    // retracts of the one side now reach the actions of the other; within one side they did before
    const hits = left.has(session)
      ? []
      : [...(await this.#reached(left, right)), ...(await this.#reached(right, left))];
    await this.#state.fetch(hits.flatMap((hit) => this.#trending.keysOf(hit)));
    return () => {
      this.#merges.join(session, user, { users, sessions });
      this.#profiles.forget([...left, ...right]);
      for (const hit of hits) this.#trending.count(hit, -1);
    };
  }

  /** The actions of one person that only another one has retracted. */
  async #reached(by: ReadonlySet<Owner>, whose: ReadonlySet<Owner>): Promise<ItemAction[]> {
    const retracted = new Set(
      (await this.#profiles.ofPerson(by)).flatMap((profile) => [...profile.retracted]),
    );
    const own = await this.#profiles.ofPerson(whose);
    for (const { retracted: before } of own) for (const eventId of before) retracted.delete(eventId);
    const hits = new Map<string, ItemAction>();
    for (const eventId of retracted) {
      const hit = own.map((profile) => profile.find(eventId)).find((found) => found !== undefined);
      if (hit) hits.set(eventId, hit);
    }
    return [...hits.values()];
  }

  async #find(component: ReadonlySet<Owner>, eventId: string): Promise<ItemAction | undefined> {
    for (const profile of await this.#profiles.ofPerson(component)) {
      const found = profile.find(eventId);
      if (found) return found;
    }
    return undefined;
  }
}

const overlaps = (owners: readonly Owner[], others: ReadonlySet<Owner>) =>
  owners.some((owner) => others.has(owner));

import type { UsherEvent } from "../contracts/events.ts";
import type { LoggedEvent, MergeEvent } from "../contracts/merge.ts";
import type { Appended } from "../events/event-log.ts";
import { actionOf, type ItemAction } from "./action.ts";
import type { AppliedOffsets } from "./applied-offsets.ts";
import type { IdFilter } from "./id-filter.ts";
import {
  actionsOf,
  impressionsOf,
  isSession,
  keyPart,
  mergesKey,
  type Owner,
  retractionKey,
  sessionOwner,
  shownOn,
  userOwner,
} from "./keys.ts";
import { type Merges, ownersOfText, textOfOwners } from "./merges.ts";
import type { Profiles } from "./profiles.ts";
import { placeOf, textOfEvent } from "./stored-event.ts";
import type { Trending } from "./trending.ts";
import type { WriteBehind } from "./write-behind.ts";

/** An event and, where it came through the log, its place there. */
export interface Arrived {
  readonly event: LoggedEvent;
  readonly at?: Pick<Appended, "topic" | "partition" | "offset"> | undefined;
  /** The log may hold the event at another place too: its place does not tell that it is new. Default false. */
  readonly mayBeKnown?: boolean;
}

/** What an event does to the state, at once; `undefined` where it does nothing. */
type Change = (() => void) | undefined;

/** An event with the keys that it needs, made once: they are long, and asked several times. */
interface Prepared extends Arrived {
  readonly owner: Owner;
  /** Where the events of its kind and owner are, and its own key there. */
  readonly group: string;
  readonly own: string;
  readonly action?: ItemAction | undefined;
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
  readonly #retractions: IdFilter;

  constructor(parts: {
    state: WriteBehind;
    merges: Merges;
    profiles: Profiles;
    trending: Trending;
    applied: AppliedOffsets;
    /** Knows all events that a retract names. */
    retractions: IdFilter;
  }) {
    this.#state = parts.state;
    this.#merges = parts.merges;
    this.#profiles = parts.profiles;
    this.#trending = parts.trending;
    this.#applied = parts.applied;
    this.#retractions = parts.retractions;
  }

  /** Applies events that are not in the state yet. @returns How many were new. */
  async apply(arrived: readonly Arrived[]): Promise<number> {
    const fresh = arrived.filter(({ at }) => !at || !this.#applied.has(at)).map(prepare);
    if (fresh.some(({ at }) => !at)) this.#applied.mix();
    this.#state.forget();
    await this.#state.fetch(fresh.flatMap((prepared) => this.#keysOf(prepared)));
    let count = 0;
    for (const prepared of fresh) {
      const { at } = prepared;
      if (at && this.#applied.has(at)) continue;
      const changeOf = this.#changeOf(prepared);
      const change = changeOf instanceof Promise ? await changeOf : changeOf;
      // from here on without a pause
      if (change) {
        change();
        count++;
      }
      if (at) this.#applied.add(at);
    }
    return count;
  }

  /** All that must be fetched. The own key only where the place in the log does not tell that the event is new. */
  #keysOf(prepared: Prepared): readonly string[] {
    const { event, owner, own, action } = prepared;
    if (event.event_type === "merge") return [];
    const keys = this.#mayBeKnown(prepared) ? [own] : [];
    if (action && isSession(owner)) keys.push(mergesKey(owner));
    return keys;
  }

  #mayBeKnown({ mayBeKnown = false }: Prepared): boolean {
    return mayBeKnown || !this.#applied.isWhole;
  }

  /** Everything that an event needs to know is read here; what it gives changes the state at once. `undefined`: nothing to do. */
  #changeOf(prepared: Prepared): Change | Promise<Change> {
    const { event, own } = prepared;
    if (event.event_type === "merge") return this.#mergeOf(event);
    if (this.#mayBeKnown(prepared) && this.#state.peek(own) !== undefined) return undefined; // it is known
    if (event.event_type === "impression") return this.#impressionOf(event, prepared);
    if (event.event_type === "retract") return this.#retractOf(event, prepared);
    return this.#actionOf(event, prepared);
  }

  #actionOf(event: UsherEvent, { owner, group, own, action }: Prepared): Change | Promise<Change> {
    if (!action) return undefined;
    const change = (isRetracted: boolean) => () => {
      this.#state.set(own, textOfEvent(event), group);
      const users = isSession(owner) ? ownersOfText(this.#state.peek(mergesKey(owner))) : [];
      this.#profiles.add([owner, ...users], action);
      if (!isRetracted) this.#trending.count(action, 1);
    };
    if (!this.#retractions.mayHold(event.event_id)) return change(false);
    return this.#isRetracted(event.event_id, owner).then(change);
  }

  async #isRetracted(eventId: string, owner: Owner): Promise<boolean> {
    const retractors = ownersOfText(await this.#state.get(retractionKey(eventId)));
    return retractors.length > 0 && overlaps(retractors, await this.#merges.component(owner));
  }

  #impressionOf(event: UsherEvent & { event_type: "impression" }, { group, own }: Prepared): Change {
    return () => {
      this.#state.set(own, textOfEvent(event), group);
      const surface = shownOn(event.surface);
      for (const itemId of new Set(event.item_ids)) {
        this.#state.count({ group: surface, name: keyPart(itemId) }, [1], 1);
      }
    };
  }

  /**
   * A retract reaches the actions of the same person, also those that come later or through a merge. It cannot be retracted itself,
   * and neither can an impression, which is what the system showed and nothing that the person did.
   */
  async #retractOf(
    event: UsherEvent & { event_type: "retract" },
    { owner, group, own }: Prepared,
  ): Promise<Change> {
    const target = event.target_event_id;
    const listKey = retractionKey(target);
    const retractors = ownersOfText(await this.#state.get(listKey));
    const component = await this.#merges.component(owner);
    const hit = overlaps(retractors, component) ? undefined : await this.#find(component, target);
    return () => {
      this.#state.set(own, textOfEvent(event), group);
      this.#state.set(listKey, textOfOwners([...retractors, owner]));
      this.#retractions.add(target);
      this.#profiles.retract(component, target);
      if (hit) this.#trending.count(hit, -1);
    };
  }

  async #mergeOf({ user_id, session_id }: MergeEvent): Promise<Change> {
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

function prepare(arrived: Arrived): Prepared {
  const { event } = arrived;
  if (event.event_type === "merge") return { ...arrived, owner: "", group: "", own: "" };
  const owner = ownerOf(event);
  const group = event.event_type === "impression" ? impressionsOf(owner) : actionsOf(owner);
  const { at, mayBeKnown = false } = arrived;
  return { event, at, mayBeKnown, owner, group, own: group + placeOf(event), action: actionOf(event) };
}

const overlaps = (owners: readonly Owner[], others: ReadonlySet<Owner>) =>
  owners.some((owner) => others.has(owner));

import { actionOf, type ItemAction } from "./action.ts";
import { actionsOf, isSession, type Owner } from "./keys.ts";
import type { Merges } from "./merges.ts";
import { Profile } from "./profile.ts";
import { ProfileCache } from "./profile-cache.ts";
import { eventOf } from "./stored-event.ts";
import type { WriteBehind } from "./write-behind.ts";

/** A profile being read, and what its owner did meanwhile: adding it twice does no harm. */
interface Reading {
  readonly late: ((profile: Profile) => void)[];
  isVoid: boolean;
  done: Promise<Profile>;
}

/** The profiles of all owners: made from the events in the state when asked, then kept up to date while they stay in memory. */
export class Profiles {
  readonly #state: WriteBehind;
  readonly #merges: Merges;
  readonly #kept: ProfileCache;
  readonly #readings = new Map<Owner, Reading>();

  constructor(parts: { state: WriteBehind; merges: Merges; bytesMax: number }) {
    this.#state = parts.state;
    this.#merges = parts.merges;
    this.#kept = new ProfileCache(parts.bytesMax);
  }

  /** About how many bytes the kept profiles take. */
  get bytes(): number {
    return this.#kept.bytes;
  }

  /** Cost: nothing where it is kept, else one read of all the owner's events. */
  async of(owner: Owner): Promise<Profile> {
    const kept = this.#kept.get(owner);
    if (kept) return kept;
    const underWay = this.#readings.get(owner);
    if (underWay) return underWay.done;
    const reading: Reading = { late: [], isVoid: false, done: Promise.resolve(new Profile()) };
    this.#readings.set(owner, reading);
    reading.done = this.#readAndKeep(owner, reading);
    return reading.done;
  }

  /** The profiles that hold all events of a person, each event once. */
  async ofPerson(component: ReadonlySet<Owner>): Promise<Profile[]> {
    const users = [...component].filter((owner) => !isSession(owner));
    return Promise.all((users.length === 0 ? [...component] : users).map((owner) => this.of(owner)));
  }

  /** Tells what one of these owners did. */
  add(owners: readonly Owner[], action: ItemAction): void {
    this.#change(owners, (profile) => profile.add(action));
  }

  retract(owners: Iterable<Owner>, eventId: string): void {
    this.#change(owners, (profile) => profile.retract(eventId));
  }

  /** Forgets profiles whose owners became one person. */
  forget(owners: Iterable<Owner>): void {
    for (const owner of owners) {
      this.#kept.drop(owner);
      const reading = this.#readings.get(owner);
      if (reading) reading.isVoid = true;
    }
  }

  #change(owners: Iterable<Owner>, change: (profile: Profile) => void): void {
    for (const owner of owners) {
      this.#readings.get(owner)?.late.push(change);
      const profile = this.#kept.get(owner);
      if (!profile) continue;
      change(profile);
      this.#kept.keep(owner, profile);
    }
  }

  async #readAndKeep(owner: Owner, reading: Reading): Promise<Profile> {
    try {
      for (;;) {
        reading.isVoid = false;
        const profile = await this.#read(owner);
        for (const change of reading.late) change(profile);
        if (reading.isVoid) continue;
        this.#kept.keep(owner, profile);
        return profile;
      }
    } finally {
      this.#readings.delete(owner);
    }
  }

  async #read(owner: Owner): Promise<Profile> {
    const profile = new Profile();
    const group = new Set(await this.#merges.group(owner));
    for (const each of await this.#merges.component(owner)) {
      const prefix = actionsOf(each);
      for (const [key, text] of await this.#state.entries(prefix)) {
        const event = eventOf({ owner: each, place: key.slice(prefix.length), text });
        if (event.event_type === "retract") profile.retract(event.target_event_id);
        else if (group.has(each)) {
          const action = actionOf(event);
          if (action) profile.add(action);
        }
      }
    }
    return profile;
  }
}

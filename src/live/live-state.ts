import type { UsherEvent } from "../contracts/events.ts";
import { type LoggedEvent, type MergeEvent, mergeEvent } from "../contracts/merge.ts";
import type { TrendingRow } from "../contracts/tables.ts";
import { UsherError } from "../errors.ts";
import type { Appended, EventLog, Position } from "../events/event-log.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import type { StateStore } from "../stores/state-store.ts";
import { AppliedOffsets } from "./applied-offsets.ts";
import { canonicalHash } from "./canonical-hash.ts";
import { type Arrived, Effects } from "./effects.ts";
import { lastShown, newestEvents } from "./history.ts";
import { IdFilter } from "./id-filter.ts";
import {
  idOfPart,
  keyPart,
  positionsKey,
  retractionsPrefix,
  sessionOwner,
  shownOn,
  userOwner,
} from "./keys.ts";
import type { LiveView, TrendingItem } from "./live-view.ts";
import { type CaughtUp, type EarlierEvents, followLog } from "./log-follower.ts";
import { Merges } from "./merges.ts";
import { Profiles } from "./profiles.ts";
import { Trending, type TrendWindow } from "./trending.ts";
import { trendingRows } from "./trending-rows.ts";
import { WriteBehind } from "./write-behind.ts";

/** The consumer group of the log under which the positions of the live state are shown. */
export const liveGroup = "live";
/** So many changes are written at each beat: what few events change is on disk at once. */
const changesAtBeat = 500;
/** More than that wait until so many go together, which costs a third for each, or for so many beats. */
const changesBeforeWrite = 100_000;
const beatsMax = 10;
/** How often old buckets of time are looked for, ms. */
const forgetMs = 10 * 60_000;
/** With more changes than this waiting, events wait for the disk. */
const changesMax = 200_000;
/** Steps in which weights decay: their half-life is days, and whoever has not changed is known again. */
const viewStepMs = 60_000;
/** Newest impressions that {@link LiveState.lastShown} looks at. */
const shownImpressions = 50;

/** Somebody who acts: a user, or a visitor without an account. */
export type Person = { readonly userId: string } | { readonly sessionId: string };

/** How a live state is opened. */
export interface LiveOptions {
  readonly store: StateStore;
  /** Read on from where the state stands, at opening and by `follow`. Default: events come by `apply` only. */
  readonly log?: EventLog;
  /** Where the events are that the log has forgotten. Default: nowhere; `caughtUp.missed` then says what is lost to the state. */
  readonly earlier?: EarlierEvents;
  /** The clock, ms since 1970: where the windows stand at first, and the time of a merge. Nothing in the state depends on it. */
  readonly now: () => number;
  /** How often changes are written, ms. Default 1000; 0: only when asked. */
  readonly flushMs?: number;
  /** Memory for profiles, bytes. Default 128 MiB. */
  readonly profileBytesMax?: number;
  /** Told of a merge when it is in effect. */
  readonly onMerged?: (merge: MergeEvent) => void;
  /** Told when a write at a beat fails: the state in memory goes on, but is not kept. */
  readonly onFailure: (error: unknown) => void;
}

/** What people do, known at once: everything that the next answer needs. */
export interface LiveState {
  /**
   * Accepted events of a person, the newest (`event_ts`, then `event_id`) first; of a user also those of their sessions.
   * @param options.limit Most events of the page, 1..1000.
   * @param options.after `next` of the page before.
   * @returns `next` where there are more.
   */
  list(options: Person & { limit: number; after?: string }): Promise<{
    events: UsherEvent[];
    next?: string;
  }>;
  /** What opening read from the log. */
  readonly caughtUp: CaughtUp;
  /**
   * Takes accepted events; their effects are visible when it resolves. What is applied already changes nothing.
   * @param appended Where each event stands in the log, in the same order; without it only event ids tell what is known.
   * @throws UsherError `STORE_UNAVAILABLE`: nothing of these events is sure to be applied; `follow` takes them from the log.
   */
  apply(events: readonly LoggedEvent[], appended?: readonly Appended[]): Promise<void>;
  /** Applies what the log holds and the state does not. */
  follow(): Promise<CaughtUp>;
  /**
   * What a person did until now, with weights as of the whole minute of a moment (ms since 1970; default: the clock): within it, the same
   * object until they act. Cost: O(own actions), or none for the same object; a read of all of them at first.
   */
  view(person: Person, nowMs?: number): Promise<LiveView>;
  /** All items of a window, the highest score first. Above 2,000 items it may be a second old. */
  trending(window: TrendWindow, nowMs?: number): Promise<readonly TrendingItem[]>;
  /** Rows of `gold_trending`: the best of each window, of all items and of each genre. */
  trendingRows(
    genresOf: (itemId: string) => readonly string[] | undefined,
    nowMs?: number,
  ): Promise<TrendingRow[]>;
  /** How often an item was shown on a surface. */
  shownCount(surface: string, itemId: string): Promise<number>;
  /** When items were last shown to a person, ms since 1970, by the newest 50 impressions. */
  lastShown(person: Person): Promise<ReadonlyMap<string, number>>;
  /**
   * Makes what a session did the user's, durably. Asked again it changes nothing.
   * @throws UsherError `SESSION_MERGED`: the session is another user's. `LOG_UNAVAILABLE`, `STORE_UNAVAILABLE`.
   */
  merge(request: { userId: string; sessionId: string }): Promise<void>;
  /** The offset of each partition before which everything is applied. */
  positions(): readonly Position[];
  /** Writes all changes together with the positions; then commits those to the log. @throws UsherError `STORE_UNAVAILABLE`. */
  flush(): Promise<void>;
  /** SHA-256 (hex) over everything but the positions, after a flush: two states with equal events have equal hashes. */
  canonicalHash(): Promise<string>;
  /** Writes what is left. The store and the log stay open. */
  close(): Promise<void>;
}

/**
 * Opens the live state over a store and reads on in the log.
 *
 * The store holds each event under its owner, and whole counts by bucket of time; profiles are made of these events when asked.
 * Changes are kept in memory and written every second, or every ten where many come, together with the positions of the log that they reflect, so a crash loses
 * nothing: what was not written is read from the log again.
 *
 * @throws UsherError `STORE_UNAVAILABLE`, `LOG_UNAVAILABLE`.
 */
export async function openLiveState(options: LiveOptions): Promise<LiveState> {
  const [stored] = await options.store.get([positionsKey]);
  const state = new StoredLiveState(options, stored && Buffer.from(stored).toString());
  await state.start();
  return state;
}

class StoredLiveState implements LiveState {
  caughtUp: CaughtUp = { records: 0, missed: [], restored: 0, unreadable: 0 };
  readonly #options: LiveOptions;
  readonly #state: WriteBehind;
  readonly #applied: AppliedOffsets;
  readonly #merges: Merges;
  readonly #profiles: Profiles;
  readonly #trending: Trending;
  readonly #effects: Effects;
  readonly #retractions: IdFilter;
  /** One after the other: each sees the state as the one before left it. */
  readonly #inTurn = oneAtATime();
  readonly #writeInTurn = oneAtATime();
  #waiting: { arrived: Arrived[]; done: Promise<void> } | undefined;
  #writtenPositions: string;
  #beatsSinceWrite = 0;
  #forgotMs = 0;
  /** Before and after, nobody waits for answers. */
  #isOpen = false;
  #beat: NodeJS.Timeout | undefined;

  constructor(options: LiveOptions, positions: string | undefined) {
    this.#options = options;
    const state = new WriteBehind(options.store);
    const merges = new Merges(state);
    const profiles = new Profiles({ state, merges, bytesMax: options.profileBytesMax ?? 128 * 2 ** 20 });
    const trending = new Trending(state);
    const applied = new AppliedOffsets(positions);
    this.#state = state;
    this.#merges = merges;
    this.#profiles = profiles;
    this.#trending = trending;
    this.#applied = applied;
    this.#retractions = new IdFilter();
    this.#effects = new Effects({
      state,
      merges,
      profiles,
      trending,
      applied,
      retractions: this.#retractions,
    });
    this.#writtenPositions = applied.toText();
  }

  async start(): Promise<void> {
    for (const [key] of await this.#state.entries(retractionsPrefix)) {
      this.#retractions.add(idOfPart(key.slice(retractionsPrefix.length)));
    }
    this.caughtUp = await this.follow();
    await this.#inTurn(() => this.#trending.advance(this.#options.now()));
    this.#isOpen = true;
    const { flushMs = 1000 } = this.#options;
    if (flushMs > 0) this.#beat = setInterval(() => void this.#tick(), flushMs).unref();
  }

  apply(events: readonly LoggedEvent[], appended?: readonly Appended[]): Promise<void> {
    return this.#apply(events.map((event, index) => ({ event, at: appended?.[index] })));
  }

  async follow(): Promise<CaughtUp> {
    const { log, earlier } = this.#options;
    if (!log) return this.caughtUp;
    return followLog(log, { earlier, applied: this.#applied, apply: (arrived) => this.#apply(arrived) });
  }

  async view(person: Person, nowMs: number = this.#options.now()): Promise<LiveView> {
    const profile = await this.#profiles.of(ownerOfPerson(person));
    return profile.view(Math.floor(nowMs / viewStepMs) * viewStepMs);
  }

  trending(window: TrendWindow, nowMs: number = this.#options.now()): Promise<readonly TrendingItem[]> {
    return this.#inTurn(async () => {
      await this.#trending.advance(nowMs);
      return this.#trending.ranking(window, nowMs);
    });
  }

  trendingRows(
    genresOf: (itemId: string) => readonly string[] | undefined,
    nowMs: number = this.#options.now(),
  ): Promise<TrendingRow[]> {
    return trendingRows({ ranking: (window) => this.trending(window, nowMs), genresOf, nowMs });
  }

  async shownCount(surface: string, itemId: string): Promise<number> {
    return (await this.#state.countsIn(shownOn(surface))).get(keyPart(itemId))?.[0] ?? 0;
  }

  async lastShown(person: Person): Promise<ReadonlyMap<string, number>> {
    const owners = await this.#merges.group(ownerOfPerson(person));
    return lastShown(this.#state, { owners, impressions: shownImpressions });
  }

  async list(
    request: Person & { limit: number; after?: string },
  ): Promise<{ events: UsherEvent[]; next?: string }> {
    const owners = await this.#merges.group(ownerOfPerson(request));
    return newestEvents(this.#state, { ...request, owners });
  }

  merge({ userId, sessionId }: { userId: string; sessionId: string }): Promise<void> {
    return this.#inTurn(async () => {
      const users = await this.#merges.partners(sessionOwner(sessionId));
      if (users.includes(userOwner(userId))) return;
      if (users.length > 0) {
        throw new UsherError(
          "SESSION_MERGED",
          `session ${sessionId}: expected one of no user, got another's`,
        );
      }
      const event = mergeEvent({ userId, sessionId, nowMs: this.#options.now() });
      const { log } = this.#options;
      const [at] = log
        ? await log.append([
            {
              topic: "events_feedback",
              key: userId,
              id: `merge/${event.event_id}`, // no event that a client sends can have this id
              receivedMs: this.#options.now(),
              value: Buffer.from(JSON.stringify(event)),
            },
          ])
        : [];
      await this.#effects.apply([{ event, at }]);
      if (!log) await this.flush();
      this.#options.onMerged?.(event);
    });
  }

  positions(): readonly Position[] {
    return this.#applied.positions();
  }

  flush(): Promise<void> {
    return this.#writeInTurn(() => this.#writeNow());
  }

  async canonicalHash(): Promise<string> {
    return this.#inTurn(async () => {
      await this.flush();
      return canonicalHash(this.#options.store);
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#beat);
    this.#isOpen = false;
    await this.#inTurn(() => this.flush());
  }

  /** Joins the events that wait already, so that many small requests cost as little as a large one. */
  async #apply(arrived: readonly Arrived[]): Promise<void> {
    if (this.#state.changeCount > changesMax) await this.flush();
    if (!this.#waiting) {
      const waiting = { arrived: [] as Arrived[], done: Promise.resolve() };
      this.#waiting = waiting;
      waiting.done = this.#inTurn(async () => {
        this.#waiting = undefined;
        await this.#effects.apply(waiting.arrived);
        if (this.#state.changeCount > changesBeforeWrite && !this.#state.isWriting) void this.#tick();
      });
    }
    for (const each of arrived) this.#waiting.arrived.push(each);
    return this.#waiting.done;
  }

  async #tick(): Promise<void> {
    try {
      const { changeCount, isWriting } = this.#state;
      const isWorth = changeCount <= changesAtBeat || changeCount > changesBeforeWrite;
      this.#beatsSinceWrite++;
      if (!isWriting && (isWorth || this.#beatsSinceWrite >= beatsMax)) await this.flush();
      // a request died between the log and the state, or another process appended
      if (this.#applied.hasGaps) await this.follow();
      if (Math.abs(this.#options.now() - this.#forgotMs) >= forgetMs) await this.#forgetOld();
    } catch (error) {
      this.#options.onFailure(error);
    }
  }

  async #forgetOld(): Promise<void> {
    this.#forgotMs = this.#options.now();
    await this.#trending.forgetOld(this.#forgotMs);
  }

  async #writeNow(): Promise<void> {
    this.#beatsSinceWrite = 0;
    let positions = this.#applied.toText();
    if (this.#state.changeCount === 0 && positions === this.#writtenPositions) return;
    let committed = this.#applied.positions();
    const others = () => {
      positions = this.#applied.toText();
      committed = this.#applied.positions();
      return [[positionsKey, Buffer.from(positions)] as const];
    };
    // far behind, the third that one write is cheaper counts more than those who wait for it
    const isAlone = !this.#isOpen || this.#state.changeCount > changesBeforeWrite;
    await this.#state.write(others, { isAlone });
    this.#writtenPositions = positions;
    await this.#options.log?.commit(liveGroup, committed);
  }
}

const ownerOfPerson = (person: Person) =>
  "userId" in person ? userOwner(person.userId) : sessionOwner(person.sessionId);

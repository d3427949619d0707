import { type Random, seededRandom } from "../data/random.ts";
import { mixed, type PlantedTaste, plantTastes, type SimulatedItem } from "./tastes.ts";
import { eventsOfVisit, type SessionMemory, uuidOf, type Visit } from "./visit.ts";

export interface SimulationOptions {
  /** The catalogue, at least one item. */
  readonly items: readonly SimulatedItem[];
  /** Number of users, ≥ 1; some act much more often than others. */
  readonly users: number;
  readonly seed: number;
  /** Mean number of events in a second of simulated time, > 0. */
  readonly rate: number;
  /** When the simulated time begins, ms since 1970. */
  readonly startMs: number;
  /** Share of events that are spoilt, 0..1. Default 0. */
  readonly malformedShare?: number;
  /** Share of sessions without an account, 0..1. Default 0.1. */
  readonly anonymousShare?: number;
}

/** People who do not exist, with tastes that are known. */
export interface Simulation {
  /** Visits without end, in the order of time; they come at random (Poisson) and together give the stated rate of events. */
  visits(): Generator<Visit, never>;
  /** What was planted, of every user. */
  truth(): PlantedTaste[];
  /** How much a user likes an item; `undefined` for unknown ids. */
  liking(userId: string, itemId: string): number | undefined;
}

/** Mean number of events of a visit. */
const visitEvents = 4;
/** Mean number of visits of a session. */
const sessionVisits = 4;
/** Sessions that are under way at once. */
const sessionsOpen = 50;

interface Session {
  readonly user: number;
  readonly isAnonymous: boolean;
  readonly sessionId: string;
  readonly memory: SessionMemory;
  visitsLeft: number;
}

/**
 * Simulates people who look at lists and act on them by planted tastes, true to the event contract.
 *
 * Everything that is not in the lists that they are shown is a function of the options: the same options and the same lists give the
 * same events, to the byte. Event ids follow from seed and start, so a run can be sent again, and another start gives other ids.
 *
 * Cost: O(items) at first, O(list + log items) an event.
 */
export function simulateUsers(options: SimulationOptions): Simulation {
  const { items, users, seed, startMs } = options;
  const width = String(users).length;
  const userIdOf = (user: number) => `sim-${seed}-${String(user + 1).padStart(width, "0")}`;
  const tastes = plantTastes({ items, userIdOf, seed });
  const itemAt = new Map(items.map(({ itemId }, at) => [itemId, at]));
  const heardOf = popularDraw(items);
  const likingOf = (user: number, itemId: string) => {
    const at = itemAt.get(itemId);
    return at === undefined ? undefined : tastes.liking(user, at);
  };
  const begin = (random: Random): Session => ({
    user: Math.floor(users * random.uniform() ** 1.5),
    isAnonymous: random.uniform() < (options.anonymousShare ?? 0.1),
    sessionId: uuidOf(random),
    memory: { acted: new Set() },
    visitsLeft: geometric(sessionVisits, random),
  });

  function* visits(): Generator<Visit, never> {
    const random = seededRandom(mixed(mixed(seed, startMs | 0), Math.floor(startMs / 2 ** 32)));
    const sessions = Array.from({ length: Math.min(sessionsOpen, users) }, () => begin(random));
    let atMs = 0;
    for (;;) {
      const eventCount = geometric(visitEvents, random);
      atMs += (-Math.log(1 - random.uniform()) * eventCount * 1000) / options.rate;
      const at = random.below(sessions.length);
      const session = sessions[at] as Session;
      if (--session.visitsLeft <= 0) sessions[at] = begin(random);
      const { user, isAnonymous, sessionId, memory } = session;
      const userId = userIdOf(user);
      const ground = {
        owner: isAnonymous ? { session_id: sessionId } : { user_id: userId, session_id: sessionId },
        memory,
        random: seededRandom(random.below(2 ** 32)),
        beginMs: Math.floor(startMs + atMs),
        eventCount,
        malformedShare: options.malformedShare ?? 0,
        liking: (itemId: string) => likingOf(user, itemId),
        heardOf,
      };
      yield {
        atMs,
        ...(isAnonymous ? {} : { userId }),
        sessionId,
        eventCount,
        act: (shown) => eventsOfVisit(ground, shown),
      };
    }
  }

  return {
    visits,
    truth: () => Array.from({ length: users }, (_, user) => tastes.of(user)),
    liking: (userId, itemId) => {
      const user = Number(userId.slice(`sim-${seed}-`.length)) - 1;
      const isKnown = Number.isInteger(user) && user >= 0 && user < users && userIdOf(user) === userId;
      return isKnown ? likingOf(user, itemId) : undefined;
    },
  };
}

/** A whole number ≥ 1 with the given mean (geometric). */
function geometric(mean: number, random: Random): number {
  return 1 + Math.floor(Math.log(1 - random.uniform()) / Math.log(1 - 1 / mean));
}

/** Draws item ids in proportion to popularity + 1. Cost: O(items) once, O(log items) a draw. */
function popularDraw(items: readonly SimulatedItem[]): (random: Random) => string {
  const sums = new Float64Array(items.length);
  let sum = 0;
  items.forEach(({ popularity }, at) => {
    sum += popularity + 1;
    sums[at] = sum;
  });
  return (random) => {
    const place = random.uniform() * sum;
    let low = 0;
    let high = items.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) > place) high = middle;
      else low = middle + 1;
    }
    return (items[low] as SimulatedItem).itemId;
  };
}

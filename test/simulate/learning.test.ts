import { beforeAll, describe, expect, it } from "vitest";
import type { UsherEvent } from "../../src/contracts/events.ts";
import { catalogue } from "../../src/data/catalogue.ts";
import { interactionsFromTriples } from "../../src/data/interactions.ts";
import { seededRandom } from "../../src/data/random.ts";
import { weightsOfRatings } from "../../src/data/signals.ts";
import { vocabulary } from "../../src/data/vocabulary.ts";
import { type LiveState, openLiveState } from "../../src/live/live-state.ts";
import { biasedMf } from "../../src/models/biased-mf.ts";
import { ials } from "../../src/models/ials.ts";
import { type Recommender, recommender } from "../../src/recommend/recommender.ts";
import { simulateUsers } from "../../src/simulate/simulate-users.ts";
import { memoryStateStore } from "../contract/memory-state-store.ts";
import { simulatedItems } from "./small-catalogue.ts";

const nowMs = Date.parse("2026-03-01T12:00:00.000Z");
const items = simulatedItems(200);
const groupOf = new Map(items.map(({ itemId, groups }) => [itemId, groups[0] as string]));
const listLength = 10;

let answers: Recommender;
beforeAll(async () => {
  answers = await smallReleaseOfTastes();
});

/** A release that was trained on 300 people of the past, each of whom loves one of four groups; nobody of the simulation is among them. */
async function smallReleaseOfTastes(): Promise<Recommender> {
  const random = seededRandom(11);
  const rows: [number, number, number][] = [];
  const people = 300;
  for (let user = 0; user < people; user++) {
    for (const item of items.keys()) {
      const isLoved = item % 4 === user % 4;
      if (random.uniform() < (isLoved ? 0.25 : 0.05)) rows.push([user, item, isLoved ? 4.5 : 2.5]);
    }
  }
  const ratings = interactionsFromTriples(
    {
      users: Int32Array.from(rows, ([user]) => user),
      items: Int32Array.from(rows, ([, item]) => item),
      values: Float32Array.from(rows, ([, , rating]) => rating),
    },
    { userCount: people, itemCount: items.length },
  );
  const users = vocabulary(Array.from({ length: people }, (_, user) => `past-${user}`));
  return recommender({
    release: {
      version: "v0001",
      ranker: await ials.fit(weightsOfRatings(ratings), { factors: 8, seed: 1 }),
      rater: await biasedMf.fit(ratings, { factors: 4, seed: 1 }),
      set: { users, items: vocabulary(items.map(({ itemId }) => itemId)), ratings },
    },
    catalogue: catalogue(
      items.map(({ itemId, groups }) => ({
        ...{ itemId, title: `Film ${itemId}`, genres: groups, links: {}, ratingCount: 10 },
        ...{ isPlaceholder: false, isHidden: false },
      })),
    ),
  });
}

interface Learnt {
  /** Mean share of a list that is of the user's loved groups: before any event, and after so many. */
  readonly before: number;
  readonly after: number;
  /** The same for the hated group. */
  readonly hatedBefore: number;
  readonly hatedAfter: number;
  readonly users: number;
  readonly eventsEach: number;
}

/** Lets newcomers act on their lists. `isHeard` false: their events go nowhere. */
async function learn(live: LiveState, { isHeard }: { isHeard: boolean }): Promise<Learnt> {
  const simulation = simulateUsers({
    ...{ items, users: 60, seed: 8, rate: 10, startMs: nowMs - 3600_000, anonymousShare: 0 },
  });
  const truth = new Map(simulation.truth().map((taste) => [taste.userId, taste]));
  const listOf = async (userId: string) =>
    answers.recommend({ userId, k: listLength, live: await live.view({ userId }, nowMs) }).items;
  const shareOf = async (userId: string, kind: "loved" | "hated") => {
    const groups = truth.get(userId)?.[kind] ?? [];
    const list = await listOf(userId);
    return list.filter(({ item }) => groups.includes(groupOf.get(item.itemId) ?? "")).length / listLength;
  };
  const meanOf = async (kind: "loved" | "hated") => {
    const shares = await Promise.all([...truth.keys()].map((userId) => shareOf(userId, kind)));
    return shares.reduce((sum, share) => sum + share, 0) / shares.length;
  };
  const [before, hatedBefore] = [await meanOf("loved"), await meanOf("hated")];
  let sent = 0;
  for (const visit of simulation.visits()) {
    if (sent >= 15 * truth.size) break;
    const userId = visit.userId as string;
    const itemIds = (await listOf(userId)).map(({ item }) => item.itemId);
    const shown = { requestId: "r", modelVersion: answers.version, surface: "for-you", itemIds };
    const events = visit.act(shown).map(({ text }) => JSON.parse(text) as UsherEvent);
    sent += events.length;
    if (isHeard) await live.apply(events);
  }
  return {
    ...{ before, hatedBefore, after: await meanOf("loved"), hatedAfter: await meanOf("hated") },
    ...{ users: truth.size, eventsEach: sent / truth.size },
  };
}

const emptyState = () =>
  openLiveState({
    store: memoryStateStore(),
    now: () => nowMs,
    flushMs: 0,
    onFailure: (error) => {
      throw error;
    },
  });

describe("learning from events alone, without training anew", () => {
  it("brings what is planted in newcomers to the top of their lists", async () => {
    const learnt = await learn(await emptyState(), { isHeard: true });
    console.log(`learnt: ${JSON.stringify(learnt)}`);
    expect(learnt.before).toBeLessThan(0.45); // one or two groups of four
    expect(learnt.after).toBeGreaterThan(learnt.before + 0.25);
    expect(learnt.hatedAfter).toBeLessThan(learnt.hatedBefore);
  });

  it("is not there where the events are ignored: the measure tells the two apart", async () => {
    const learnt = await learn(await emptyState(), { isHeard: false });
    expect(learnt.after).toBe(learnt.before);
    expect(learnt.hatedAfter).toBe(learnt.hatedBefore);
  });
});

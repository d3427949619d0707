import type { TrainingReport } from "../contracts/release.ts";
import type { Interactions } from "../data/interactions.ts";
import { pairedInterval } from "../evaluate/interval.ts";
import { evaluateSlice, groupSlices, longTail, userSlices } from "../evaluate/slices.ts";
import type { Ranked } from "./choose.ts";
import type { Entrant } from "./entrants.ts";

/** Figures of all rankers for one part of the users or items, as in the report. */
export type SliceFigures = NonNullable<TrainingReport["slices"]>[number];

/**
 * How every ranker does for new users, heavy users and the long tail, and for each group of items; slices without anyone are left out.
 *
 * Made of the lists of the evaluation: nothing is fitted or scored.
 *
 * @param of.seen All training pairs; users are new or heavy by their number.
 * @param options.itemGroups Names of the groups of each item, such as genres. Default: none.
 * Cost: O(slices · rankers · users · resamples).
 */
export function sliceFigures(
  of: { rankers: readonly Ranked[]; baseline: Entrant; seen: Interactions; relevant: Interactions },
  options: { seed: number; itemGroups?: readonly (readonly string[])[] | undefined },
): SliceFigures[] {
  const { rankers, baseline, seen, relevant } = of;
  const { seed, itemGroups = [] } = options;
  return [...userSlices(seen), longTail(seen), ...groupSlices(itemGroups)].flatMap((slice) => {
    const evaluated = rankers.map(({ entrant, evaluation }) => ({
      entrant,
      ...evaluateSlice({ evaluation, relevant }, slice),
    }));
    const users = evaluated[0]?.users.length ?? 0;
    const right = evaluated.find(({ entrant }) => entrant === baseline)?.ndcg;
    if (users === 0 || !right) return [];
    return {
      name: slice.name,
      users_evaluated: users,
      rankers: evaluated.map(({ entrant, ndcg: left, means: { ndcg, recall } }) => ({
        ndcg,
        recall,
        ndcg_against_popularity: entrant === baseline ? null : pairedInterval({ left, right }, { seed }),
      })),
    };
  });
}

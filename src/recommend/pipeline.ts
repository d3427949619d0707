import type { Asked, Candidate } from "./asked.ts";
import type { Plan } from "./plan.ts";
import { select, withPlaced } from "./select.ts";
import { byScore, sources } from "./sources.ts";
import { blend, roundScore, sumOf } from "./terms.ts";

/** The stages of which the time is measured, in their order. */
export const stageNames = ["candidates", "score", "rules", "exploration", "explanation"] as const;
export type StageName = (typeof stageNames)[number];

/** Candidates that a source gives where something chooses among them and the document does not say how many. */
const poolDefault = 300;

/** What a run of the pipeline gives. */
export interface PipelineResult {
  /** The page as it is before anything is tried. */
  readonly list: readonly Candidate[];
  /** Candidates that are not on the page, where exploration draws from them. */
  readonly rest: readonly Candidate[];
  /** No source could say anything for this person: the surface falls back. */
  readonly isSilent: boolean;
  /** Moments at which its stages ended, ms. */
  readonly endsMs: readonly number[];
}

/**
 * Makes a list: candidates of the sources, none of them blocked; their scores; rules and diversity.
 *
 * A stage that the surface does not ask for does nothing. With none of them the sources are asked for just the items of the page, so
 * the exact top k of the model is the answer.
 */
export function runPipeline(plan: Plan, asked: Asked): PipelineResult {
  const { found, isSilent } = candidatesOf(plan, asked);
  const ends = [performance.now()];
  const scored = plan.chooses ? scoredBy(plan, { asked, found: withPlaced(found, { plan, asked }) }) : found;
  ends.push(performance.now());
  const list = plan.chooses ? select(scored, { plan, asked }) : scored.slice(0, asked.k);
  ends.push(performance.now());
  const rest = plan.chooses && plan.document.exploration?.of === "candidates" ? without(scored, list) : [];
  return { list, rest, isSilent, endsMs: ends };
}

function candidatesOf(plan: Plan, asked: Asked): { found: Candidate[]; isSilent: boolean } {
  let isSilent = true;
  const lists: Candidate[][] = [];
  for (const { source, limit = plan.chooses ? Math.max(poolDefault, asked.k) : asked.k } of plan.sources) {
    const found = sources[source](asked, limit);
    if (!found) continue;
    isSilent = false;
    lists.push(found);
  }
  if (lists.length < 2) return { found: lists[0] ?? [], isSilent };
  // an item belongs to the first source that names it
  const byItem = new Map<number, Candidate>();
  for (const candidate of lists.flat()) {
    if (!byItem.has(candidate.item)) byItem.set(candidate.item, candidate);
  }
  return { found: [...byItem.values()], isSilent };
}

const without = (all: readonly Candidate[], some: readonly Candidate[]) => {
  const left = new Set(some);
  return all.filter((candidate) => !left.has(candidate));
};

/** Blends the terms of the surface, then boosts and buries; the best first. Without either the order stays. */
function scoredBy(plan: Plan, { asked, found }: { asked: Asked; found: Candidate[] }): Candidate[] {
  const { weights, adjustments } = plan;
  if (weights.length > 0) blend(found, { asked, weights });
  if (adjustments.length > 0) adjust(found, { plan, asked });
  return weights.length + adjustments.length === 0 ? found : found.sort(byScore);
}

function adjust(found: readonly Candidate[], { plan, asked }: { plan: Plan; asked: Asked }): void {
  const greatest = found.reduce((most, { score }) => Math.max(most, Math.abs(score)), 0);
  for (const candidate of found) {
    const terms = termsOf(candidate);
    const item = asked.offer.items[candidate.item];
    for (const { name, filter, by } of plan.adjustments) {
      if (item && filter.passes(item, asked.context))
        terms[name] = roundScore((terms[name] ?? 0) + by * greatest);
    }
    candidate.terms = terms;
    candidate.score = sumOf(terms);
  }
}

/** Of what the score of an item is the sum, by name. */
export function termsOf({ terms, source, score }: Candidate): Record<string, number> {
  return terms ?? { [source]: roundScore(score) };
}

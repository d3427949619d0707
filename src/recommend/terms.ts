import type { TermName } from "../contracts/surfaces.ts";
import type { Asked, Candidate } from "./asked.ts";

/** Years after which freshness has halved. */
const freshnessHalfLife = 3;
const yearMs = 365.25 * 24 * 3600 * 1000;

/** The raw values of some items, in their order. They are brought to 0..1 over all candidates before they are weighted. */
type Term = (asked: Asked, items: readonly number[]) => ArrayLike<number>;

/** Everything that a score can be blended of. */
export const terms: Readonly<Record<TermName, Term>> = {
  model: ({ release, person, offer }, items) => {
    const known = items.filter((item) => item < offer.trainedCount);
    const scores = person.weights.items.length === 0 ? [] : release.ranker.scoreChosen(person.weights, known);
    let least = 0;
    for (let at = 0; at < scores.length; at++) least = Math.min(least, scores[at] ?? 0);
    let next = 0;
    // what no model knows is worth as little as the worst
    return items.map((item) => (item < offer.trainedCount ? (scores[next++] ?? 0) : least));
  },
  trending: ({ trending, offer }, items) => {
    const scores = new Map(trending?.items.map(({ itemId, score }) => [offer.indexOf(itemId), score]));
    return items.map((item) => scores.get(item) ?? 0);
  },
  freshness: ({ offer, context }, items) => {
    const now = 1970 + context.nowMs / yearMs;
    return items.map((item) => {
      const released = item >= offer.trainedCount ? now : offer.released(item);
      return released === undefined ? 0 : 2 ** (-Math.max(0, now - released) / freshnessHalfLife);
    });
  },
  popularity: ({ offer }, items) => items.map((item) => Math.log1p(offer.rated.ratingsOf(item).count)),
  rating: ({ offer }, items) => items.map((item) => offer.best.list.scoreOf(item)),
  content: ({ offer, person }, items) => {
    const nearness = offer.content.nearnessTo(person.tastes);
    return items.map((item) => nearness[item] ?? 0);
  },
};

/** Steps of a shown score and of its terms: whole numbers of them add up exactly. */
export const scoreSteps = 1e6;
export const roundScore = (value: number) => Math.round(value * scoreSteps) / scoreSteps;

/**
 * Gives each candidate the weighted sum of its terms as score. Each term runs from 0 (the least of the candidates) to 1 (the
 * greatest); one that is the same for all adds nothing.
 */
export function blend(
  candidates: readonly Candidate[],
  { asked, weights }: { asked: Asked; weights: readonly (readonly [TermName, number])[] },
): void {
  const items = candidates.map(({ item }) => item);
  for (const candidate of candidates) candidate.terms = {};
  for (const [name, weight] of weights) {
    const values = terms[name](asked, items);
    let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let at = 0; at < values.length; at++) {
      least = Math.min(least, values[at] ?? 0);
      greatest = Math.max(greatest, values[at] ?? 0);
    }
    const span = greatest - least;
    candidates.forEach(({ terms: own = {} }, at) => {
      own[name] = span > 0 ? roundScore((weight * ((values[at] ?? 0) - least)) / span) : 0;
    });
  }
  for (const candidate of candidates) candidate.score = sumOf(candidate.terms ?? {});
}

/** The sum of rounded terms, without what floating point adds. */
export function sumOf(own: Readonly<Record<string, number>>): number {
  let steps = 0;
  for (const value of Object.values(own)) steps += Math.round(value * scoreSteps);
  return steps / scoreSteps;
}

import type { SourceName } from "../contracts/surfaces.ts";
import type { Item } from "../data/catalogue.ts";
import type { Asked, Candidate, Placed } from "./asked.ts";
import {
  contentReason,
  continueReason,
  historyReason,
  imdbReason,
  newReason,
  plainReason,
  type Reason,
  ratedReason,
  reasonItemsMax,
  similarReason,
  strongestPositions,
  trendingReason,
} from "./reasons.ts";
import { roundScore } from "./terms.ts";

/** Steps of a shown weight. */
const weightSteps = 1e4;

type Explained = (candidate: Candidate, asked: Asked) => Reason;

const rated: Explained = ({ item }, { offer }) =>
  offer.best.isImdb
    ? imdbReason(offer.best.list.ratingsOf(item))
    : ratedReason(offer.rated.ratingsOf(item), "top_ratings");
const similar: Explained = ({ evidence }, { offer }) => similarReason(offer.items[evidence] as Item);

/** The sentence of each source; that of the model needs its arithmetic and is made for all items at once. */
const bySource: Readonly<Record<Exclude<SourceName, "model">, Explained>> = {
  "similar-to-recent": similar,
  "similar-to-item": similar,
  content: ({ item }, { offer }) => {
    const { genres = [] } = offer.items[item] ?? {};
    return contentReason(genres.slice(0, 3));
  },
  trending: ({ evidence }, { trending }) => trendingReason(evidence, trending?.window ?? ""),
  new: ({ item }, { offer }) => {
    const { releaseYear } = offer.items[item] ?? {};
    return newReason({ isNewHere: item >= offer.trainedCount, releaseYear });
  },
  popular: ({ item }, { offer }) => ratedReason(offer.rated.ratingsOf(item), "popular"),
  top: rated,
  continue: ({ evidence }) => continueReason(evidence),
};

/** The sentence of an item that does not stand there by its score. */
const byPlace: Readonly<Record<Placed, Reason>> = {
  pin: plainReason("pin", "chosen for this place"),
  promotion: plainReason("promotion", "promoted"),
  exploration: plainReason("exploration", "tried here: tell us whether you like it"),
};

/** Why each item of a list is there. Cost: one explanation of the model for its items. */
export function reasonsOf(list: readonly Candidate[], asked: Asked): Reason[] {
  const isOfModel = ({ source, placed }: Candidate) => source === "model" && placed === undefined;
  const modelled = list.filter(isOfModel);
  const reasons = modelled.length === 0 ? [] : modelReasons(modelled, asked);
  let next = 0;
  return list.map((candidate) => {
    if (candidate.placed) return byPlace[candidate.placed];
    if (candidate.source === "model") return reasons[next++] as Reason;
    return bySource[candidate.source](candidate, asked);
  });
}

/** Those of the person's own items that add most to the score. */
function modelReasons(list: readonly Candidate[], asked: Asked): Reason[] {
  const { release, offer, person, context } = asked;
  const { weights } = person;
  const explained = release.ranker.contributions(
    weights,
    list.map(({ item }) => item),
  );
  const popular = ({ item }: Candidate) => ratedReason(offer.rated.ratingsOf(item), "popularity");
  if (!explained) return list.map(popular);
  return explained.map((terms, at) => {
    const candidate = list[at] as Candidate;
    const strongest = strongestPositions(terms, {
      limit: reasonItemsMax,
      // what the catalogue does not show must not appear in a reason either
      counts: (position) => offer.isShown(weights.items[position] ?? -1, context),
    })
      .map((position) => ({
        item: offer.items[weights.items[position] ?? -1] as Item,
        weight: Math.round((terms[position] ?? 0) * weightSteps) / weightSteps,
      }))
      .filter(({ weight }) => weight > 0);
    // without any score nothing of the history speaks for the item: it only fills the list
    const isFound = strongest.length > 0 || roundScore(candidate.score) > 0;
    return isFound ? historyReason(strongest) : popular(candidate);
  });
}

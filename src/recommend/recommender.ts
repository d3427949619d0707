import { listLengthMax } from "../contracts/http.ts";
import type { Catalogue, Item } from "../data/catalogue.ts";
import { emptyHistory, type History } from "../data/interactions.ts";
import type { TrainingSet } from "../data/training-set.ts";
import { UsherError } from "../errors.ts";
import type { LiveView, TrendingItem } from "../live/live-view.ts";
import type { Model } from "../models/model.ts";
import { recommendItems, similarTo } from "../models/recommend.ts";
import { type PersonHistory, personHistory } from "./person-history.ts";
import {
  continueReason,
  historyReason,
  type Reason,
  ratedReason,
  reasonItemsMax,
  strongestPositions,
  trendingReason,
} from "./reasons.ts";
import { holds, type Shelf, type Shelves, shelves, unionOf } from "./shelves.ts";
import { type TopItem, type TopList, topList } from "./top-list.ts";

/** What a recommender needs of a loaded release. */
export interface ServedRelease {
  readonly version: string;
  /** Scores items from weights. */
  readonly ranker: Model;
  /** Predicts ratings from ratings. */
  readonly rater: Model;
  readonly set: TrainingSet;
}

/** One item of an answer. */
export interface RecommendedItem {
  readonly item: Item;
  /** 1 = best. */
  readonly rank: number;
  readonly score: number;
  /** 0.5..5, in steps of 0.01. */
  readonly ratingPredicted: number;
  readonly reason: Reason;
}

/**
 * An answer: `for-you` from the user's own history, or the labelled `top` list for who has none yet; what others do now
 * (`trending`); or what the user has begun (`continue`).
 */
export interface Recommendations {
  readonly surface: "for-you" | "top" | "trending" | "continue";
  readonly items: readonly RecommendedItem[];
}

/** For whom a list is, and what must be in it. */
export interface ListRequest {
  /** Absent for a visitor without an account, of whom only `live` is known. */
  readonly userId?: string | undefined;
  /** 1..200. */
  readonly k: number;
  /** Only items of this genre; one that no item has gives an empty list. */
  readonly genre?: string | undefined;
  /** Ids that must not appear; unknown ones do no harm. */
  readonly excluded?: readonly string[] | undefined;
  /** What the person did since the release was trained. Disliked items never appear. */
  readonly live?: LiveView | undefined;
  /** Whether what was rated or completed is left out. Default true. */
  readonly hideConsumed?: boolean | undefined;
}

/** What others do now, the highest score first, and in which window: `1h`, `24h` or `7d`. */
export interface TrendingNow {
  readonly window: string;
  readonly items: readonly TrendingItem[];
}

/** An item that resembles another. */
export interface SimilarItem {
  readonly item: Item;
  readonly rank: number;
  readonly score: number;
}

/** Answers from one release. Everything is computed when it is asked, from the models and the user's history. */
export interface Recommender {
  readonly version: string;
  readonly catalogue: Catalogue;
  /**
   * The best items that the person has not consumed. An unknown user, or one without a liked item, gets the top list, still
   * without what they consumed.
   *
   * @throws UsherError `PARAMETER_INVALID`: k out of range.
   * Cost: two fold-ins and one scoring of the catalogue by the ranker, one fold-in by the rater, and k explanations.
   */
  recommend(request: ListRequest): Recommendations;
  /** What is trending, less what the person has consumed; nobody's list where neither user nor live view is given. */
  trending(request: ListRequest & { readonly now: TrendingNow }): Recommendations;
  /** What the person has begun and not finished, the last looked at first. */
  continuing(request: ListRequest): Recommendations;
  /** @throws UsherError `ITEM_UNKNOWN`, `PARAMETER_INVALID`. */
  similar(request: { itemId: string; k: number }): readonly SimilarItem[];
  /** The best rated items for everybody, with predicted ratings of a new user. @throws UsherError `PARAMETER_INVALID`. */
  top(request: { k: number; genre?: string | undefined }): readonly RecommendedItem[];
  /** What the user would rate the item, 0.5..5 in steps of 0.01. @throws UsherError `ITEM_UNKNOWN`. */
  predictRating(request: { userId: string; itemId: string }): number;
}

const noIndexes = new Int32Array(0);
const round = (value: number, steps: number) => Math.round(value * steps) / steps;
/** Steps of a shown score, and of a shown weight. */
const scoreSteps = 1e6;
const weightSteps = 1e4;
const clipRating = (rating: number) => round(Math.min(5, Math.max(0.5, rating)), 100);

function checkLength(k: number): void {
  if (!Number.isInteger(k) || k < 1 || k > listLengthMax) {
    throw new UsherError("PARAMETER_INVALID", `k: expected an integer in 1..${listLengthMax}, got ${k}`, {
      details: { field: "k" },
    });
  }
}

/**
 * Makes answers from a release and the catalogue of the same build.
 *
 * The buffers that scoring needs are made once; an answer allocates only what it returns. For one thread.
 *
 * Cost: O(ratings + items · log items), once.
 */
export function recommender(options: { release: ServedRelease; catalogue: Catalogue }): Recommender {
  return new ReleaseRecommender(options.release, options.catalogue);
}

interface ChosenItem extends TopItem {
  readonly reason: Reason;
}

class ReleaseRecommender implements Recommender {
  readonly version: string;
  readonly catalogue: Catalogue;
  readonly #release: ServedRelease;
  readonly #itemAt: readonly (Item | undefined)[];
  readonly #shelves: Shelves;
  readonly #best: TopList;
  readonly #topOf = new Map<Shelf, readonly TopItem[]>();
  readonly #refused: Int32Array;
  readonly #excluded: Int32Array;

  constructor(release: ServedRelease, catalogue: Catalogue) {
    this.version = release.version;
    this.catalogue = catalogue;
    this.#release = release;
    const { items, ratings } = release.set;
    this.#itemAt = items.ids.map((id) => catalogue.get(id));
    this.#shelves = shelves(this.#itemAt);
    this.#best = topList(ratings);
    this.#refused = new Int32Array(2 * items.size);
    this.#excluded = new Int32Array(2 * items.size);
  }

  recommend(request: ListRequest): Recommendations {
    checkLength(request.k);
    const person = this.#personOf(request);
    const { weights } = person;
    const surface = weights.items.length === 0 ? "top" : "for-you";
    const shelf = this.#shelfOf(request.genre);
    if (!shelf) return { surface, items: [] };
    const refused = this.#refusedBy(request, person);
    const { k } = request;
    if (surface === "top") return { surface, items: this.#topFor(person.ratings, { k, shelf, refused }) };
    const found = recommendItems(this.#release.ranker, {
      history: weights,
      k,
      excluded: unionOf(refused, shelf.others, this.#excluded),
    });
    const reasons = this.#explain(weights, found);
    const chosen = Array.from(found.items, (itemIndex, at) => ({
      itemIndex,
      score: found.scores[at] ?? 0,
      reason: reasons[at] as Reason,
    }));
    return { surface, items: this.#presentAll(chosen, person.ratings) };
  }

  trending({ now, ...request }: ListRequest & { readonly now: TrendingNow }): Recommendations {
    const items = this.#choose(request, now.items, ({ score, actionCount }) => ({
      score,
      reason: trendingReason(actionCount, now.window),
    }));
    return { surface: "trending", items };
  }

  continuing(request: ListRequest): Recommendations {
    const begun = request.live?.continuing ?? [];
    const items = this.#choose(request, begun, ({ progress }) => ({
      score: progress,
      reason: continueReason(progress),
    }));
    return { surface: "continue", items };
  }

  /** The first of a list that the person may be shown. */
  #choose<Entry extends { readonly itemId: string }>(
    request: ListRequest,
    entries: readonly Entry[],
    present: (entry: Entry) => { score: number; reason: Reason },
  ): RecommendedItem[] {
    checkLength(request.k);
    const shelf = this.#shelfOf(request.genre);
    if (!shelf) return [];
    const person = this.#personOf(request);
    const refused = this.#refusedBy(request, person);
    const chosen: ChosenItem[] = [];
    for (const entry of entries) {
      if (chosen.length === request.k) break;
      const itemIndex = this.#release.set.items.indexOf(entry.itemId);
      if (!holds(shelf.items, itemIndex) || holds(refused, itemIndex)) continue;
      chosen.push({ itemIndex, ...present(entry) });
    }
    return this.#presentAll(chosen, person.ratings);
  }

  similar({ itemId, k }: { itemId: string; k: number }): readonly SimilarItem[] {
    checkLength(k);
    const index = this.#shownIndex(itemId);
    const found = similarTo(this.#release.ranker, index, k + this.#shelves.all.others.length);
    return Array.from(found.items, (other, at) => ({ other, score: found.scores[at] ?? 0 }))
      .filter(({ other, score }) => score > 0 && this.#isShown(other))
      .slice(0, k)
      .map(({ other, score }, at) => ({
        item: this.#shownItem(other),
        rank: at + 1,
        score: round(score, scoreSteps),
      }));
  }

  top({ k, genre }: { k: number; genre?: string | undefined }): readonly RecommendedItem[] {
    checkLength(k);
    const shelf = this.#shelfOf(genre);
    return shelf ? this.#topFor(emptyHistory, { k, shelf, refused: noIndexes }) : [];
  }

  predictRating({ userId, itemId }: { userId: string; itemId: string }): number {
    const index = this.#shownIndex(itemId);
    return clipRating(this.#release.rater.scoreChosen(this.#personOf({ userId }).ratings, [index])[0] ?? 0);
  }

  #personOf({ userId, live }: Pick<ListRequest, "userId" | "live">): PersonHistory {
    return personHistory(this.#release.set, { userId, live });
  }

  /** What must not be in a list. The result is valid until the next call. */
  #refusedBy({ excluded = [], hideConsumed = true }: ListRequest, person: PersonHistory): Int32Array {
    const own = hideConsumed ? person.consumed : person.denied;
    return unionOf(own, this.#indexesOf(excluded), this.#refused);
  }

  #indexesOf(itemIds: readonly string[]): Int32Array {
    if (itemIds.length === 0) return noIndexes;
    const { items } = this.#release.set;
    return Int32Array.from(new Set(itemIds.map((id) => items.indexOf(id)).filter((at) => at >= 0))).sort();
  }

  #shelfOf(genre: string | undefined): Shelf | undefined {
    return genre === undefined ? this.#shelves.all : this.#shelves.ofGenre(genre);
  }

  #shownIndex(itemId: string): number {
    const index = this.#release.set.items.indexOf(itemId);
    if (!this.#isShown(index)) throw unknownItem(itemId);
    return index;
  }

  /** Only indexes that are on a shelf get here. */
  #shownItem(index: number): Item {
    return this.#itemAt[index] as Item;
  }

  #topFor(history: History, list: { k: number; shelf: Shelf; refused: Int32Array }): RecommendedItem[] {
    const ranked = this.#topOf.get(list.shelf) ?? this.#best.rank(list.shelf.items);
    this.#topOf.set(list.shelf, ranked);
    const chosen: TopItem[] = [];
    for (const entry of ranked) {
      if (chosen.length === list.k) break;
      if (!holds(list.refused, entry.itemIndex)) chosen.push(entry);
    }
    const explained = chosen.map((entry) => ({
      ...entry,
      reason: ratedReason(this.#best.ratingsOf(entry.itemIndex), "top_ratings"),
    }));
    return this.#presentAll(explained, history);
  }

  /** The chosen items in their order, with what the person would rate them. */
  #presentAll(chosen: readonly ChosenItem[], history: History): RecommendedItem[] {
    const indexes = chosen.map(({ itemIndex }) => itemIndex);
    const ratings = this.#release.rater.scoreChosen(history, indexes);
    return chosen.map(({ itemIndex, score, reason }, at) => ({
      item: this.#shownItem(itemIndex),
      rank: at + 1,
      score: round(score, scoreSteps),
      ratingPredicted: clipRating(ratings[at] ?? 0),
      reason,
    }));
  }

  /** One reason for each of the items. */
  #explain(weights: History, { items, scores }: { items: Int32Array; scores: Float32Array }): Reason[] {
    const explained = this.#release.ranker.contributions(weights, items);
    const rated = (index: number) => ratedReason(this.#best.ratingsOf(index), "popularity");
    if (!explained) return Array.from(items, rated);
    return explained.map((terms, at) => {
      const strongest = strongestPositions(terms, {
        limit: reasonItemsMax,
        // what the catalogue does not show must not appear in a reason either
        counts: (at) => this.#isShown(weights.items[at] ?? -1),
      })
        .map((term) => ({
          item: this.#shownItem(weights.items[term] ?? -1),
          weight: round(terms[term] ?? 0, weightSteps),
        }))
        .filter(({ weight }) => weight > 0);
      // without any score nothing of the history speaks for the item: it only fills the list
      const isFound = strongest.length > 0 || round(scores[at] ?? 0, scoreSteps) > 0;
      return isFound ? historyReason(strongest) : rated(items[at] ?? -1);
    });
  }

  #isShown(index: number): boolean {
    return holds(this.#shelves.all.items, index);
  }
}

/** The error for an id that the catalogue does not show. */
export function unknownItem(itemId: string): UsherError {
  return new UsherError("ITEM_UNKNOWN", `item_id: expected an item of the catalogue, got "${itemId}"`, {
    details: { field: "item_id" },
  });
}

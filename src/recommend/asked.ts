import type { SourceName, SurfaceDocument } from "../contracts/surfaces.ts";
import type { TrainingSet } from "../data/training-set.ts";
import type { LiveView, TrendingItem } from "../live/live-view.ts";
import type { Model } from "../models/model.ts";
import type { AskedContext } from "./filter/fields.ts";
import type { Offer } from "./offer.ts";
import type { PersonHistory } from "./person-history.ts";

/** What a recommender needs of a loaded release. */
export interface ServedRelease {
  readonly version: string;
  /** Scores items from weights. */
  readonly ranker: Model;
  /** Predicts ratings from ratings. */
  readonly rater: Model;
  readonly set: TrainingSet;
}

/** What others do now, the highest score first, and in which window: `1h`, `24h` or `7d`. */
export interface TrendingNow {
  readonly window: string;
  readonly items: readonly TrendingItem[];
}

/** What a person is said to want, beside what they did. Each is empty where nothing was said. */
export interface Choice {
  /** Genres and names of people. */
  readonly names: readonly string[];
  /** As the catalogue writes them; a region (`pt-BR`) does not count. */
  readonly languages: readonly string[];
}

/** One request as every stage sees it. Items are indexes of the offer. */
export interface Asked {
  readonly release: ServedRelease;
  readonly offer: Offer;
  readonly person: PersonHistory;
  readonly live: LiveView | undefined;
  /** Items that must not appear, ascending. */
  readonly blocked: Int32Array;
  /** The items of the wanted genre, ascending, or all shown ones. */
  readonly shelf: Int32Array;
  readonly document: SurfaceDocument;
  /** Length of the page. */
  readonly k: number;
  /** How many items stood on the pages before. */
  readonly offset: number;
  /** The item that the surface is about, for `because-you-watched/{item_id}`. */
  readonly about: number | undefined;
  /** Absent where nobody counts. */
  readonly trending: TrendingNow | undefined;
  /** What a newcomer wants first. */
  readonly chosen: Choice;
  readonly context: AskedContext;
}

/** Why an item stands where it stands, if not by its score. */
export type Placed = "pin" | "promotion" | "exploration";

/** An item on its way into a list. */
export interface Candidate {
  readonly item: number;
  readonly source: SourceName;
  /** What orders the list; higher is better. */
  score: number;
  /** What the score is the sum of, by name. Absent: the score is the source's own. */
  terms?: Record<string, number>;
  /** What the source knows: actions in the window, progress, the index of the item that it resembles. */
  readonly evidence: number;
  placed?: Placed;
  /** No source named it, only a rule: it stands where the rule puts it, or nowhere. */
  readonly isOfRule?: true;
  /** Probability with which this item stood at this place, 0..1; absent: 1. */
  propensity?: number;
}

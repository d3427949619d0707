/** What a person did to one item lately, at the moment of an answer. Retracted events are not in it. */
export interface LivePair {
  readonly itemId: string;
  /** Sum of decayed weights of everything but ratings, ≥ 0, not capped. */
  readonly weight: number;
  /** The newest rating. An older one of the same item counts no more. */
  readonly rating?: {
    /** 0.5..5. */
    readonly value: number;
    /** Its decayed weight, 0..1. */
    readonly weight: number;
    readonly tsMs: number;
  };
  /** Rated, disliked, or seen or heard to its end. */
  readonly isConsumed: boolean;
  /** Disliked. A later like does not take that back; only a retract does. */
  readonly isDenied: boolean;
  /** When the person last did something to it, ms since 1970; absent where nobody knows. */
  readonly lastTsMs?: number;
}

/** What the recommender is told of a person beside the data that the release was trained on. */
export interface LiveView {
  readonly pairs: readonly LivePair[];
  /** Ratings that were taken back; a release may still have been trained on them. */
  readonly retractedRatings: readonly { readonly itemId: string; readonly tsMs: number }[];
  /** Begun and not finished (0 < progress < 0.9 at the last look), the last looked at first. */
  readonly continuing: readonly {
    readonly itemId: string;
    readonly progress: number;
    readonly tsMs: number;
  }[];
  /** Bookmarked items, the newest first. */
  readonly bookmarks: readonly string[];
}

/** An item with what happened to it in a window of time. */
export interface TrendingItem {
  readonly itemId: string;
  /** Sum of weights, each halved after the half-life of the window; ≥ 0. */
  readonly score: number;
  readonly viewCount: number;
  readonly clickCount: number;
  readonly ratingCount: number;
  /** Mean rating 0.5..5; absent without ratings. */
  readonly ratingMean?: number;
  /** Views, clicks, ratings, likes, bookmarks and listens together. */
  readonly actionCount: number;
}

import type { History, Interactions } from "../data/interactions.ts";
import type { PoolJob } from "../kernels/pool.ts";

/** Parameters of an algorithm by name; every value is a plain number or a name, so that they can be searched, stored and compared. */
export type Parameters = Readonly<Record<string, number | string>>;

/** What a number means and may be. Bounds are inclusive. */
export interface NumberRule {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
  readonly meaning: string;
}

/** What a named choice means, and its names. */
export interface ChoiceRule {
  readonly default: string;
  readonly choices: readonly string[];
  readonly meaning: string;
}

export type ParameterRule = NumberRule | ChoiceRule;

/** What a running fit is given besides data and parameters. */
export interface FitRun {
  /** Share of the fit that is done, 0..1, with a word for a person: `epoch 3 of 12`. */
  readonly onProgress?: (fraction: number, text: string) => void;
  /** Aborting rejects the fit with `CANCELLED`, at the latest after the present epoch. */
  readonly signal?: AbortSignal;
  /** The most bytes that the fit may take, as `memoryBytes` counts them. Default: what the system has left. */
  readonly memoryBytesMax?: number;
  /** How many threads compute. Default: as many as the machine has for this process. */
  readonly threads?: number;
}

/** A model as plain data: what `save` writes and `load` takes. */
export interface ModelData {
  readonly algorithm: string;
  readonly parameters: Parameters;
  readonly itemCount: number;
  readonly arrays: Readonly<Record<string, Float32Array | Float64Array | Int32Array>>;
}

/**
 * A fitted model. It knows items by index and a user only by their history (fold-in), so a person who was never
 * in the training data, or who acted a moment ago, is scored by the same arithmetic as everybody else.
 */
export interface Model {
  readonly algorithm: string;
  readonly parameters: Parameters;
  readonly itemCount: number;
  /**
   * Writes the score of every item for a user with this history into `scores` (length itemCount).
   *
   * A ranking model takes weights as history values; a rating model takes ratings and its scores are predicted ratings, not clipped.
   * Indexes in the history that are ≥ itemCount are a programmer's error.
   */
  scoreItems(history: History, scores: Float32Array): void;
  /** The scores of a few items only, in their order: the same as `scoreItems` gives but for rounding. */
  scoreChosen(history: History, items: ArrayLike<number>): Float32Array;
  /**
   * How much each entry of the history adds to the score of each of the items: one array an item, in the order of the history.
   *
   * Where the arithmetic allows, the terms (and a constant that does not depend on the history) add up to the score.
   * `undefined` where the score does not depend on the history (popularity).
   */
  contributions(history: History, items: ArrayLike<number>): readonly Float32Array[] | undefined;
  /** Writes how similar every item is to `item` into `scores` (length itemCount, 1 or the greatest value for the item itself). */
  similarItems(item: number, scores: Float32Array): void;
  /** Present where a score is the product of a row of the user and a row of the item: lists are then found without scoring all. */
  readonly factorRows?: FactorRows;
  toData(): ModelData;
}

/** What retrieval must know of a model whose scores are inner products of rows. */
export interface FactorRows {
  /** Floats of a row, a multiple of 8. */
  readonly width: number;
  /** [itemCount × width]. */
  readonly itemRows: Float32Array;
  /** What is added to every product to make it the score. */
  readonly offset: number;
  /** Numbers beside the item rows that a fold-in reads, such as a Gram matrix. */
  readonly constants: Float32Array;
  /**
   * Checks a history and gives the two strengths of regularization that its row is solved with (the second one may be unused).
   * @throws UsherError `DATA_INVALID`.
   */
  strengthsOf(history: History): readonly [number, number];
  /** The kernel that solves the rows of users from their histories, with everything at these byte offsets. */
  foldInJob(at: FoldInMemory): PoolJob;
}

/** Byte offsets of what a fold-in of many users reads and writes. */
export interface FoldInMemory {
  /** Histories as rows of a matrix. */
  readonly starts: number;
  readonly items: number;
  readonly values: number;
  /** Rows of the users, to be written. */
  readonly rows: number;
  readonly itemRows: number;
  readonly constants: number;
  /** First and second strength of each row. */
  readonly strengths: readonly [number, number];
  /** Blocks of rows, and scratch of every thread. */
  readonly bounds: readonly number[];
  readonly scratch: Float32Array;
}

/** Size of what a model is fitted on. */
export interface FitShape {
  readonly userCount: number;
  readonly itemCount: number;
  readonly entryCount: number;
}

/** One algorithm: how to fit it, how to bring it back, and what its parameters mean. */
export interface Algorithm {
  /** Kebab-case name, as in `usher train --models ials`. */
  readonly name: string;
  /** `ranking` models are fitted on weights and order items; `rating` models are fitted on ratings and predict them. */
  readonly purpose: "ranking" | "rating";
  readonly parameters: Readonly<Record<string, ParameterRule>>;
  /** Bytes that a fit takes beyond the interactions themselves, the fitted model included; known before any work is done. */
  memoryBytes(shape: FitShape, parameters?: Parameters): number;
  /**
   * @param interactions Weights ≥ 0 (ranking) or ratings (rating), shape [users × items]; empty rows and columns are allowed.
   * @param parameters Those that differ from the defaults.
   * @throws UsherError `DATA_EMPTY`, `DATA_INVALID`, `MODEL_PARAMETER`, `MODEL_DIVERGED`, `MEMORY_EXCEEDED`, `CANCELLED`.
   */
  fit(interactions: Interactions, parameters?: Parameters, run?: FitRun): Promise<Model>;
  /** @throws UsherError `MODEL_FILE` where the data are not those of a model of this algorithm. */
  load(data: ModelData): Model;
}

/**
 * Kernels that a single algorithm or the retrieval is made of; conventions as in {@link Kernels}. Those with `from` and `to` are
 * made for a pool: blocks of rows may be computed at the same time, and give the same whoever computes them.
 */
export interface ModelKernels extends SweepKernels, PairKernels {
  /**
   * Goes once over the ratings of the blocks (p, (p + step) mod groups) for p in from..to−1, by stochastic gradient descent.
   *
   * Block (p, q) holds the ratings of the users of group p for the items of group q: those at blockStarts[p·groups + q] .. of the next
   * block. Blocks of one step share neither user nor item.
   */
  sgdBlocks(
    blockStarts: number,
    users: number,
    items: number,
    values: number,
    userRows: number,
    itemRows: number,
    userBiases: number,
    itemBiases: number,
    width: number,
    groups: number,
    step: number,
    mean: number,
    rate: number,
    penalty: number,
    from: number,
    to: number,
  ): void;
  /**
   * The k best items of the users from..to−1 (at most {@link usersAtHand}) where a score is a product of two rows: best first, ties by index.
   *
   * @param itemPanels [tiles][width][8]: rows of items in the basis, longest first.
   * @param itemLengths [tiles][1 + levels][8]: length of each row, then of what is left of it after 16, 32 … dimensions, each longer by
   *   {@link lengthSlack} of the whole; levels = ⌊(width − 1) / 16⌋.
   * @param itemOrder Item index of each place, −1 where a tile is not full.
   * @param basis [width × width], one dimension a row. `rows` are those of the users, not yet in the basis.
   * @param excludedStarts Rows of users of the ascending items in `excluded` that must not appear.
   * @param allowedItems One byte an item, 0 where it must not appear; or 0 in the place of the offset.
   * @param items Like `scores` [users × k]. `counts` gets the length of each list, `steps` how many times 16 dimensions of a tile were summed.
   * @param scratch See {@link retrievalScratchFloats}.
   */
  bestRows(
    itemPanels: number,
    itemLengths: number,
    itemOrder: number,
    tiles: number,
    width: number,
    basis: number,
    rows: number,
    excludedStarts: number,
    excluded: number,
    allowedItems: number,
    k: number,
    items: number,
    scores: number,
    counts: number,
    steps: number,
    scratch: number,
    from: number,
    to: number,
  ): void;
}

/** The inverse of a symmetric positive definite matrix [width × width], upper triangle, block of pivots by block of pivots. */
export interface SweepKernels {
  /** Inverts the `count` pivots from `first` on into `inverse` [count × count]. Returns 0, or 1 + the pivot that is not positive and finite. */
  sweepPivots(matrix: number, width: number, first: number, count: number, inverse: number): number;
  /** Packs the tiles of columns from..to−1 as [tile][pivot][8]: the pivots' rows to `left`, their product with `inverse` to `right`. */
  sweepPanel(
    matrix: number,
    width: number,
    first: number,
    count: number,
    inverse: number,
    left: number,
    right: number,
    from: number,
    to: number,
  ): void;
  /** Sweeps the tiles of rows from..to−1, after `sweepPanel` of all columns. When all pivots are swept the matrix is −A⁻¹. */
  sweepRows(
    matrix: number,
    width: number,
    first: number,
    count: number,
    inverse: number,
    left: number,
    right: number,
    from: number,
    to: number,
  ): void;
  /** Cell (i, j) becomes upper(i, j) · scales[j], on the diagonal 0, in the tiles whose upper cell is in the tiles of rows from..to−1. */
  scaleColumns(matrix: number, width: number, scales: number, from: number, to: number): void;
}

/**
 * Sums over users of products of two items' weights. The entries of an item are kept as positions in the users' rows: those of item
 * i are at itemStarts[i] .. itemStarts[i + 1] − 1 of `positions` and `users`.
 */
export interface PairKernels {
  /** Rows from..to−1 of the upper triangle of Xᵀ·X, written to out [items × width]; 0 left of the diagonal. */
  pairRows(
    itemStarts: number,
    positions: number,
    users: number,
    starts: number,
    items: number,
    weights: number,
    width: number,
    out: number,
    from: number,
    to: number,
  ): void;
  /** out [width] = Σ weights[n] · matrix[items[n]] over `count` rows of `width` floats. */
  addRows(matrix: number, width: number, items: number, weights: number, count: number, out: number): void;
  /**
   * The `kept` most similar others of the items from..to−1: similarity = Σ w·w / (norms[i]·norms[j] + shrinkage) where the sum is positive.
   * Item i's list goes to [i·kept ..) of `neighbours` and `similarities`, its length to counts[i]. Scratch: itemCount + 1 floats.
   */
  neighbourRows(
    itemStarts: number,
    positions: number,
    users: number,
    starts: number,
    items: number,
    weights: number,
    itemCount: number,
    norms: number,
    shrinkage: number,
    kept: number,
    neighbours: number,
    similarities: number,
    counts: number,
    scratch: number,
    from: number,
    to: number,
  ): void;
}

/** Dimensions between two looks at the bounds of `bestRows`. */
export const boundStep = 16;

/** Users that a block of `bestRows` may hold. */
export const usersAtHand = 64;

/** How much longer a length is stored, as a share of the whole: its square is above the rounding of a sum of products of two rows. */
export const lengthSlack = 0.002;

/** Times that the bounds are looked at within a row. */
export function boundLevels(width: number): number {
  return Math.floor((width - 1) / boundStep);
}

/** Floats of scratch that `bestRows` needs, a thread. */
export function retrievalScratchFloats(width: number): number {
  return (width + boundLevels(width) + 3) * usersAtHand;
}

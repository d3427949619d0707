/**
 * Kernels that lay out both sides of a sparse matrix chunk by chunk (see `ChunkedSide`). Conventions as in `Kernels`; all are made for
 * a pool: the first two for places of users, the others for chunks of users.
 */
export interface LayoutKernels {
  /**
   * Adds the number of entries of the user in place `row` with items of chunk c to starts[c·rowCount + row + 1].
   *
   * @param given Row starts of the matrix as it came, by user; `order` has the user of each place, `chunkOf` the chunk of each item.
   */
  countUserEntries(
    given: number,
    order: number,
    items: number,
    chunkOf: number,
    rowCount: number,
    starts: number,
    from: number,
    to: number,
  ): void;
  /** Writes placeOf[item] of each entry to its place in `outItems`, and its weight (`weights` 0: none). Scratch: one integer a chunk. */
  placeUserEntries(
    given: number,
    order: number,
    items: number,
    weights: number,
    chunkOf: number,
    placeOf: number,
    rowCount: number,
    chunks: number,
    starts: number,
    outItems: number,
    outWeights: number,
    from: number,
    to: number,
    scratch: number,
  ): void;
  /**
   * Adds the number of entries of the item in place i with users of chunk c to starts[c·itemCount + i + 1].
   *
   * @param bounds Places of users where the chunks begin, and the end of the last.
   */
  countItemEntries(
    userStarts: number,
    userCount: number,
    userChunks: number,
    userItems: number,
    bounds: number,
    itemCount: number,
    starts: number,
    from: number,
    to: number,
  ): void;
  /** Writes the place of the user of each entry to its place in `outItems`, and its weight; `next` is a copy of the starts, and is spoilt. */
  placeItemEntries(
    userStarts: number,
    userCount: number,
    userChunks: number,
    userItems: number,
    userWeights: number,
    bounds: number,
    itemCount: number,
    next: number,
    outItems: number,
    outWeights: number,
    from: number,
    to: number,
  ): void;
}

import type { LayoutKernels } from "./layout-kernels.ts";
import type { ModelKernels } from "./model-kernels.ts";

/**
 * The numeric seam: hot loops over one linear memory. Three implementations of the same meaning, JavaScript and two builds of `wasm/`;
 * results agree within rounding (the order of summation differs, and a fused multiply-add rounds once).
 *
 * Arguments are positional numbers, as WebAssembly wants them: *byte offsets* into the memory (`array.byteOffset` of a workspace
 * array) unless the name is a count, a length or a bound. A `width` is the length of a matrix row in floats, a multiple of
 * {@link widthStep}; what a row does not use is padding and holds zeros. Nothing is checked here: callers own the sizes.
 */
export interface Kernels extends ModelKernels, LayoutKernels {
  /** Inner product of two float vectors of any length. */
  dot(left: number, right: number, length: number): number;
  /** out [width × width] = matrixᵀ · matrix for a matrix [rows × width]; both triangles. */
  gram(matrix: number, rows: number, width: number, out: number): void;
  /**
   * For each block in from..to−1 the Gram matrix of rows block·blockRows .. (block + 1)·blockRows − 1, upper triangle, written to
   * out + block·width² floats. Sums of blocks are the same whoever computed them.
   */
  gramBlocks(
    matrix: number,
    rows: number,
    width: number,
    blockRows: number,
    out: number,
    from: number,
    to: number,
  ): void;
  /** out [rows] = matrix [rows × width] · vector [width]. */
  matrixVector(matrix: number, rows: number, width: number, vector: number, out: number): void;
  /** matrix += Σ w·y·yᵀ (upper triangle) and rhs += Σ w·y over the rows y of `other` that `items` names; `panel` is scratch. */
  addWeighted(
    items: number,
    weights: number,
    count: number,
    other: number,
    width: number,
    matrix: number,
    rhs: number,
    panel: number,
  ): void;
  /** As `addWeighted` with weight 1 for targets t = value − mean − y[otherBias], where y[otherBias] then counts as 0. */
  addCentred(
    items: number,
    values: number,
    count: number,
    other: number,
    width: number,
    mean: number,
    otherBias: number,
    matrix: number,
    rhs: number,
    panel: number,
  ): void;
  /** A = Uᵀ·U in place, upper triangle. Returns 0, or 1 + the pivot that is not a positive finite number. */
  choleskyFactor(matrix: number, width: number): number;
  /** b becomes the solution of Uᵀ·U·x = b. Returns 0, or 1 where it is not finite. */
  choleskySolve(factor: number, width: number, b: number): number;
  /**
   * Writes the k greatest finite scores whose index is not in the ascending list `seen` to `items` and `values`: best first, ties by index.
   * Returns how many: min(k, finite unseen).
   */
  topK(
    scores: number,
    count: number,
    seen: number,
    seenCount: number,
    k: number,
    items: number,
    values: number,
  ): number;
  /**
   * Half-step of implicit ALS over the rows from..to−1: (gram + Σ w·y·yᵀ + regularization[row]·I)·x = Σ w·y, written to out[row].
   * `gram` is already times the weight of unobserved cells, `used` is the width without padding, a row without entries becomes 0.
   * Returns 0, or 1 + the first row without a finite solution.
   */
  implicitRows(
    starts: number,
    items: number,
    weights: number,
    from: number,
    to: number,
    out: number,
    other: number,
    gram: number,
    regularization: number,
    width: number,
    used: number,
    scratch: number,
  ): number;
  /**
   * Steps of preconditioned conjugate gradients for the rows from..to−1 of implicit ALS, from the rows as they are in `out`:
   * (D + Σ w·y·yᵀ)·x = Σ w·y with the diagonal matrix D = diagonal + regularization[row]. Entries lie chunk by chunk of the other side:
   * those of a row in a chunk are starts[chunk·rowCount + row] .. starts[chunk·rowCount + row + 1] − 1; `weights` 0 stands for weights
   * of 1. Scratch: (to − from)·(3·width + 2) floats. Returns 0, or 1 + the first row that is not finite afterwards.
   */
  implicitSteps(
    starts: number,
    rowCount: number,
    chunks: number,
    items: number,
    weights: number,
    from: number,
    to: number,
    out: number,
    other: number,
    diagonal: number,
    regularization: number,
    width: number,
    steps: number,
    scratch: number,
  ): number;
  /** Replaces the rows from..to−1 by row · matrix, matrix [width × width]. Scratch: 4·width floats. */
  rotateRows(rows: number, from: number, to: number, width: number, matrix: number, scratch: number): void;
  /**
   * Half-step of explicit ALS with biases. A row holds `factors` factors, then both biases at `ownBias` and `otherBias`; the bias of the
   * other side stays 1, so the product of two rows is factors + both biases. Returns as `implicitRows`.
   */
  explicitRows(
    starts: number,
    items: number,
    values: number,
    from: number,
    to: number,
    out: number,
    other: number,
    regularization: number,
    biasRegularization: number,
    width: number,
    factors: number,
    mean: number,
    ownBias: number,
    otherBias: number,
    scratch: number,
  ): number;
  /**
   * `steps` steps of preconditioned conjugate gradients towards what `explicitRows` solves exactly, from the rows as they are.
   * `squares` [width]: mean square of each float of the other side's rows. Scratch: 5·width floats. Returns as `implicitRows`.
   */
  explicitSteps(
    starts: number,
    items: number,
    values: number,
    from: number,
    to: number,
    out: number,
    other: number,
    regularization: number,
    biasRegularization: number,
    squares: number,
    width: number,
    factors: number,
    mean: number,
    ownBias: number,
    otherBias: number,
    steps: number,
    scratch: number,
  ): number;
}

/** Matrix rows are padded to a multiple of this many floats. */
export const widthStep = 8;

/** Rows of the other side that `addWeighted` and `addCentred` gather at a time. */
export const panelRows = 64;

/** The width of a matrix row that holds `used` floats. */
export function paddedWidth(used: number): number {
  return Math.ceil(used / widthStep) * widthStep;
}

/** Floats of scratch that a half-step needs: the matrix, the right-hand side and the panel. */
export function scratchFloats(width: number): number {
  return width * width + width + panelRows * width;
}

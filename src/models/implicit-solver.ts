import type { PoolJob } from "../kernels/pool.ts";
import type { Workspace } from "../kernels/workspace.ts";
import { type ChunkedSide, chunkedBlocks, offsetOf } from "./chunked-sides.ts";
import { symmetricEigen } from "./eigen.ts";
import { equalRows, type HalfStep } from "./fit-loop.ts";

/** Blocks in which a Gram matrix is summed: fixed, so that the sum does not depend on the threads. */
const gramBlockCount = 16;
/** Bytes that a thread keeps of each of three vectors a row, so that a block of rows stays in a cache. */
const blockBytes = 4 << 20;
const blockCount = 16;

/** Size of the rows that are solved. `rowsMax` are those of the longer side. */
export interface SolverShape {
  readonly width: number;
  readonly rowsMax: number;
  readonly threads: number;
}

const blockRows = ({ width, rowsMax }: SolverShape) =>
  Math.min(rowsMax, Math.max(64, Math.floor(blockBytes / (4 * width))));
const scratchFloats = (shape: SolverShape) =>
  shape.threads * Math.max(4 * shape.width, blockRows(shape) * (3 * shape.width + 2));

/** Bytes of the arrays of an {@link implicitSolver} in its workspace. */
export function implicitSolverBytes(shape: SolverShape): number[] {
  const square = 4 * shape.width ** 2;
  return [gramBlockCount * square, square, 4 * shape.width, 4 * scratchFloats(shape)];
}

/**
 * Half-steps of the implicit model by preconditioned conjugate gradients.
 *
 * Before each half-step both sides are rotated to the eigenvectors of the Gram matrix of the fixed side, which changes no product of a
 * user and an item. The part of the equations that all rows share is then diagonal, for any strength of the penalty of a row, and
 * dividing by it is all but the solution: what it leaves out are the few cells that the row's own entries add.
 * Checked against exact solves in `test/models/ials.test.ts`.
 */
export function implicitSolver(of: {
  workspace: Workspace;
  run: (job: PoolJob) => Promise<number>;
  shape: SolverShape;
  factors: number;
  unobservedWeight: number;
}) {
  const { workspace, run, shape, factors, unobservedWeight } = of;
  const { width } = shape;
  const grams = workspace.f32(gramBlockCount * width * width);
  const rotation = workspace.f32(width * width);
  const diagonal = workspace.f32(width);
  const scratch = workspace.f32(scratchFloats(shape));

  /** The Gram matrix of the rows, without padding, in double precision. */
  async function gramOf({ rows, rowCount }: ChunkedSide): Promise<Float64Array> {
    const rowsOfBlock = Math.ceil(rowCount / gramBlockCount);
    const args = [rows.byteOffset, rowCount, width, rowsOfBlock, grams.byteOffset, "from", "to"] as const;
    const bounds = Array.from({ length: Math.ceil(rowCount / rowsOfBlock) + 1 }, (_, block) => block);
    await run({ kernel: "gramBlocks", args, bounds });
    const sum = new Float64Array(factors * factors);
    for (let block = 0; block + 1 < bounds.length; block++) {
      for (let row = 0; row < factors; row++) {
        const at = (block * width + row) * width;
        for (let column = row; column < factors; column++)
          sum[row * factors + column]! += grams[at + column]!;
      }
    }
    return sum;
  }

  /** Turns both sides to the eigenvectors of the Gram matrix of one, and keeps its eigenvalues. */
  async function rotate(own: ChunkedSide, other: ChunkedSide): Promise<void> {
    const gram = await gramOf(other);
    if (!gram.every(Number.isFinite)) {
      diagonal.fill(Number.NaN); // no row gets a finite solution, which the half-step reports
      return;
    }
    const { values, vectors } = symmetricEigen(gram, factors);
    const greatest = values.reduce((most, value) => Math.max(most, value), 0);
    const least = greatest * 1e-7 + 1e-9; // an eigenvalue below what the sums can tell from zero
    rotation.fill(0);
    diagonal.fill(1);
    for (let column = 0; column < factors; column++) {
      diagonal[column] = unobservedWeight * Math.max(values[column]!, 0) + least;
      for (let row = 0; row < factors; row++) {
        rotation[row * width + column] = vectors[column * factors + row]!;
      }
    }
    for (const { rows, rowCount } of [own, other]) {
      const args = [rows.byteOffset, "from", "to", width, rotation.byteOffset, "scratch"] as const;
      const job = { kernel: "rotateRows", args, bounds: equalRows(rowCount), scratch } as const;
      await run(job);
    }
  }

  return {
    halfStep({ side, own, other }: { side: string; own: ChunkedSide; other: ChunkedSide }): HalfStep {
      const bounds = chunkedBlocks(own, { rowsMax: blockRows(shape), blockCount });
      return {
        side,
        order: own.order,
        prepare: () => rotate(own, other),
        job: (epoch) => ({
          kernel: "implicitSteps",
          args: [
            ...([own.starts.byteOffset, own.rowCount, own.chunks, own.items.byteOffset] as const),
            ...([offsetOf(own.weights), "from", "to", own.rows.byteOffset] as const),
            ...([other.rows.byteOffset, diagonal.byteOffset, own.regularization.byteOffset] as const),
            ...([width, stepsIn(epoch), "scratch"] as const),
          ],
          bounds,
          scratch,
        }),
      };
    },
  };
}

/**
 * Steps a row in an epoch, counted from 1: users have no row to start from in the first one, and items are soon solved for better users,
 * so one step does; from then on two steps from the last epoch's row are as good as the exact solution
 * (docs/decisions/0005-implicit-als.md has the measurements).
 */
const stepsIn = (epoch: number) => (epoch === 1 ? 1 : 2);

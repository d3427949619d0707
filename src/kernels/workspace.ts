import assert from "node:assert";
import { UsherError } from "../errors.ts";
import { type KernelMode, kernelChoice } from "./kernel-mode.ts";
import type { Kernels } from "./kernels.ts";
import { kernelsOn, type SharedKernels, shareKernels } from "./shared-kernels.ts";

/**
 * One linear memory, arrays on it, and the kernels that work on them. Arrays start at multiples of 64 bytes and hold zeros.
 *
 * @property bytes Size of the memory. It never grows, so that views stay valid; plan it with {@link bytesOf}.
 * @property shared The memory for other threads; see `openPool`.
 */
export interface Workspace {
  readonly mode: KernelMode;
  readonly bytes: number;
  readonly shared: SharedKernels;
  readonly kernels: Kernels;
  f32(length: number): Float32Array;
  f64(length: number): Float64Array;
  i32(length: number): Int32Array;
  /** The present end of what is allocated, for {@link release}. */
  mark(): number;
  /** Frees all arrays that were allocated since the mark; they must not be used any more. */
  release(mark: number): void;
}

const alignment = 64;
const bytesMax = 2 ** 32;

/** Bytes of a workspace that holds arrays of these sizes, in bytes each. */
export function bytesOf(...arrayBytes: number[]): number {
  return arrayBytes.reduce((sum, bytes) => sum + aligned(bytes), alignment);
}

const aligned = (bytes: number) => Math.ceil(bytes / alignment) * alignment;

/**
 * Makes a memory of exactly the stated size with its kernels. Its pages cost nothing before they are used.
 *
 * @param options.bytes At most 4 GiB; see {@link bytesOf}.
 * @param options.mode Default: that of {@link kernelChoice}.
 * @throws UsherError `MEMORY_EXCEEDED`: more than 4 GiB, or more than the system gives.
 * @example
 * import { bytesOf, createWorkspace } from "./workspace.ts";
 * const workspace = createWorkspace({ bytes: bytesOf(3 * 4, 3 * 4) });
 * const left = workspace.f32(3).fill(2);
 * const right = workspace.f32(3).fill(5);
 * workspace.kernels.dot(left.byteOffset, right.byteOffset, 3); // → 30
 */
export function createWorkspace(options: { bytes: number; mode?: KernelMode }): Workspace {
  const { bytes, mode = kernelChoice().mode } = options;
  const shared = reserve(bytes, mode);
  const { buffer } = shared.memory;
  let end = alignment; // offset 0 stays free, so that no array has the offset that a mistake would have
  let used = end; // memory from here on holds the zeros that the system gave
  const allocate = (length: number, elementBytes: number) => {
    const at = end;
    const next = at + aligned(length * elementBytes);
    assert(next <= bytes, `workspace: ${next - bytes} bytes more are needed than the ${bytes} planned`);
    if (at < used) new Uint8Array(buffer, at, Math.min(next, used) - at).fill(0);
    end = next;
    used = Math.max(used, end);
    return at;
  };
  return {
    mode,
    bytes,
    shared,
    kernels: kernelsOn(shared),
    f32: (length) => new Float32Array(buffer, allocate(length, 4), length),
    f64: (length) => new Float64Array(buffer, allocate(length, 8), length),
    i32: (length) => new Int32Array(buffer, allocate(length, 4), length),
    mark: () => end,
    release: (mark) => {
      assert(mark >= alignment && mark <= end, "workspace: release of what is not allocated");
      end = mark;
    },
  };
}

function reserve(bytes: number, mode: KernelMode): SharedKernels {
  if (bytes > bytesMax) {
    throw new UsherError(
      "MEMORY_EXCEEDED",
      `kernels: expected a work of at most ${bytesMax} bytes, this one needs ${bytes}`,
    );
  }
  try {
    return shareKernels(bytes, mode);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsherError("MEMORY_EXCEEDED", `kernels: the system gave no memory of ${bytes} bytes`, {
      cause: error,
    });
  }
}

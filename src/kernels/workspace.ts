import assert from "node:assert";
import { UsherError } from "../errors.ts";
import { jsEquations, jsExplicitRows, jsImplicitRows } from "./js-als.ts";
import { jsCholesky, jsDense } from "./js-dense.ts";
import { jsSelect } from "./js-select.ts";
import type { Kernels } from "./kernels.ts";
import { wasmKernels } from "./wasm-kernels.ts";

/** Which implementation runs: `wasm` (SIMD, the default) or `js` (the reference). */
export const kernelModes = ["js", "wasm"] as const;
export type KernelMode = (typeof kernelModes)[number];

/**
 * One linear memory, arrays on it, and the kernels that work on them. Arrays start at multiples of 64 bytes and hold zeros.
 *
 * @property bytes Size of the memory. It never grows, so that views stay valid; plan it with {@link bytesOf}.
 */
export interface Workspace {
  readonly mode: KernelMode;
  readonly bytes: number;
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
 * @param options.mode Default: {@link kernelMode}.
 * @throws UsherError `MEMORY_EXCEEDED`: more than 4 GiB, or more than the system gives.
 * @example
 * import { bytesOf, createWorkspace } from "./workspace.ts";
 * const workspace = createWorkspace({ bytes: bytesOf(3 * 4, 3 * 4) });
 * const left = workspace.f32(3).fill(2);
 * const right = workspace.f32(3).fill(5);
 * workspace.kernels.dot(left.byteOffset, right.byteOffset, 3); // → 30
 */
export function createWorkspace(options: { bytes: number; mode?: KernelMode }): Workspace {
  const { bytes, mode = kernelMode() } = options;
  const { buffer, kernels } = reserve(bytes, mode);
  let end = alignment; // offset 0 stays free, so that no array has the offset that a mistake would have
  const allocate = (length: number, elementBytes: number) => {
    const at = end;
    const next = at + aligned(length * elementBytes);
    assert(next <= bytes, `workspace: ${next - bytes} bytes more are needed than the ${bytes} planned`);
    end = next;
    new Uint8Array(buffer, at, length * elementBytes).fill(0);
    return at;
  };
  return {
    mode,
    bytes,
    kernels,
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

function reserve(bytes: number, mode: KernelMode): { buffer: ArrayBufferLike; kernels: Kernels } {
  if (bytes > bytesMax) {
    throw new UsherError(
      "MEMORY_EXCEEDED",
      `kernels: expected a work of at most ${bytesMax} bytes, this one needs ${bytes}`,
    );
  }
  try {
    if (mode === "wasm") return wasmKernels(bytes);
    const buffer = new ArrayBuffer(aligned(bytes));
    const parts = { ...jsDense(buffer), ...jsCholesky(buffer), ...jsEquations(buffer), ...jsSelect(buffer) };
    return {
      buffer,
      kernels: { ...parts, ...jsImplicitRows(buffer, parts), ...jsExplicitRows(buffer, parts) },
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsherError("MEMORY_EXCEEDED", `kernels: the system gave no memory of ${bytes} bytes`, {
      cause: error,
    });
  }
}

/**
 * The implementation that `USHER_KERNELS` names; default `wasm`.
 *
 * @throws UsherError `CONFIG_INVALID`: another name.
 */
export function kernelMode(environment: NodeJS.ProcessEnv = process.env): KernelMode {
  const name = environment["USHER_KERNELS"] || "wasm";
  const mode = kernelModes.find((known) => known === name);
  if (!mode) {
    throw new UsherError("CONFIG_INVALID", `kernels: expected USHER_KERNELS=js or wasm, got ${name}`);
  }
  return mode;
}

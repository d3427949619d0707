import { jsEquations, jsExplicitRows, jsImplicitRows } from "./js-als.ts";
import { jsCholesky, jsDense } from "./js-dense.ts";
import { jsExplicitSteps } from "./js-explicit.ts";
import { jsImplicit } from "./js-implicit.ts";
import { jsLayout } from "./js-layout.ts";
import { jsPairs } from "./js-pairs.ts";
import { jsRetrieval } from "./js-retrieval.ts";
import { jsSelect } from "./js-select.ts";
import { jsSgd } from "./js-sgd.ts";
import { jsSweep } from "./js-sweep.ts";
import type { KernelMode } from "./kernel-mode.ts";
import type { Kernels } from "./kernels.ts";
import { type SharedMemory, sharedMemory, type WasmModule, wasmKernels, wasmModule } from "./wasm-module.ts";

/** A memory and what is needed to compute on it; can be posted to another thread. */
export interface SharedKernels {
  readonly mode: KernelMode;
  readonly memory: SharedMemory;
  /** Absent where JavaScript computes. */
  readonly module?: WasmModule;
}

/**
 * A memory of at least `bytes` for kernels of this mode.
 * @throws RangeError where the system gives no such memory.
 */
export function shareKernels(bytes: number, mode: KernelMode): SharedKernels {
  if (mode === "js") return { mode, memory: { buffer: new SharedArrayBuffer(Math.ceil(bytes / 8) * 8) } };
  return { mode, memory: sharedMemory(bytes), module: wasmModule(mode === "wasm" ? "strict" : "relaxed") };
}

/** The kernels of this thread on a shared memory. */
export function kernelsOn({ memory, module }: SharedKernels): Kernels {
  return module ? wasmKernels(module, memory) : jsKernels(memory.buffer);
}

function jsKernels(buffer: SharedArrayBuffer): Kernels {
  const parts = { ...jsDense(buffer), ...jsCholesky(buffer), ...jsEquations(buffer), ...jsSelect(buffer) };
  const rows = { ...jsImplicitRows(buffer, parts), ...jsExplicitRows(buffer, parts) };
  const models = {
    ...jsLayout(buffer),
    ...jsImplicit(buffer),
    ...jsExplicitSteps(buffer),
    ...jsSweep(buffer),
    ...jsPairs(buffer, parts),
    ...jsSgd(buffer),
  };
  return { ...parts, ...rows, ...models, ...jsRetrieval(buffer, parts) };
}

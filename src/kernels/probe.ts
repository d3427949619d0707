import type { Kernels } from "./kernels.ts";
import { hasRelaxedSimd, sharedMemory, type WasmBuild, wasmKernels, wasmModule } from "./wasm-module.ts";

/** Smallest gain for which giving up the same bits on every machine is worth it. */
const speedupMin = 1.1;
/** Milliseconds to measure: long enough for the engine to have optimized both. */
const measureMs = 20;
const width = 64;
const rows = 256;

/**
 * Chooses between the strict and the relaxed build by arithmetic and by time: relaxed where a multiply-add is rounded once, which
 * means that the processor does it in one instruction, and where the Gram kernel is faster by 10 % or more. Takes about 20 ms.
 */
export function probeRelaxed(): { mode: "wasm" | "relaxed"; reason: string } {
  if (!hasRelaxedSimd()) return { mode: "wasm", reason: "this Node has no relaxed SIMD" };
  const strict = probeOf("strict");
  const relaxed = probeOf("relaxed");
  if (!relaxed.isFused()) return { mode: "wasm", reason: "this processor has no fused multiply-add" };
  let [strictMs, relaxedMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const end = performance.now() + measureMs;
  while (performance.now() < end) {
    // in turns, and the best of each: what else runs on the machine then disturbs both or neither
    strictMs = Math.min(strictMs, strict.timeMs());
    relaxedMs = Math.min(relaxedMs, relaxed.timeMs());
  }
  const speedup = strictMs / relaxedMs;
  const reason = `probe: relaxed SIMD is ${speedup.toFixed(2)} times as fast as strict`;
  return { mode: speedup >= speedupMin ? "relaxed" : "wasm", reason };
}

function probeOf(build: WasmBuild) {
  const memory = sharedMemory(4 * (rows * width + width * width));
  const kernels: Kernels = wasmKernels(wasmModule(build), memory);
  const values = new Float32Array(memory.buffer);
  const out = 4 * rows * width;
  return {
    // (1 + ε)² − (1 + 2ε) is ε² where the product is not rounded before it is added, else 0
    isFused() {
      const epsilon = 2 ** -12;
      values.fill(0, 0, 32);
      values[0] = 1 + 2 * epsilon;
      values[16] = -1;
      values[8] = 1 + epsilon;
      values[24] = 1 + epsilon;
      return kernels.dot(0, 4 * 16, 16) !== 0;
    },
    timeMs() {
      const started = performance.now();
      kernels.gram(0, rows, width, out);
      return performance.now() - started;
    },
  };
}

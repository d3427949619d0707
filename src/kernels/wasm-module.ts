import { existsSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { UsherError } from "../errors.ts";
import { type Kernels, panelRows } from "./kernels.ts";

/** A compiled module; can be posted to another thread, which then compiles nothing. */
export type WasmModule = object;

/** Memory that all threads see; can be posted to another thread. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

/** The part of the WebAssembly interface that is used here; the types of Node 20 do not hold it. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => WasmModule;
  Memory: new (size: { initial: number; maximum: number; shared: true }) => SharedMemory;
  Instance: new (module: WasmModule, imports: object) => { readonly exports: object };
}
const { validate, Module, Memory, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi })
  .WebAssembly;

/** The builds of `wasm/`: the same sources with and without fused multiply-add. */
export type WasmBuild = "strict" | "relaxed";

const compiled = new Map<WasmBuild, WasmModule>();

/**
 * The compiled kernels, once a process and build.
 *
 * @throws UsherError `INTERNAL`: the file is missing (the project is not built). `CONFIG_INVALID`: this Node has no relaxed SIMD.
 */
export function wasmModule(build: WasmBuild): WasmModule {
  const known = compiled.get(build);
  if (known) return known;
  const bytes = moduleBytes(build);
  if (build === "relaxed" && !allowRelaxed(bytes)) {
    throw new UsherError(
      "CONFIG_INVALID",
      `kernels: expected a Node with relaxed SIMD for USHER_KERNELS=relaxed, ${process.version} has none`,
    );
  }
  const module = new Module(bytes);
  compiled.set(build, module);
  return module;
}

/** Whether this Node runs the relaxed build. */
export function hasRelaxedSimd(): boolean {
  return compiled.has("relaxed") || allowRelaxed(moduleBytes("relaxed"));
}

/** Node 20 knows the instructions but keeps them behind a flag, which can be set at any time before the module is compiled. */
function allowRelaxed(bytes: Uint8Array): boolean {
  if (validate(bytes)) return true;
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  return validate(bytes);
}

/**
 * A memory of at least `bytes`, zeroed; its pages cost nothing before they are used.
 *
 * @throws RangeError where the system gives no such memory.
 */
export function sharedMemory(bytes: number): SharedMemory {
  const pages = Math.ceil(bytes / 65536);
  return new Memory({ initial: pages, maximum: pages, shared: true });
}

/**
 * The kernels of a module on a memory.
 * @throws UsherError `INTERNAL`: the file is of another version than this code.
 */
export function wasmKernels(module: WasmModule, memory: SharedMemory): Kernels {
  const exports = new Instance(module, { env: { memory } }).exports as Kernels & {
    panelRows: { value: number };
  };
  if (exports.panelRows.value !== panelRows) {
    throw new UsherError(
      "INTERNAL",
      `kernels: expected panels of ${panelRows} rows, dist/wasm has ${exports.panelRows.value}; run \`npm run build\``,
    );
  }
  return exports;
}

/** `dist/wasm/`, seen from `dist/kernels/`, from `src/kernels/` and from the compiled benchmarks. */
function moduleBytes(build: WasmBuild): Uint8Array {
  for (const folder of ["../wasm", "../../dist/wasm", "../../../wasm"]) {
    const file = new URL(`${folder}/${build}.wasm`, import.meta.url);
    if (existsSync(file)) return readFileSync(file);
  }
  throw new UsherError("INTERNAL", `kernels: dist/wasm/${build}.wasm is missing; run \`npm run build\``);
}

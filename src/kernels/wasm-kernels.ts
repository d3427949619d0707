import { existsSync, readFileSync } from "node:fs";
import { UsherError } from "../errors.ts";
import { type Kernels, panelRows } from "./kernels.ts";

/** The part of the WebAssembly interface that is used here; the types of Node 20 do not hold it. */
interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => object;
  Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  Instance: new (module: object, imports: object) => { readonly exports: object };
}
const { Module, Memory, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

let compiled: object | undefined;

/**
 * A memory of at least `bytes` with the kernels of `wasm/` on it. The module is compiled once a process.
 *
 * @throws RangeError where the system gives no such memory.
 * @throws UsherError `INTERNAL`: the file is missing (the project is not built) or of another version.
 */
export function wasmKernels(bytes: number): { buffer: ArrayBuffer; kernels: Kernels } {
  compiled ??= new Module(readFileSync(moduleFile()));
  const pages = Math.ceil(bytes / 65536);
  const memory = new Memory({ initial: pages, maximum: pages });
  const exports = new Instance(compiled, { env: { memory } }).exports as Kernels & {
    panelRows: { value: number };
  };
  if (exports.panelRows.value !== panelRows) {
    throw new UsherError(
      "INTERNAL",
      `kernels: expected panels of ${panelRows} rows, strict.wasm has ${exports.panelRows.value}; run \`npm run build\``,
    );
  }
  return { buffer: memory.buffer, kernels: exports };
}

/** `dist/wasm/strict.wasm`, seen from `dist/kernels/`, from `src/kernels/` and from the compiled benchmarks. */
function moduleFile(): URL {
  for (const path of ["../wasm/strict.wasm", "../../dist/wasm/strict.wasm", "../../../wasm/strict.wasm"]) {
    const file = new URL(path, import.meta.url);
    if (existsSync(file)) return file;
  }
  throw new UsherError("INTERNAL", "kernels: dist/wasm/strict.wasm is missing; run `npm run build`");
}

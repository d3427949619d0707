// The kernels of `src/kernels/kernels.ts` for WebAssembly with SIMD. Arguments are byte offsets into the imported memory;
// nothing is allocated here. Each function has a twin of the same meaning in `src/kernels/js-*.ts`.
export { addCentred, addWeighted, explicitRows, implicitRows, panelRows } from "./als";
export { choleskyFactor, choleskySolve } from "./cholesky";
export { dot, gram, matrixVector } from "./dense";
export { topK } from "./select";

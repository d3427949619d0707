// The kernels of `src/kernels/kernels.ts` for WebAssembly with SIMD. Arguments are byte offsets into the imported memory;
// nothing is allocated here. Each function has a twin of the same meaning in `src/kernels/js-*.ts`.
export { addCentred, addWeighted, explicitRows, implicitRows, panelRows } from "./als";
export { countItemEntries, countUserEntries, placeItemEntries, placeUserEntries } from "./chunks";
export { choleskyFactor, choleskySolve } from "./cholesky";
export { dot, gram, gramBlocks, matrixVector } from "./dense";
export { addRows, neighbourRows, pairRows } from "./pairs";
export { explicitSteps } from "./explicit";
export { bestRows } from "./retrieval";
export { implicitSteps, rotateRows } from "./implicit";
export { topK } from "./select";
export { sgdBlocks } from "./sgd";
export { scaleColumns, sweepPanel, sweepPivots, sweepRows } from "./sweep";

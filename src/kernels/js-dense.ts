import type { Kernels } from "./kernels.ts";

/** The dense kernels in JavaScript: the reference, and the fallback where WebAssembly is switched off. */
export function jsDense(
  buffer: ArrayBufferLike,
): Pick<Kernels, "dot" | "gram" | "gramBlocks" | "matrixVector"> {
  const f32 = new Float32Array(buffer);

  const dot = (left: number, right: number, length: number) => {
    const l = left >> 2;
    const r = right >> 2;
    let sum = 0;
    for (let at = 0; at < length; at++) sum += f32[l + at]! * f32[r + at]!;
    return sum;
  };

  const matrixVector = (matrix: number, rows: number, width: number, vector: number, out: number) => {
    for (let row = 0; row < rows; row++) {
      f32[(out >> 2) + row] = dot(matrix + row * width * 4, vector, width);
    }
  };

  const gram = (matrix: number, rows: number, width: number, out: number) => {
    const to = out >> 2;
    f32.fill(0, to, to + width * width);
    for (let row = 0; row < rows; row++) addOuter(f32, (matrix >> 2) + row * width, width, 1, to);
    for (let i = 0; i < width; i++) {
      for (let j = i + 1; j < width; j++) f32[to + j * width + i] = f32[to + i * width + j]!;
    }
  };

  const gramBlocks: Kernels["gramBlocks"] = (matrix, rows, width, blockRows, out, from, to) => {
    for (let block = from; block < to; block++) {
      const target = (out >> 2) + block * width * width;
      f32.fill(0, target, target + width * width);
      const end = Math.min(rows, (block + 1) * blockRows);
      for (let row = block * blockRows; row < end; row++) {
        addOuter(f32, (matrix >> 2) + row * width, width, 1, target);
      }
    }
  };

  return { dot, gram, gramBlocks, matrixVector };
}

/** The Cholesky kernels in JavaScript. */
export function jsCholesky(buffer: ArrayBufferLike): Pick<Kernels, "choleskyFactor" | "choleskySolve"> {
  const f32 = new Float32Array(buffer);

  const choleskyFactor = (matrix: number, width: number) => {
    const a = matrix >> 2;
    for (let k = 0; k < width; k++) {
      const row = a + k * width;
      const pivot = f32[row + k]!;
      if (!(pivot > 0 && pivot < Number.POSITIVE_INFINITY)) return 1 + k;
      const inverse = 1 / Math.sqrt(pivot);
      for (let j = k; j < width; j++) f32[row + j]! *= inverse;
      for (let i = k + 1; i < width; i++) {
        const factor = f32[row + i]!;
        const below = a + i * width;
        for (let j = i; j < width; j++) f32[below + j]! -= factor * f32[row + j]!;
      }
    }
    return 0;
  };

  const choleskySolve = (factor: number, width: number, b: number) => {
    const u = factor >> 2;
    const x = b >> 2;
    for (let k = 0; k < width; k++) {
      const row = u + k * width;
      const z = f32[x + k]! / f32[row + k]!;
      f32[x + k] = z;
      for (let j = k + 1; j < width; j++) f32[x + j]! -= z * f32[row + j]!;
    }
    let allFinite = true;
    for (let k = width - 1; k >= 0; k--) {
      const row = u + k * width;
      let sum = f32[x + k]!;
      for (let j = k + 1; j < width; j++) sum -= f32[row + j]! * f32[x + j]!;
      f32[x + k] = sum / f32[row + k]!;
      allFinite &&= Number.isFinite(f32[x + k]!);
    }
    return allFinite ? 0 : 1;
  };

  return { choleskyFactor, choleskySolve };
}

/** matrix += weight · y·yᵀ, upper triangle; `y` and `matrix` are float indexes. */
export function addOuter(f32: Float32Array, y: number, width: number, weight: number, matrix: number): void {
  for (let i = 0; i < width; i++) {
    const factor = weight * f32[y + i]!;
    if (factor === 0) continue; // padding, and the bias that was taken out
    const row = matrix + i * width;
    for (let j = i; j < width; j++) f32[row + j]! += factor * f32[y + j]!;
  }
}

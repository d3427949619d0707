import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** What can be handed to NumPy and back without a conversion. */
export type NpyArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const codes = { Float32Array: "<f4", Float64Array: "<f8", Int32Array: "<i4", Uint8Array: "|u1" } as const;
const makers = {
  "<f4": Float32Array,
  "<f8": Float64Array,
  "<i4": Int32Array,
  "|u1": Uint8Array,
} as const;

/** Bytes before the values: a multiple of 64, so that the values can be read in place. */
const headBytes = 128;

/**
 * Writes an array as NumPy's `.npy`, version 1.0, in C order.
 *
 * Source: the format section of NumPy's `numpy.lib.format`. Checked by the rivals, which read it with `numpy.load`.
 */
export function writeNpy(file: string, array: NpyArray, shape: readonly number[] = [array.length]): void {
  const code = codes[array.constructor.name as keyof typeof codes];
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${code}', 'fortran_order': False, 'shape': (${dimensions}), }`;
  const head = Buffer.alloc(headBytes, " ");
  head.write("\x93NUMPY\x01\x00", 0, "latin1");
  head.writeUInt16LE(headBytes - 10, 8);
  head.write(text, 10, "latin1");
  head.write("\n", headBytes - 1);
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const handle = openSync(file, "w");
  try {
    writeSync(handle, head);
    // one call writes at most 2 GiB on Linux, so large arrays go in pieces
    for (let from = 0; from < bytes.length; from += 2 ** 28) {
      writeSync(handle, bytes, from, Math.min(2 ** 28, bytes.length - from));
    }
  } finally {
    closeSync(handle);
  }
}

/** Reads a one- or two-dimensional `.npy` in C order; two-dimensional ones come flat, row by row. */
export function readNpy(file: string): { array: NpyArray; shape: number[] } {
  const bytes = readFileSync(file);
  const from = 10 + bytes.readUInt16LE(8);
  const head = bytes.toString("latin1", 10, from);
  const code = /'descr': '([^']+)'/.exec(head)?.[1] as keyof typeof makers;
  const shape = (/'shape': \(([^)]*)\)/.exec(head)?.[1] ?? "").split(",").filter((part) => part.trim());
  const Maker = makers[code];
  if (bytes.toString("latin1", 1, 6) !== "NUMPY" || !Maker || head.includes("'fortran_order': True")) {
    throw new Error(`${file}: expected an .npy in C order of ${Object.keys(makers).join(", ")}, got ${head}`);
  }
  const length = (bytes.length - from) / Maker.BYTES_PER_ELEMENT;
  const start = bytes.byteOffset + from;
  const array =
    start % Maker.BYTES_PER_ELEMENT === 0
      ? new Maker(bytes.buffer as ArrayBuffer, start, length)
      : new Maker(bytes.buffer.slice(start, start + bytes.length - from) as ArrayBuffer);
  return { array, shape: shape.map(Number) };
}

/** A `.npy` of 32-bit floats. */
export function readFloats(file: string): Float32Array {
  const { array } = readNpy(file);
  return array instanceof Float32Array ? array : Float32Array.from(array);
}

// Runs beside an example, in its own process: compares values with what the example prints behind its arrows.
import { inspect, isDeepStrictEqual } from "node:util";

let checked = 0;

const printed = (value) =>
  (typeof value === "string"
    ? JSON.stringify(value)
    : inspect(value, {
        depth: null,
        breakLength: Number.POSITIVE_INFINITY,
        maxArrayLength: null,
        maxStringLength: null,
      })
  ).replaceAll("'", '"');

/** The value that a text stands for; `undefined` where it is no expression, such as `[Function: fit]`. */
function evaluated(text) {
  try {
    // `Int32Array [1, 2]`, as consoles print it
    const code = text.replace(/\b(\w+Array)(?:\(\d+\))? \[([^\]]*)\]/g, "$1.of($2)");
    return { value: new Function(`return (${code});`)() };
  } catch {
    return undefined;
  }
}

const isNear = (value, wanted) =>
  typeof wanted === "number"
    ? typeof value === "number" && Math.abs(value - wanted) <= 1e-3 * Math.abs(wanted)
    : value?.length === wanted.length && Array.from(wanted).every((one, at) => isNear(value[at], one));

function matches(value, expected) {
  if (expected.startsWith("≈")) return isNear(value, evaluated(expected.slice(1)).value);
  if (expected.endsWith("…"))
    return printed(value).startsWith(expected.slice(0, -1).trimEnd().replaceAll("'", '"'));
  const wanted = evaluated(expected);
  return wanted ? isDeepStrictEqual(value, wanted.value) : printed(value) === expected.replaceAll("'", '"');
}

/** `value`: the value · `≈ 0.31`: within a thousandth · `{ a: 1, …`: the beginning of what is printed. */
export function check(value, expected, where) {
  checked++;
  if (matches(value, expected)) return;
  console.error(`${where}: promised ${expected}, got ${printed(value)}`);
  process.exitCode = 1;
}

/** The example has run to its end. */
export function done(promises) {
  if (checked !== promises) process.exitCode = 1;
  console.log(`checked ${checked}`);
}

import { UsherError } from "../errors.ts";
import type { ModelData } from "./model.ts";
import { type ParameterRules, type Resolved, resolveParameters } from "./parameters.ts";

type Arrays = { f32: Float32Array; f64: Float64Array; i32: Int32Array };
const arrayTypes = { f32: Float32Array, f64: Float64Array, i32: Int32Array };

/**
 * Checks that data are those of a model of this algorithm.
 *
 * @returns The parameters, all of them and in range.
 * @throws UsherError `MODEL_FILE`.
 */
export function checkModelData<Rules extends ParameterRules>(
  data: ModelData,
  of: { algorithm: string; rules: Rules },
): Resolved<Rules> {
  if (data.algorithm !== of.algorithm) {
    throw new UsherError("MODEL_FILE", `expected a model of ${of.algorithm}, got one of ${data.algorithm}`);
  }
  if (!Number.isInteger(data.itemCount) || data.itemCount < 0) {
    throw new UsherError("MODEL_FILE", `${of.algorithm}: expected a count of items, got ${data.itemCount}`);
  }
  try {
    return resolveParameters(of, data.parameters);
  } catch (cause) {
    throw new UsherError("MODEL_FILE", (cause as Error).message, { cause });
  }
}

/**
 * One array of a model, checked.
 *
 * @param expected.length Exact length; absent where any is right.
 * @throws UsherError `MODEL_FILE`: missing, of another type or length, or with a number that is not finite.
 */
export function modelArray<Type extends keyof Arrays>(
  data: ModelData,
  expected: { name: string; type: Type; length?: number },
): Arrays[Type] {
  const { name, type, length } = expected;
  const array = data.arrays[name];
  const found = array ? `${array.constructor.name} of ${array.length}` : "none";
  if (!(array instanceof arrayTypes[type]) || (length !== undefined && array.length !== length)) {
    const wanted = `${arrayTypes[type].name}${length === undefined ? "" : ` of ${length}`}`;
    throw new UsherError("MODEL_FILE", `${data.algorithm}: expected ${name} to be a ${wanted}, got ${found}`);
  }
  if (!array.every(Number.isFinite)) {
    throw new UsherError("MODEL_FILE", `${data.algorithm}: ${name} holds a value that is not finite`);
  }
  return array as Arrays[Type];
}

import { UsherError } from "../errors.ts";
import type { ParameterRule, Parameters } from "./model.ts";

/** The rule of the seed of every algorithm that starts from random numbers. */
export const seedRule: ParameterRule = {
  default: 0,
  min: 0,
  max: 2 ** 31 - 1,
  integer: true,
  meaning: "start of the random numbers; the same seed gives the same model",
};

/**
 * All parameters of an algorithm, in the order of its rules: those given, else the defaults.
 *
 * @throws UsherError `MODEL_PARAMETER`: an unknown name, or a value outside its range; the message names range and value.
 * @example
 * import { resolveParameters, seedRule } from "./parameters.ts";
 * resolveParameters({ algorithm: "ials", rules: { seed: seedRule } }, { seed: 7 }); // → { seed: 7 }
 */
export function resolveParameters<Name extends string>(
  of: { algorithm: string; rules: Readonly<Record<Name, ParameterRule>> },
  given: Parameters = {},
): Readonly<Record<Name, number>> {
  const { algorithm, rules } = of;
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(rules, name)) continue;
    throw new UsherError(
      "MODEL_PARAMETER",
      `${algorithm}: expected one of the parameters ${Object.keys(rules).join(", ")}, got ${name}`,
      { details: { parameter: name } },
    );
  }
  const resolved = {} as Record<Name, number>;
  for (const [name, rule] of Object.entries<ParameterRule>(rules)) {
    const value = given[name] ?? rule.default;
    if (value >= rule.min && value <= rule.max && (!rule.integer || Number.isInteger(value))) {
      resolved[name as Name] = value;
      continue;
    }
    throw new UsherError(
      "MODEL_PARAMETER",
      `${algorithm}: ${name} must be ${rule.integer ? "an integer" : "a number"} in ${rule.min}..${rule.max}, got ${value}`,
      { details: { parameter: name } },
    );
  }
  return resolved;
}

import { guessOf } from "../contracts/mismatch.ts";
import { UsherError } from "../errors.ts";
import type { NumberRule, ParameterRule, Parameters } from "./model.ts";

/** The rule of the seed of every algorithm that starts from random numbers. */
export const seedRule: NumberRule = {
  default: 0,
  min: 0,
  max: 2 ** 31 - 1,
  integer: true,
  meaning: "start of the random numbers; the same seed gives the same model",
};

/** The rules of an algorithm by the names of its parameters. */
export type ParameterRules = Readonly<Record<string, ParameterRule>>;

/** The values of all parameters: one of the names where there is a choice, else a number. */
export type Resolved<Rules extends ParameterRules> = {
  readonly [Name in keyof Rules]: Rules[Name] extends { readonly choices: readonly (infer Choice)[] }
    ? Choice
    : number;
};

/**
 * All parameters of an algorithm, in the order of its rules: those given, else the defaults.
 *
 * @param of.field Where they stand, for the refusal, such as `parameters.ials`.
 * @throws UsherError `MODEL_PARAMETER`: an unknown name, or a value outside its range; the message names range and value.
 * @example
 * import { resolveParameters, seedRule } from "./parameters.ts";
 * resolveParameters({ algorithm: "ials", rules: { seed: seedRule } }, { seed: 7 }); // → { seed: 7 }
 */
export function resolveParameters<Rules extends ParameterRules>(
  of: { algorithm: string; rules: Rules; field?: string },
  given: Parameters = {},
): Resolved<Rules> {
  const { algorithm, rules, field } = of;
  const factsOf = (parameter: string) => ({
    details: { parameter, ...(field === undefined ? {} : { field: `${field}.${parameter}` }) },
  });
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(rules, name)) continue;
    throw new UsherError(
      "MODEL_PARAMETER",
      `${algorithm}: expected one of the parameters ${Object.keys(rules).join(", ")}, got ${name.slice(0, 100)}${guessOf(name, Object.keys(rules))}`,
      factsOf(name),
    );
  }
  const resolved: Record<string, number | string> = {};
  for (const [name, rule] of Object.entries(rules)) {
    const value = given[name] ?? rule.default;
    if (!isAllowed(value, rule)) {
      throw new UsherError(
        "MODEL_PARAMETER",
        `${algorithm}: ${name} must be ${rangeText(rule)}, got ${value}`,
        factsOf(name),
      );
    }
    resolved[name] = value;
  }
  return resolved as Resolved<Rules>;
}

function isAllowed(value: number | string, rule: ParameterRule): boolean {
  if ("choices" in rule) return typeof value === "string" && rule.choices.includes(value);
  if (typeof value !== "number" || (rule.integer && !Number.isInteger(value))) return false;
  return value >= rule.min && value <= rule.max;
}

/** What a parameter may be, for a person: `an integer in 1..1024`. */
function rangeText(rule: ParameterRule): string {
  if ("choices" in rule) return `one of ${rule.choices.join(", ")}`;
  return `${rule.integer ? "an integer" : "a number"} in ${rule.min}..${rule.max}`;
}

import type { Configuration } from "../contracts/configuration.ts";
import type { TrainingSettings } from "../contracts/release.ts";
import { UsherError } from "../errors.ts";
import type { Parameters } from "../models/model.ts";
import { algorithmNamed, checkModelSettings, defaultCandidates } from "./candidates.ts";

/** What may be said of one training, over the configuration. */
export interface AskedTraining {
  /** Only these algorithms. Default: the usual ones. */
  readonly algorithms?: readonly string[];
  /** Parameters by algorithm, over those of the configuration. */
  readonly parameters?: Readonly<Record<string, Parameters>>;
  /** Seed of split and models. Default: that of the configuration. */
  readonly seed?: number;
}

/** What a training works with: what was asked for over what is configured. Its JSON is the same for the same settings. */
export function settingsOf(
  { models, seed: configured }: Pick<Configuration, "models" | "seed">,
  { algorithms, parameters = {}, seed = configured }: AskedTraining = {},
): TrainingSettings {
  const merged: Record<string, Record<string, number | string>> = { ...models };
  for (const [name, values] of Object.entries(parameters)) merged[name] = { ...merged[name], ...values };
  return { models: merged, seed, ...(algorithms ? { algorithms: [...algorithms] } : {}) };
}

/**
 * Makes sure that a training can be asked for, before any work is done.
 *
 * @throws UsherError `MODEL_UNKNOWN`, `MODEL_PARAMETER`, with the field; `PARAMETER_INVALID`: parameters of an algorithm that is not tried.
 */
export function checkAsked({ algorithms, parameters = {} }: AskedTraining): void {
  for (const name of algorithms ?? []) algorithmNamed(name, { field: "algorithms" });
  checkModelSettings(parameters, "parameters");
  const tried = algorithms ?? defaultCandidates.map(({ algorithm }) => algorithm);
  for (const name of Object.keys(parameters)) {
    if (tried.includes(name)) continue;
    const field = `parameters.${name}`;
    throw new UsherError(
      "PARAMETER_INVALID",
      `${field}: expected parameters of an algorithm that is tried (${[...new Set(tried)].join(", ")}); name ${name} in \`algorithms\` too`,
      { details: { field } },
    );
  }
}

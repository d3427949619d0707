import { UsherError } from "../errors.ts";
import { environmentName, unknownEnvironment } from "../home/configuration.ts";
import { checkModelSettings } from "../registry/candidates.ts";
import type { Command } from "./command.ts";
import { chosenSource } from "./data-set.ts";

const actions = ["show", "check"] as const;

/** `usher config check|show`: the configuration in force, and where each value comes from. */
export const config: Command = {
  name: "config",
  summary: "check the configuration, or show what is in force and where it comes from",
  arguments: [["[action]", "show (default) or check"]],
  async run({ arguments: [action = "show"], configuration, loaded, say }) {
    if (!(actions as readonly string[]).includes(action)) {
      throw new UsherError("USAGE", `config: expected show or check, got "${action}"`);
    }
    const unknown = unknownEnvironment(process.env);
    for (const { name, nearest } of unknown)
      say(`note: ${name} is set but no setting; did you mean ${nearest}?`);
    checkModelSettings(configuration.models);
    chosenSource(configuration);
    if (action === "check") {
      say(`configuration is valid: ${loaded.settings.length} settings`);
      return { valid: true, unknown_environment: unknown };
    }
    const width = Math.max(...loaded.settings.map(({ key }) => key.length));
    for (const { key, value, origin, meaning } of loaded.settings) {
      say(`${key.padEnd(width)}  ${JSON.stringify(value)}  (${origin})  ${meaning}`); // a Secret shows itself as [hidden]
    }
    return loaded.settings.map(({ key, value, origin }) => ({
      key,
      value,
      origin,
      environment: environmentName(key),
    }));
  },
};

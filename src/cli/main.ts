import { Command as Commander, CommanderError } from "commander";
import { asUsherError, errorKind, UsherError } from "../errors.ts";
import { loadConfiguration, parseSetting } from "../home/configuration.ts";
import { version } from "../version.ts";
import { type Command, type CommandOption, sharedOptions } from "./command.ts";
import { commands } from "./commands.ts";
import { workDisplay } from "./progress.ts";

type Options = Record<string, string | boolean | undefined>;

/**
 * Runs the command line.
 *
 * @param argv Words after the program's name.
 * @returns The exit code: 0 done, 1 could not be done, 2 wrong usage or configuration, 130 cancelled.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Commander("usher")
    .description("A self-hosted recommender: from raw ratings to explained answers.")
    .version(version)
    .showHelpAfterError("(run with --help for the options)")
    .exitOverride();
  let exitCode = 0;
  for (const command of commands) {
    const parsed = program.command(command.name).description(command.summary).exitOverride();
    for (const [notation, meaning] of command.arguments ?? []) parsed.argument(notation, meaning);
    for (const { flags, meaning } of [...(command.options ?? []), ...sharedOptions])
      parsed.option(flags, meaning);
    parsed.action(async () => {
      exitCode = await runCommand(command, parsed.processedArgs as string[], parsed.opts());
    });
  }
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    // commander has printed its message or the help already
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      if (argv.includes("--json")) return report(new UsherError("USAGE", error.message), { json: true });
      return errorKind("USAGE").exitCode;
    }
    throw error;
  }
  return exitCode;
}

async function runCommand(command: Command, args: readonly string[], given: Options): Promise<number> {
  const home = String(given["home"] ?? process.env["USHER_HOME"] ?? "usher-home");
  const json = given["json"] === true;
  const cancel = new AbortController();
  const stop = () => {
    if (cancel.signal.aborted) process.exit(errorKind("CANCELLED").exitCode); // the second signal ends it at once
    cancel.abort();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  process.stdout.once("error", endWithoutReader);
  try {
    const { settings, options } = splitOptions(command.options ?? [], given);
    const loaded = await loadConfiguration({ home, flags: settings });
    const result = await command.run({
      home,
      configuration: loaded.values,
      loaded,
      arguments: args.filter((arg) => arg !== undefined),
      options,
      isJson: json,
      say: (line) => {
        if (!json) process.stdout.write(`${line}\n`);
      },
      work: workDisplay({ terminal: process.stdout.isTTY === true && process.stdout.columns > 20 && !json }),
      signal: cancel.signal,
    });
    if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return command.failed?.(result) ? 1 : 0;
  } catch (error) {
    return report(asUsherError(error), { json });
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

/** Ends where nobody reads any more what is printed (`| head`), or where it cannot be written. */
function endWithoutReader(error: NodeJS.ErrnoException): never {
  if (error.code === "EPIPE") process.exit(0);
  process.exit(report(asUsherError(error), { json: false }));
}

/** Divides what was given into settings of the configuration and options of the command. */
function splitOptions(declared: readonly CommandOption[], given: Options) {
  const settings: Record<string, unknown> = {};
  const options: Options = {};
  for (const { flags, setting } of declared) {
    const name = optionName(flags);
    const value = given[name];
    if (setting === undefined) options[name] = value;
    else if (typeof value === "string") {
      settings[setting] = parseSetting(setting, {
        text: value,
        name: /--[a-z-]+/.exec(flags)?.[0] ?? setting,
      });
    }
  }
  return { settings, options };
}

/** `--ratings-file <name>` → `ratingsFile`. */
const optionName = (flags: string) =>
  (/--([a-z-]+)/.exec(flags)?.[1] ?? "").replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Prints an error for a person, or as JSON for a program, and gives the exit code. The only place that does. */
function report(error: UsherError, { json }: { json: boolean }): number {
  const { remedy, exitCode } = errorKind(error.code);
  const text = json
    ? JSON.stringify({ error: { code: error.code, message: error.message, remedy, details: error.details } })
    : `usher: ${error.message}\n  what to do: ${remedy} [${error.code}]`;
  process.stderr.write(`${text}\n`);
  if (error.code === "INTERNAL" && process.env["USHER_DEBUG"])
    process.stderr.write(`${String((error.cause as Error)?.stack)}\n`);
  return exitCode;
}

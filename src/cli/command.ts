import type { Configuration } from "../contracts/configuration.ts";
import type { LoadedConfiguration } from "../home/configuration.ts";
import type { Work } from "./progress.ts";

/** An option of a command, in commander's notation. */
export interface CommandOption {
  /** `--port <n>` */
  readonly flags: string;
  readonly meaning: string;
  /** Key of the configuration that the option overrides, such as `port`. */
  readonly setting?: string;
}

/** What a running command is given. */
export interface CommandRun {
  readonly home: string;
  readonly configuration: Configuration;
  readonly loaded: LoadedConfiguration;
  readonly arguments: readonly string[];
  /** Values of the options that are no settings, by camelCase name. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** True where the result is printed as JSON. */
  readonly isJson: boolean;
  /** Prints a line for a person; nothing where `--json` was asked for. */
  readonly say: (line: string) => void;
  /** Runs long work under a title, with a live line on a terminal and plain lines elsewhere. */
  readonly work: Work;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

/** One command of the command line. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Arguments in commander's notation with their meaning: `[["<user_id>", "whose list"]]`. */
  readonly arguments?: readonly (readonly [notation: string, meaning: string])[];
  readonly options?: readonly CommandOption[];
  /** Does the work and prints for a person by `say`; what it returns is what `--json` prints. */
  run(run: CommandRun): Promise<unknown>;
  /** Whether a result is a failure all the same, such as a fault that the doctor found; the exit code is then 1. */
  failed?(result: unknown): boolean;
}

/** Options that every command takes. */
export const sharedOptions: readonly CommandOption[] = [
  { flags: "--home <folder>", meaning: "home folder (default: ./usher-home, or USHER_HOME)" },
  { flags: "--json", meaning: "print the result as JSON" },
];

/** Where a command that serves listens. */
export const addressOptions: readonly CommandOption[] = [
  { flags: "--port <n>", meaning: "port; 0 = a free one", setting: "port" },
  {
    flags: "--host <address>",
    meaning: "address to listen on; one that others reach needs a key",
    setting: "host",
  },
  {
    flags: "--base-path <path>",
    meaning: "path under which a proxy shows the server",
    setting: "access.base_path",
  },
];

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { distance } from "fastest-levenshtein";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { type Configuration, configurationSchema, defaultConfiguration } from "../contracts/configuration.ts";
import { UsherError } from "../errors.ts";
import { Secret } from "../secret.ts";

/** Where a value came from, weakest first. */
export type Origin = "default" | "file" | "environment" | "flag";

/** One effective value: its dotted key, the value, and who set it. */
export interface Setting {
  readonly key: string;
  readonly value: unknown;
  readonly origin: Origin;
  readonly meaning: string;
}

export interface LoadedConfiguration {
  readonly values: Configuration;
  readonly settings: readonly Setting[];
}

/** Values by dotted key: `{ "download.timeout_ms": 3000 }`. */
export type FlatValues = Readonly<Record<string, unknown>>;

interface Node extends TSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly description?: string;
  /** Given by the environment only, and shown nowhere. */
  readonly isSecret?: boolean;
}

/** The leaves of the schema: dotted key → schema. A record (such as `models`) is one leaf. */
const leaves: ReadonlyMap<string, Node> = new Map(flatten(configurationSchema as unknown as Node, ""));

function* flatten(node: Node, prefix: string): Generator<[string, Node]> {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const key = prefix + name;
    if (child.properties) yield* flatten(child, `${key}.`);
    else yield [key, child];
  }
}

/** Name of the environment variable of a key: `download.timeout_ms` → `USHER_DOWNLOAD_TIMEOUT_MS`. */
export function environmentName(key: string): string {
  return `USHER_${key.replaceAll(".", "_").toUpperCase()}`;
}

/**
 * The configuration in force: flags over `USHER_*` variables over `<home>/usher.json` over defaults.
 *
 * @param options.flags Values by dotted key; `undefined` values do not count.
 * @throws UsherError `CONFIG_INVALID`: unreadable file, an unknown key (the nearest known one is named), a value outside its rule.
 */
export async function loadConfiguration(options: {
  home: string;
  environment?: Readonly<Record<string, string | undefined>>;
  flags?: FlatValues;
}): Promise<LoadedConfiguration> {
  const layers: [Origin, FlatValues][] = [
    ["default", flat(defaultConfiguration, "the defaults")],
    ["file", await readConfigurationFile(join(options.home, "usher.json"))],
    ["environment", await fromEnvironment(options.environment ?? process.env)],
    [
      "flag",
      Object.fromEntries(Object.entries(options.flags ?? {}).filter(([, value]) => value !== undefined)),
    ],
  ];
  const settings = [...leaves].map(([key, schema]): Setting => {
    const [origin, values] = layers.findLast(([, layer]) => Object.hasOwn(layer, key)) as [
      Origin,
      FlatValues,
    ];
    const value = schema.isSecret ? secretOf(key, values[key], origin) : values[key];
    if (!schema.isSecret) check(key, value, { schema, origin });
    return { key, value, origin, meaning: schema.description ?? "" };
  });
  return { values: nest(settings), settings };
}

/** Variables that begin with `USHER_` and are no settings but known all the same. */
const otherVariables = [
  "USHER_HOME",
  "USHER_DATA",
  "USHER_KERNELS",
  "USHER_DEBUG",
  "USHER_CHROMIUM",
  "USHER_PYTHON",
  "USHER_SCHEMATHESIS_PYTHON",
  "USHER_REQUIRE_SERVICES",
  "USHER_LONG",
  "USHER_CAMPAIGN_SEED",
];

/** Variables that begin with `USHER_` and mean nothing: probably misspelt. */
export function unknownEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): { name: string; nearest: string }[] {
  const secretFiles = [...leaves].flatMap(([key, { isSecret }]) => (isSecret ? [fileVariable(key)] : []));
  const known = [...[...leaves.keys()].map(environmentName), ...secretFiles, ...otherVariables];
  return Object.keys(environment)
    .filter((name) => name.startsWith("USHER_") && !known.includes(name))
    .map((name) => ({ name, nearest: nearestOf(name, known) }));
}

/** Name of the variable that names a file with a secret: `USHER_TOKENS_SECRET_FILE`. */
const fileVariable = (key: string) => `${environmentName(key)}_FILE`;

/** @throws UsherError `CONFIG_INVALID`: a secret that stands in a file which others read, copy and commit. Its value is not told. */
function secretOf(key: string, value: unknown, origin: Origin): Secret {
  if (value instanceof Secret) return value;
  if (origin === "environment") return new Secret(String(value));
  throw new UsherError(
    "CONFIG_INVALID",
    `usher.json: ${key}: expected it in the environment, as ${environmentName(key)} or in a file named by ${fileVariable(key)}, got it here`,
    { details: { key } },
  );
}

function nearestOf(name: string, known: readonly string[]): string {
  return [...known].sort((left, right) => distance(name, left) - distance(name, right))[0] as string;
}

async function readConfigurationFile(path: string): Promise<FlatValues> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return {}; // a home that is no folder is told where it is opened
    throw new UsherError("CONFIG_INVALID", `${path}: cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new UsherError("CONFIG_INVALID", `${path}: expected JSON, ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new UsherError("CONFIG_INVALID", `${path}: expected an object, got ${JSON.stringify(content)}`);
  }
  return flat(content, path);
}

function flat(content: object, where: string, prefix = ""): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(content)) {
    const key = prefix + name;
    if (leaves.has(key)) values[key] = value;
    else if (isSection(key) && typeof value === "object" && value !== null && !Array.isArray(value)) {
      Object.assign(values, flat(value, where, `${key}.`));
    } else if (isSection(key)) {
      throw new UsherError(
        "CONFIG_INVALID",
        `${where}: ${key}: expected an object, got ${JSON.stringify(value)}`,
      );
    } else throw unknownKey(key, where);
  }
  return values;
}

const isSection = (key: string) => [...leaves.keys()].some((leaf) => leaf.startsWith(`${key}.`));

function unknownKey(key: string, where: string): UsherError {
  const nearest = nearestOf(key, [...leaves.keys()]);
  return new UsherError("CONFIG_INVALID", `${where}: unknown key "${key}"; did you mean "${nearest}"?`, {
    details: { key, nearest },
  });
}

async function fromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<FlatValues> {
  const values: Record<string, unknown> = {};
  for (const [key, schema] of leaves) {
    if (schema.isSecret) {
      const file = environment[fileVariable(key)];
      if (file !== undefined) values[key] = await readSecret(file, fileVariable(key));
    }
    const name = environmentName(key);
    const text = environment[name];
    if (text !== undefined) values[key] = parseText(text, { name, schema });
  }
  return values;
}

/** A secret from a file, without the end of line that editors add. */
async function readSecret(file: string, name: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    throw new UsherError(
      "CONFIG_INVALID",
      `${name}: expected a file that can be read: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

/** The value of a key that was written as text after the option `name`, such as `--port`. */
export function parseSetting(key: string, { text, name }: { text: string; name: string }): unknown {
  return parseText(text, { name, schema: leaves.get(key) as Node });
}

/** A value written as text (environment, flag): numbers as numbers, lists by comma, records as JSON. */
function parseText(text: string, { name, schema }: { name: string; schema: TSchema }): unknown {
  const type = (schema as Node).type;
  if (type === "integer" || type === "number") {
    const number = Number(text);
    return text.trim() === "" || Number.isNaN(number) ? text : number; // the check then shows what came
  }
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (type === "array") return text === "" ? [] : text.split(",").map((part) => part.trim());
  if (type !== "object") return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsherError("CONFIG_INVALID", `${name}: expected JSON, got ${text}`, {
      cause: error,
    });
  }
}

function check(key: string, value: unknown, { schema, origin }: { schema: Node; origin: Origin }): void {
  if (Value.Check(schema, value)) return;
  const name = {
    default: key,
    file: `usher.json: ${key}`,
    environment: environmentName(key),
    flag: `--${key.replaceAll(/[._]/g, "-")}`,
  }[origin];
  const got = typeof value === "number" ? String(value) : JSON.stringify(value);
  throw new UsherError("CONFIG_INVALID", `${name}: expected ${expectation(schema)}, got ${got}`, {
    details: { key },
  });
}

function expectation(schema: Node): string {
  const { type, minimum, maximum, pattern, anyOf, minLength } = schema as Record<string, unknown>;
  if (Array.isArray(anyOf))
    return `one of ${anyOf.map((choice: { const?: unknown }) => choice.const).join(", ")}`;
  if (minimum !== undefined) return `an ${String(type)} in ${String(minimum)}..${String(maximum)}`;
  if (pattern !== undefined) return `text that matches ${String(pattern)}`;
  if (type === "boolean") return "true or false";
  if (type === "array") return "a list of texts";
  if (type === "object") return "an object of algorithms, each with its parameters as numbers or names";
  return minLength ? "a text that is not empty" : "a text";
}

function nest(settings: readonly Setting[]): Configuration {
  const root: Record<string, unknown> = {};
  for (const { key, value } of settings) {
    const path = key.split(".");
    const last = path.pop() as string;
    let node = root;
    for (const name of path) {
      node[name] ??= {};
      node = node[name] as Record<string, unknown>;
    }
    node[last] = value;
  }
  return root as Configuration;
}

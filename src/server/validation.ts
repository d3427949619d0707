import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { type FieldError, mismatches, type Shape } from "../contracts/mismatch.ts";
import { UsherError } from "../errors.ts";

/** @throws UsherError `PARAMETER_INVALID`: the target of a request (path and query) is not UTF-8 in percent-encoding. */
export function checkTarget(target: string): void {
  if (/^[!-$&-~]*$/.test(target)) return;
  const [path = "", ...query] = target.split("?");
  for (const [name, part] of [
    ["path", path],
    ["query", query.join("?")],
  ] as const) {
    if (!isPercentEncoded(part)) {
      throw new UsherError(
        "PARAMETER_INVALID",
        `${name}: expected percent-encoded UTF-8, got something else`,
      );
    }
  }
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return /^[!-~]*$/.test(text);
  } catch {
    return false; // a URIError, which says no more
  }
}

/**
 * Compiles a schema of a request into its check: texts of path and query become numbers and lists, absent ones their default,
 * and a refusal names each field, what was expected and what came.
 *
 * The check itself is compiled code; the words are made only where it fails.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const shape = schema as Shape;
  const check = Compile(schema);
  const isBody = httpPart === "body";
  const defaults = defaultsOf(shape);
  return (received: unknown) => {
    const value = withDefaults(isBody ? received : fromTexts(received as Texts, shape), defaults);
    if (check.Check(value)) return { value };
    return { error: refusalOf(mismatches(value, shape), isBody) };
  };
};

/** Deepest nesting of a body: lists and objects in one another. */
export const depthMax = 32;

/**
 * Looks at a text of JSON before it is parsed; what is no JSON at all is left to the parser.
 *
 * @throws UsherError `BODY_INVALID`: nested deeper than {@link depthMax}, of which a part of the work on a body could run out of stack.
 */
export function checkDepth(text: string | Uint8Array): void {
  const at =
    typeof text === "string"
      ? (index: number) => text.charCodeAt(index)
      : (index: number) => text[index] as number;
  let depth = 0;
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = at(index);
    if (isQuoted) {
      if (character === 0x5c) index++;
      else if (character === 0x22) isQuoted = false;
    } else if (character === 0x22) isQuoted = true;
    else if (character === 0x5b || character === 0x7b) {
      if (++depth > depthMax)
        throw new UsherError("BODY_INVALID", `body: expected at most ${depthMax} levels, got more`);
    } else if (character === 0x5d || character === 0x7d) depth--;
  }
}

type Texts = Readonly<Record<string, string | string[]>>;

/** The fields of a shape that have a value where a request names none. */
const defaultsOf = ({ properties = {} }: Shape): (readonly [name: string, value: unknown])[] =>
  Object.entries(properties).flatMap(([name, { default: value }]) =>
    value === undefined ? [] : [[name, value] as const],
  );

function withDefaults(received: unknown, defaults: ReturnType<typeof defaultsOf>): unknown {
  if (defaults.length === 0) return received;
  if (typeof received !== "object" || received === null || Array.isArray(received)) return received;
  const value: Record<string, unknown> = { ...received };
  for (const [name, usual] of defaults) if (!Object.hasOwn(value, name)) value[name] = usual;
  return value;
}

function fromTexts(texts: Texts, { properties }: Shape): Record<string, unknown> {
  // without a prototype __proto__ is a name like any other
  const value: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(texts)) value[name] = fromText(texts[name] ?? "", properties?.[name]);
  return value;
}

function fromText(text: string | string[], shape: Shape | undefined): unknown {
  if (shape?.type === "array") return Array.isArray(text) ? text : text.split(",");
  if (shape?.type === "integer" && typeof text === "string" && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (shape?.type === "number" && typeof text === "string" && /^-?\d{1,15}(\.\d{1,15})?$/.test(text))
    return Number(text);
  if (shape?.type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

function refusalOf(errors: readonly FieldError[], isBody: boolean): UsherError {
  const message = errors.map((error) => error.message).join("; ");
  return new UsherError(isBody ? "BODY_INVALID" : "PARAMETER_INVALID", message, { details: { errors } });
}

import { closest, distance } from "fastest-levenshtein";
import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import Format from "typebox/format";
import { Value } from "typebox/value";
import { idBytesMax } from "../contracts/http.ts";
import { UsherError } from "../errors.ts";
import type { FieldError } from "./problem.ts";

/** The part of a schema that the contracts use. */
interface Shape {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape & { default?: unknown }>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

/**
 * True for an id that can be asked: 1..128 bytes of UTF-8 without control characters. `.` and `..` are none: clients resolve
 * them, percent-encoded too, before they send the address, and so ask something else.
 */
export function isId(text: string): boolean {
  if (text.length === 0 || text.length > idBytesMax || text === "." || text === "..") return false;
  // an unpaired surrogate has no UTF-8; \p{Cc} are the control characters
  return Buffer.byteLength(text) <= idBytesMax && !/[\p{Cc}\p{Cs}]/u.test(text);
}

Format.Set("usher-id", isId);

/** What an id must be, for the words of a refusal. */
export const idExpectation = `an id of 1..${idBytesMax} bytes of UTF-8 without control characters, not . or ..`;

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
  return (received: unknown) => {
    const value = isBody ? withDefaults(received, shape) : fromTexts(received as Texts, shape);
    if (check.Check(value)) return { value };
    return { error: refusalOf(explain(value, shape, ""), isBody) };
  };
};

type Texts = Readonly<Record<string, string | string[]>>;

function withDefaults(received: unknown, shape: Shape): unknown {
  if (typeof received !== "object" || received === null || Array.isArray(received)) return received;
  const value: Record<string, unknown> = { ...received };
  for (const [name, property] of Object.entries(shape.properties ?? {})) {
    if (property.default !== undefined && !Object.hasOwn(value, name)) value[name] = property.default;
  }
  return value;
}

function fromTexts(texts: Texts, shape: Shape): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const name of Object.keys(texts)) {
    // a plain assignment of __proto__ would change the object instead of naming a field
    const converted = fromText(texts[name] ?? "", shape.properties?.[name]);
    Object.defineProperty(value, name, { value: converted, enumerable: true });
  }
  return withDefaults(value, shape) as Record<string, unknown>;
}

function fromText(text: string | string[], shape: Shape | undefined): unknown {
  if (shape?.type === "array") return Array.isArray(text) ? text : text.split(",");
  if (shape?.type === "integer" && typeof text === "string" && /^-?\d{1,15}$/.test(text)) return Number(text);
  return text;
}

function explain(value: unknown, shape: Shape, field: string): FieldError[] {
  const isRight: boolean = Value.Check(shape as TSchema, value);
  if (isRight) return [];
  if (shape.properties && typeof value === "object" && value !== null && !Array.isArray(value)) {
    return explainObject(value as Record<string, unknown>, shape, field);
  }
  if (shape.items && Array.isArray(value) && hasRightLength(value, shape)) {
    const { items } = shape;
    const first = value.findIndex((element) => !Value.Check(items as TSchema, element));
    return explain(value[first], items, `${field}[${first}]`);
  }
  const message = `${field || "body"}: expected ${expectation(shape)}, got ${shown(value)}`;
  return [{ field: field || "body", message }];
}

function explainObject(value: Record<string, unknown>, shape: Shape, field: string): FieldError[] {
  const properties = shape.properties ?? {};
  const known = Object.keys(properties);
  const path = (name: string) => (field ? `${field}.${name}` : name).slice(0, 100);
  const missing = (shape.required ?? []).filter((name) => !Object.hasOwn(value, name));
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(properties, name));
  return [
    ...missing.map((name) => ({
      field: path(name),
      message: `${path(name)}: expected ${expectation(properties[name] ?? {})}, got nothing`,
    })),
    ...(shape.additionalProperties === false ? unknown.slice(0, 10) : []).map((name) => ({
      field: path(name),
      message: unknownName(path(name), known),
    })),
    ...known
      .filter((name) => Object.hasOwn(value, name))
      .flatMap((name) => explain(value[name], properties[name] ?? {}, path(name))),
  ];
}

function unknownName(name: string, known: readonly string[]): string {
  if (known.length === 0) return `${name}: expected no parameters here, got this one`;
  const nearest = closest(name, known);
  const guess =
    distance(name, nearest) <= Math.max(2, nearest.length / 2) ? `; did you mean ${nearest}?` : "";
  return `${name}: expected one of ${known.join(", ")}, got an unknown name${guess}`;
}

const hasRightLength = (value: readonly unknown[], shape: Shape) =>
  value.length >= (shape.minItems ?? 0) && value.length <= (shape.maxItems ?? Number.POSITIVE_INFINITY);

function expectation(shape: Shape): string {
  if (shape.anyOf) return shape.anyOf.map(expectation).join(" or ");
  if (shape.enum) return `one of ${shape.enum.join(", ")}`;
  if (shape.format === "usher-id") return idExpectation;
  if (shape.type === "integer")
    return shape.maximum === undefined ? "an integer" : `an integer in ${shape.minimum}..${shape.maximum}`;
  if (shape.type === "string")
    return shape.maxLength === undefined
      ? "a text"
      : `a text of ${shape.minLength ?? 0}..${shape.maxLength} characters`;
  if (shape.type === "array") return `a list of ${shape.minItems ?? 0}..${shape.maxItems} entries`;
  return "a JSON object";
}

/** A value as a refusal names it: short, and without what could be secret or endless. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return `${value.length} values`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return String(value);
  if (value.length > 60) return `${Buffer.byteLength(value)} bytes`;
  return JSON.stringify(value);
}

function refusalOf(errors: readonly FieldError[], isBody: boolean): UsherError {
  const message = errors.map((error) => error.message).join("; ");
  return new UsherError(isBody ? "BODY_INVALID" : "PARAMETER_INVALID", message, { details: { errors } });
}

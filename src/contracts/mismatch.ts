import { closest, distance } from "fastest-levenshtein";
import type { TSchema } from "typebox";
import Format from "typebox/format";
import { Value } from "typebox/value";
import { idBytesMax } from "./http.ts";

/** What is wrong with one field of a request or an event. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** The part of a schema that the contracts use. */
export interface Shape {
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly multipleOf?: number;
  readonly anyOf?: readonly Shape[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape & { default?: unknown }>>;
  readonly maxProperties?: number;
  readonly patternProperties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

/**
 * True for an id that can be asked: 1..128 bytes of UTF-8 without control characters. `.` and `..` are none: clients resolve
 * them, percent-encoded too, before they send the address, and so ask something else.
 */
export function isId(text: string): boolean {
  if (text.length === 0 || text.length > idBytesMax || text === "." || text === "..") return false;
  if (isPrintableAscii(text)) return true; // nearly always, and much faster
  // an unpaired surrogate has no UTF-8; \p{Cc} are the control characters
  return Buffer.byteLength(text) <= idBytesMax && !/[\p{Cc}\p{Cs}]/u.test(text);
}

function isPrintableAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 || unit > 0x7e) return false;
  }
  return true;
}

Format.Set("usher-id", isId);

// the pattern of the schema says all of it; the name is for the words of a refusal
Format.Set("usher-link", () => true);

/** What an id must be, for the words of a refusal. */
export const idExpectation = `an id of 1..${idBytesMax} bytes of UTF-8 without control characters, not . or ..`;

/** What keeps a value from fitting its schema, field by field; empty where it fits. Only for values that were refused: it is slow. */
export function mismatches(value: unknown, shape: Shape): FieldError[] {
  return explain(value, shape, "");
}

function explain(value: unknown, shape: Shape, field: string): FieldError[] {
  const isRight: boolean = Value.Check(shape as TSchema, value);
  if (isRight) return [];
  if (shape.properties && typeof value === "object" && value !== null && !Array.isArray(value)) {
    return explainObject(value as Record<string, unknown>, shape, field);
  }
  if (shape.patternProperties && typeof value === "object" && value !== null && !Array.isArray(value)) {
    return explainRecord(value as Record<string, unknown>, shape, field);
  }
  if (shape.items && Array.isArray(value) && hasRightLength(value, shape)) {
    const { items } = shape;
    const first = value.findIndex((element) => !Value.Check(items as TSchema, element));
    return explain(value[first], items, `${field}[${first}]`);
  }
  const [option, ...others] = (shape.anyOf ?? []).filter(({ type }) => type !== "null");
  const isNested = (option?.items ?? option?.patternProperties ?? option?.properties) !== undefined;
  if (option && isNested && others.length === 0) return explain(value, option, field);
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
      message: unknownName(name, { path: path(name), known }),
    })),
    ...known
      .filter((name) => Object.hasOwn(value, name))
      .flatMap((name) => explain(value[name], properties[name] ?? {}, path(name))),
  ];
}

function explainRecord(value: Record<string, unknown>, shape: Shape, field: string): FieldError[] {
  const [[pattern = "", rule = {}] = []] = Object.entries(shape.patternProperties ?? {});
  const { maxProperties: most = Number.POSITIVE_INFINITY } = shape;
  const names = Object.keys(value);
  if (names.length > most) {
    return [{ field, message: `${field}: expected at most ${most} entries, got ${names.length}` }];
  }
  const path = (name: string) => `${field}.${name}`.slice(0, 100);
  return names.flatMap((name) => {
    if (new RegExp(pattern, "u").test(name)) return explain(value[name], rule, path(name));
    return [
      { field: path(name), message: `${path(name)}: expected a name like ${pattern}, got ${shown(name)}` },
    ];
  });
}

function unknownName(name: string, { path, known }: { path: string; known: readonly string[] }): string {
  if (known.length === 0) return `${path}: expected no parameters here, got this one`;
  return `${path}: expected one of ${known.join(", ")}, got an unknown name${guessOf(name, known)}`;
}

/** The known name that is nearest to an unknown one, as the end of a refusal; empty where none is near. @param known At least one. */
export function guessOf(name: string, known: readonly string[]): string {
  const nearest = closest(name.slice(0, 100), known);
  return distance(name, nearest) <= Math.max(2, nearest.length / 2) ? `; did you mean ${nearest}?` : "";
}

const hasRightLength = (value: readonly unknown[], shape: Shape) =>
  value.length >= (shape.minItems ?? 0) && value.length <= (shape.maxItems ?? Number.POSITIVE_INFINITY);

/** What a schema expects, in words. */
export function expectation(shape: Shape): string {
  if (shape.anyOf) return shape.anyOf.map(expectation).join(" or ");
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.enum) return `one of ${shape.enum.join(", ")}`;
  if (shape.type === "string") return textExpectation(shape);
  if (shape.type === "integer" || shape.type === "number") return numberExpectation(shape);
  if (shape.type === "boolean") return "true or false";
  if (shape.type === "array") return `a list of ${shape.minItems ?? 0}..${shape.maxItems} entries`;
  if (shape.type === "null") return "null";
  return "a JSON object";
}

/** What texts of a pattern are, for the words of a refusal. */
const patternWords = new Map([
  ["^[A-Z]{2}$", "two capital letters, such as PT"],
  ["^[a-z0-9][a-z0-9-]*$", "small letters, digits and hyphens"],
]);

function textExpectation({ format, pattern = "", minLength = 0, maxLength }: Shape): string {
  if (format === "usher-id") return idExpectation;
  if (format === "usher-link") return "an id without a colon, or an address with https://";
  if (format === "uuid") return "a UUID";
  if (format === "date-time") return "a time such as 2026-01-02T03:04:05.678Z";
  if (format === "uri") return `a URI of at most ${maxLength} characters`;
  if (format === "date") return "a date such as 2001-04-25";
  const words = patternWords.get(pattern);
  if (maxLength === undefined) return words ?? "a text";
  return `a text of ${minLength}..${maxLength} characters${words === undefined ? "" : `: ${words}`}`;
}

function numberExpectation({ type, minimum, maximum, multipleOf }: Shape): string {
  const kind = type === "integer" ? "an integer" : "a number";
  if (maximum === undefined) return minimum === undefined ? kind : `${kind} from ${minimum} on`;
  const steps = multipleOf === undefined ? "" : ` in steps of ${multipleOf}`;
  return `${kind} in ${minimum}..${maximum}${steps}`;
}

/** A value as a refusal names it: short, and without what could be secret or endless. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return `${value.length} values`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return String(value);
  if (value.length > 60) return `${Buffer.byteLength(value)} bytes`;
  return JSON.stringify(value);
}

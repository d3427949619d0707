import { guessOf } from "../../contracts/mismatch.ts";
import type { Item } from "../../data/catalogue.ts";
import { namesIn } from "../../data/user-features.ts";
import { foldedOnce } from "../fold-text.ts";
import { type AskedContext, type FieldType, type FieldValue, fieldOf, fields } from "./fields.ts";
import { type Node, type Operator, parseFilter } from "./parse.ts";
import { filterError } from "./tokens.ts";

/** A checked program. */
export interface Filter {
  readonly program: string;
  /** Whether the answer is the same for everybody at any time. */
  readonly isOfItemsOnly: boolean;
  /** Whether an item passes. Cost: O(length of the program and of the fields that it reads). */
  passes(item: Item, asked: AskedContext): boolean;
}

/** A typed part of a program. */
interface Part {
  readonly type: FieldType | "numbers" | "empty";
  /** The value of a literal, known before any item is seen. */
  readonly constant?: FieldValue | readonly number[];
  readonly isOfItemsOnly: boolean;
  readonly at: number;
  read(item: Item, asked: AskedContext): FieldValue | readonly number[];
}

const typeWords: Readonly<Record<Part["type"], string>> = {
  text: "a text",
  number: "a number",
  boolean: "true or false",
  texts: "a list of texts",
  numbers: "a list of numbers",
  any: "a feature",
  empty: "an empty list",
};

/**
 * Reads, checks and compiles a filter, such as `genre in ["Drama"] and year >= 1990 and not is_adult`.
 *
 * Texts are compared without case and accents. A comparison with something that is not known is false.
 *
 * @throws UsherError `FILTER_INVALID`, with the position, what was expected there and the nearest known field.
 * @example
 * import { compileFilter } from "./compile.ts";
 * const filter = compileFilter('genre in ["comédie"] and not is_adult');
 * const film = { itemId: "1", title: "Film", genres: ["Comedie"], isPlaceholder: false, isHidden: false, ratingCount: 0, links: {} };
 * filter.passes(film, { nowMs: 0 }); // → true
 */
export function compileFilter(program: string): Filter {
  const tree = parseFilter(program);
  const part = partOf(tree);
  const { isOfItemsOnly } = part;
  const read = truthOf(part);
  return { program, isOfItemsOnly, passes: (item, asked) => read(item, asked) };
}

/** One that lets pass what all of them let pass; `undefined` without any. */
export function allOf(filters: readonly Filter[]): Filter | undefined {
  if (filters.length < 2) return filters[0];
  return {
    program: filters.map(({ program }) => `(${program})`).join(" and "),
    isOfItemsOnly: filters.every(({ isOfItemsOnly }) => isOfItemsOnly),
    passes: (item, asked) => filters.every((filter) => filter.passes(item, asked)),
  };
}

function partOf(node: Node): Part {
  const { at } = node;
  if (node.kind === "literal") {
    const { value } = node;
    const type = typeof value === "string" ? "text" : typeof value === "number" ? "number" : "boolean";
    return { type, constant: value, isOfItemsOnly: true, at, read: () => value };
  }
  if (node.kind === "list") return listPart(node.values, at);
  if (node.kind === "field") return fieldPart(node.name, at);
  if (node.kind === "not") {
    const operand = partOf(node.operand);
    const read = truthOf(operand);
    return truth(at, [operand], (item, asked) => !read(item, asked));
  }
  if (node.kind === "exists") {
    const operand = partOf(node.operand);
    return truth(at, [operand], (item, asked) => isKnown(operand.read(item, asked)));
  }
  return binaryPart(node.operator, { left: partOf(node.left), right: partOf(node.right), at });
}

const isKnown = (value: FieldValue | readonly number[]) =>
  value !== undefined && (!Array.isArray(value) || value.length > 0);

const truth = (
  at: number,
  parts: readonly Part[],
  read: (item: Item, asked: AskedContext) => boolean,
): Part => ({
  type: "boolean",
  isOfItemsOnly: parts.every(({ isOfItemsOnly }) => isOfItemsOnly),
  at,
  read,
});

function fieldPart(name: string, at: number): Part {
  const field = fieldOf(name);
  if (!field) {
    const guess = guessOf(name, [...Object.keys(fields), "feature.", "user."]);
    throw filterError(
      at,
      `expected a field (${Object.keys(fields).join(", ")}, feature.<name>, user.<name>), got ${name.slice(0, 60)}${guess}`,
    );
  }
  return { type: field.type, isOfItemsOnly: field.of === "item", at, read: field.read };
}

function listPart(values: readonly (string | number)[], at: number): Part {
  const texts = values.filter((value) => typeof value === "string");
  const numbers = values.filter((value) => typeof value === "number");
  if (texts.length > 0 && numbers.length > 0) {
    throw filterError(at, "expected a list of texts or a list of numbers, got both in one");
  }
  const type = texts.length > 0 ? "texts" : numbers.length > 0 ? "numbers" : "empty";
  const constant = texts.length > 0 ? texts : numbers;
  return { type, constant, isOfItemsOnly: true, at, read: () => constant };
}

/** A part as yes or no. What is not known is no. */
function truthOf(part: Part): (item: Item, asked: AskedContext) => boolean {
  if (part.type === "boolean") return (item, asked) => part.read(item, asked) === true;
  if (part.type === "any") return (item, asked) => isTrue(part.read(item, asked));
  throw filterError(part.at, `expected a comparison or a yes-or-no field, got ${typeWords[part.type]}`);
}

const falsehoods: readonly unknown[] = [undefined, 0, false, "", "0", "false", "no"];
const isTrue = (value: unknown) =>
  !falsehoods.includes(typeof value === "string" ? value.toLowerCase() : value);

type Sides = { readonly left: Part; readonly right: Part; readonly at: number };

function binaryPart(operator: Operator, sides: Sides): Part {
  const { left, right, at } = sides;
  const read = readers[operator](sides);
  return truth(at, [left, right], read);
}

type Reader = (sides: Sides) => (item: Item, asked: AskedContext) => boolean;

function order(compare: (left: number | string, right: number | string) => boolean): Reader {
  return ({ left, right, at }) => {
    checkPair({ left, right, at }, ["number", "text"]);
    return (item, asked) => {
      const [one, other] = pairOf(left.read(item, asked), right.read(item, asked));
      if (typeof one === "boolean" || typeof other === "boolean") return false;
      return one !== undefined && other !== undefined && compare(one, other);
    };
  };
}

const readers: Readonly<Record<Operator, Reader>> = {
  or: (sides) => {
    const [left, right] = [truthOf(sides.left), truthOf(sides.right)];
    return (item, asked) => left(item, asked) || right(item, asked);
  },
  and: (sides) => {
    const [left, right] = [truthOf(sides.left), truthOf(sides.right)];
    return (item, asked) => left(item, asked) && right(item, asked);
  },
  "=": (sides) => equality(sides, true),
  "!=": (sides) => equality(sides, false),
  "<": order((left, right) => left < right),
  "<=": order((left, right) => left <= right),
  ">": order((left, right) => left > right),
  ">=": order((left, right) => left >= right),
  in: membership,
  contains: ({ left, right }) => {
    if (left.type === "texts") return membership({ left: right, right: left, at: left.at });
    checkType(left, ["text", "any"]);
    checkType(right, ["text", "any"]);
    return (item, asked) => {
      const [whole, part] = [left.read(item, asked), right.read(item, asked)];
      return (
        typeof whole === "string" && typeof part === "string" && foldedOnce(whole).includes(foldedOnce(part))
      );
    };
  },
};

function equality(sides: Sides, wanted: boolean) {
  const { left, right } = sides;
  checkPair(sides, ["number", "text", "boolean"]);
  return (item: Item, asked: AskedContext) => {
    const [one, other] = pairOf(left.read(item, asked), right.read(item, asked));
    return one !== undefined && other !== undefined && (one === other) === wanted;
  };
}

/** One value in a list, or one list that shares something with another. */
function membership({ left, right, at }: Sides) {
  const isList = ({ type }: Part) => type === "texts" || type === "numbers" || type === "empty";
  if (!isList(right) && right.type !== "any") {
    throw filterError(right.at, `expected a list such as ["Drama"], got ${typeWords[right.type]}`);
  }
  const element = (part: Part) =>
    part.type === "texts" ? "text" : part.type === "numbers" ? "number" : part.type;
  const [one, other] = [element(left), element(right)];
  if (
    one === "boolean" ||
    (one !== other && ![one, other].some((type) => type === "any" || type === "empty"))
  ) {
    throw filterError(
      at,
      `expected the same kind on both sides of in, got ${typeWords[left.type]} and ${typeWords[right.type]}`,
    );
  }
  const known = right.constant === undefined ? undefined : new Set(listOf(right.constant));
  return (item: Item, asked: AskedContext) => {
    const wanted = known ?? new Set(elementsOf(right, right.read(item, asked)));
    return elementsOf(left, left.read(item, asked)).some((value) => wanted.has(value));
  };
}

/** The values of a part as a list: a feature that is a text with commas as a whole, and each of its parts. */
function elementsOf({ type }: Part, value: FieldValue | readonly number[]): (string | number)[] {
  const isWritten = type === "any" && typeof value === "string" && value.includes(",");
  return isWritten ? [...listOf(value), ...listOf(namesIn(value))] : listOf(value);
}

/** Values as they are compared: texts folded, a single value as a list of one. */
function listOf(value: FieldValue | readonly number[]): (string | number)[] {
  if (value === undefined || typeof value === "boolean") return [];
  if (typeof value === "string") return [foldedOnce(value)];
  if (typeof value === "number") return [value];
  return value.map((one: string | number) => (typeof one === "string" ? foldedOnce(one) : one));
}

type Comparable = string | number | boolean | undefined;

/** Two values in a form in which they can be compared: a feature that is written as text is a number where the other side is one. */
function pairOf(left: unknown, right: unknown): [Comparable, Comparable] {
  if (typeof left === "number" && typeof right === "string") return [left, numberIn(right)];
  if (typeof left === "string" && typeof right === "number") return [numberIn(left), right];
  if (typeof left === "boolean" || typeof right === "boolean")
    return [isTrueOrUnknown(left), isTrueOrUnknown(right)];
  return [comparable(left), comparable(right)];
}

const isTrueOrUnknown = (value: unknown) => (value === undefined ? undefined : isTrue(value));
const comparable = (value: unknown): Comparable =>
  typeof value === "string" ? foldedOnce(value) : typeof value === "number" ? value : undefined;
const numberIn = (text: string) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined);

function checkPair({ left, right, at }: Sides, allowed: readonly Part["type"][]): void {
  checkType(left, [...allowed, "any"]);
  checkType(right, [...allowed, "any"]);
  if (left.type === "any" || right.type === "any" || left.type === right.type) return;
  throw filterError(
    at,
    `expected the same kind on both sides, got ${typeWords[left.type]} and ${typeWords[right.type]}`,
  );
}

function checkType({ type, at }: Part, allowed: readonly Part["type"][]): void {
  if (allowed.includes(type)) return;
  const hint = type === "texts" ? '; use `in`, such as genre in ["Drama"]' : "";
  throw filterError(
    at,
    `expected ${allowed
      .filter((one) => one !== "any")
      .map((one) => typeWords[one])
      .join(" or ")}, got ${typeWords[type]}${hint}`,
  );
}

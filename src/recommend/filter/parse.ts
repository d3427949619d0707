import { filterError, type Token, tokensOf } from "./tokens.ts";

/** A program as a tree; `at` is where its deciding word stands. */
export type Node =
  | { readonly kind: "literal"; readonly value: string | number | boolean; readonly at: number }
  | { readonly kind: "list"; readonly values: readonly (string | number)[]; readonly at: number }
  | { readonly kind: "field"; readonly name: string; readonly at: number }
  | { readonly kind: "not"; readonly operand: Node; readonly at: number }
  | {
      readonly kind: "binary";
      readonly operator: Operator;
      readonly left: Node;
      readonly right: Node;
      readonly at: number;
    }
  | { readonly kind: "exists"; readonly operand: Node; readonly at: number };

export type Operator = "or" | "and" | "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "contains";

/** Deepest nesting of a program. */
const depthMax = 32;

/** How strongly an operator binds; the same strength goes from left to right. `==` is `=`. */
const strengths: Readonly<Record<string, number>> = {
  ...{ or: 1, and: 2 },
  ...{ "=": 4, "==": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4, in: 4, contains: 4, exists: 4, not: 4 },
};
const notStrength = 3;
const words = new Set(["or", "and", "not", "in", "contains", "exists", "true", "false"]);

/**
 * Reads a program into its tree, by operator precedence (Pratt).
 *
 * @throws UsherError `FILTER_INVALID`, with the position and what was expected there.
 * Cost: O(length); nested at most 32 deep.
 */
export function parseFilter(program: string): Node {
  const parser = new Parser(tokensOf(program));
  const tree = parser.expression(0, 0);
  parser.expect("end", "and, or, or the end");
  return tree;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get #token(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #take(): Token {
    const token = this.#token;
    if (token.kind !== "end") this.#next++;
    return token;
  }

  #is(text: string): boolean {
    return this.#token.text === text && (this.#token.kind === "symbol" || this.#token.kind === "name");
  }

  expect(what: string, words: string): Token {
    const token = this.#token;
    if (what === "end" ? token.kind !== "end" : !this.#is(what)) throw unexpected(token, words);
    return this.#take();
  }

  /** An expression of operators that bind more strongly than `least`. */
  expression(least: number, depth: number): Node {
    if (depth > depthMax)
      throw filterError(this.#token.at, `expected nesting of at most ${depthMax}, got deeper`);
    let left = this.#prefix(depth);
    for (;;) {
      const token = this.#token;
      const strength = token.kind === "name" || token.kind === "symbol" ? strengths[token.text] : undefined;
      if (strength === undefined || strength <= least) return left;
      left = this.#infix(left, { strength, depth });
    }
  }

  #infix(left: Node, { strength, depth }: { strength: number; depth: number }): Node {
    const { text, at } = this.#take();
    if (text === "exists") return { kind: "exists", operand: left, at };
    if (text === "not") {
      this.expect("in", "in behind not");
      const right = this.expression(strength, depth + 1);
      return { kind: "not", operand: { kind: "binary", operator: "in", left, right, at }, at };
    }
    const right = this.expression(strength, depth + 1);
    return { kind: "binary", operator: (text === "==" ? "=" : text) as Operator, left, right, at };
  }

  #prefix(depth: number): Node {
    const token = this.#take();
    const { kind, text, at } = token;
    if (kind === "number") return { kind: "literal", value: token.number ?? 0, at };
    if (kind === "text") return { kind: "literal", value: text, at };
    if (kind === "symbol" && text === "(") {
      const inner = this.expression(0, depth + 1);
      this.expect(")", "and, or, or the closing parenthesis");
      return inner;
    }
    if (kind === "symbol" && text === "[") return { kind: "list", values: this.#values(), at };
    if (kind === "name" && text === "not") {
      return { kind: "not", operand: this.expression(notStrength, depth + 1), at };
    }
    if (kind === "name" && (text === "true" || text === "false")) {
      return { kind: "literal", value: text === "true", at };
    }
    if (kind === "name" && !words.has(text)) return { kind: "field", name: text, at };
    throw unexpected(token, "a field, a value or a parenthesis");
  }

  /** What stands in brackets, behind the opening one. */
  #values(): (string | number)[] {
    const values: (string | number)[] = [];
    if (this.#is("]")) {
      this.#take();
      return values;
    }
    for (;;) {
      const token = this.#take();
      if (token.kind !== "text" && token.kind !== "number") throw unexpected(token, "a text or a number");
      values.push(token.kind === "number" ? (token.number ?? 0) : token.text);
      if (this.#is("]")) break;
      this.expect(",", "a comma or the closing bracket");
    }
    this.#take();
    return values;
  }
}

function unexpected({ kind, text, at }: Token, expected: string) {
  const came =
    kind === "end"
      ? text
      : kind === "text"
        ? `the text ${JSON.stringify(text.slice(0, 40))}`
        : text.slice(0, 40);
  return filterError(at, `expected ${expected}, got ${came}`);
}

import { filterLengthMax } from "../../contracts/surfaces.ts";
import { UsherError } from "../../errors.ts";

/** Most tokens of a program. */
const tokensMax = 500;

export type TokenKind = "name" | "text" | "number" | "symbol" | "end";

/** A word of a program and where it stands: `at` counts UTF-16 units from 0. */
export interface Token {
  readonly kind: TokenKind;
  /** The name or symbol as the grammar knows it (words in lower case), or the value of a text. */
  readonly text: string;
  readonly number?: number;
  readonly at: number;
}

/** A program that cannot be understood: where, what was expected, what came. */
export function filterError(at: number, words: string): UsherError {
  const position = at + 1;
  return new UsherError("FILTER_INVALID", `filter: at character ${position}: ${words}`, {
    details: { field: "filter", position },
  });
}

const shapes = [
  ["space", /\s+/y],
  ["name", /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_][A-Za-z0-9_-]*)?/y],
  ["number", /-?\d+(?:\.\d+)?/y],
  ["text", /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y],
  ["symbol", /==|!=|<=|>=|[=<>()[\],]/y],
] as const;

/**
 * Splits a program into words. The last one is of kind `end`.
 *
 * @throws UsherError `FILTER_INVALID`: too long, or a character that begins no word.
 * Cost: O(length).
 */
export function tokensOf(program: string): Token[] {
  if (program.length > filterLengthMax) {
    throw filterError(
      filterLengthMax,
      `expected at most ${filterLengthMax} characters, got ${program.length}`,
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < program.length) {
    const [kind, word] = wordAt(program, at);
    if (kind !== "space") tokens.push(tokenOf(kind, { word, at }));
    if (tokens.length > tokensMax) throw filterError(at, `expected at most ${tokensMax} words, got more`);
    at += word.length;
  }
  tokens.push({ kind: "end", text: "the end", at });
  return tokens;
}

function wordAt(program: string, at: number): [kind: (typeof shapes)[number][0], word: string] {
  for (const [kind, shape] of shapes) {
    shape.lastIndex = at;
    const found = shape.exec(program);
    if (found) return [kind, found[0]];
  }
  const isQuote = program[at] === '"' || program[at] === "'";
  const came = isQuote
    ? "a text without its closing quote"
    : JSON.stringify(String.fromCodePoint(program.codePointAt(at) ?? 0));
  throw filterError(at, `expected a field, a value, an operator or a parenthesis, got ${came}`);
}

function tokenOf(
  kind: Exclude<(typeof shapes)[number][0], "space">,
  { word, at }: { word: string; at: number },
): Token {
  if (kind === "text") return { kind, text: word.slice(1, -1).replace(/\\(.)/gsu, "$1"), at };
  if (kind === "number") return { kind, text: word, number: Number(word), at };
  return { kind, text: kind === "name" ? word.toLowerCase() : word, at };
}

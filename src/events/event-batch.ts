import { isUtf8 } from "node:buffer";
import { eventsMax } from "../contracts/events.ts";
import { UsherError } from "../errors.ts";
import { Unreadable } from "./validate-event.ts";

/** A body cut into events, none of which is checked yet. */
export interface EventBatch {
  /** One for each event; {@link Unreadable} where a line is no JSON. */
  readonly values: readonly unknown[];
  /** Size of what came. */
  readonly bytes: number;
  /** What came for one of them, to the character. Slow for a JSON array: only for events that are rejected. */
  text(index: number): string;
}

/** How a body is written: `json`, one event or an array of events; `lines`, one event a line (NDJSON). */
export type BodyForm = "json" | "lines";

/**
 * Cuts a body into events.
 *
 * @throws UsherError `BODY_INVALID`, a body that does not split into events: no UTF-8, no JSON, neither object nor array, no line;
 *   `BODY_TOO_LARGE`, more than 1,000 events.
 * Cost: O(bytes).
 */
export function eventBatch(body: Uint8Array, form: BodyForm): EventBatch {
  return form === "json" ? batchOfJson(body) : batchOfLines(body);
}

/** One value as a batch. */
export function batchOfValue(value: unknown): EventBatch {
  const text = JSON.stringify(value) ?? "";
  return { values: [value], bytes: text.length, text: () => text };
}

function batchOfJson(body: Uint8Array): EventBatch {
  if (!isUtf8(body)) throw new UsherError("BODY_INVALID", "body: expected UTF-8, got something else");
  const text = textOf(body);
  const value = parsed(text);
  if (Array.isArray(value)) {
    checkCount(value.length);
    let texts: string[] | undefined;
    return {
      values: value,
      bytes: body.length,
      text: (index) => {
        texts ??= elementsOf(text);
        return texts[index] ?? "";
      },
    };
  }
  const isObject = typeof value === "object" && value !== null && !(value instanceof Unreadable);
  if (isObject) return { values: [value], bytes: body.length, text: () => text.trim() };
  const came = value instanceof Unreadable ? value.detail : `got ${JSON.stringify(value).slice(0, 60)}`;
  throw new UsherError("BODY_INVALID", `body: expected an event or an array of events as JSON, ${came}`);
}

function batchOfLines(body: Uint8Array): EventBatch {
  const texts: string[] = [];
  const values: unknown[] = [];
  const isText = isUtf8(body);
  for (let start = 0; start < body.length; ) {
    const found = body.indexOf(lineFeed, start);
    const end = found === -1 ? body.length : found;
    const line = body.subarray(start, end);
    const text = end === start ? "" : textOf(line).trim();
    start = end + 1;
    if (text === "") continue;
    checkCount(texts.push(text));
    values.push(
      isText || isUtf8(line) ? valueOfLine(text) : new Unreadable("line: expected UTF-8, got something else"),
    );
  }
  if (texts.length === 0) throw new UsherError("BODY_INVALID", "body: expected an event a line, got no line");
  return { values, bytes: body.length, text: (index) => texts[index] ?? "" };
}

const lineFeed = 0x0a;

function valueOfLine(text: string): unknown {
  const value = parsed(text);
  return value instanceof Unreadable
    ? new Unreadable(`line: expected an event as JSON, ${value.detail}`)
    : value;
}

/** A byte order mark is dropped: some tools write one, and it is no JSON. */
function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return new Unreadable(
      `got ${text.length} characters that are none (${(error as SyntaxError).message.slice(0, 200)})`,
    );
  }
}

function checkCount(count: number): void {
  if (count <= eventsMax) return;
  throw new UsherError("BODY_TOO_LARGE", `body: expected at most ${eventsMax} events, got more`);
}

/** The elements of a JSON array as they were written. `text` is known to be one. */
function elementsOf(text: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text[at];
    if (unit === '"') at = endOfString(text, at);
    else if (unit === "[" || unit === "{") {
      if (++depth === 1) start = at + 1;
    } else if (unit === "]" || unit === "}") {
      if (--depth === 0) elements.push(text.slice(start, at).trim());
    } else if (unit === "," && depth === 1) {
      elements.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return elements;
}

/** Place of the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

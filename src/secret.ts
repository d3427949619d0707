import { inspect } from "node:util";

const shown = "[hidden]";

/**
 * A text that must not be seen: whatever prints, logs or serializes it gets `[hidden]`. Only `reveal()` gives the text.
 *
 * @example
 * import { Secret } from "./secret.ts";
 * JSON.stringify({ key: new Secret("1234") }); // → '{"key":"[hidden]"}'
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  /** False where nothing was set. */
  get isSet(): boolean {
    return this.#text !== "";
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return this.isSet ? shown : "";
  }

  [inspect.custom](): string {
    return `Secret ${shown}`;
  }
}

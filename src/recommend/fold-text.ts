const unfolded: Readonly<Record<string, string>> = {
  ł: "l",
  ø: "o",
  đ: "d",
  æ: "ae",
  œ: "oe",
  ß: "ss",
  þ: "th",
  ð: "d",
};

/**
 * Text as it is compared: without case, accents and doubled spaces.
 *
 * @example
 * import { foldText } from "./fold-text.ts";
 * foldText("Amélie "); // → "amelie"
 */
export function foldText(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[łøđæœßþð]/g, (letter) => unfolded[letter] ?? letter)
    .replace(/\s+/g, " ")
    .trim();
}

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

const folded = new Map<string, string>();
const foldedMax = 50_000;
/** Longer texts come once. */
const nameLengthMax = 64;

/** The same, remembered: for names that come again and again, such as genres. */
export function foldedOnce(text: string): string {
  if (text.length > nameLengthMax) return foldText(text);
  const known = folded.get(text);
  if (known !== undefined) return known;
  if (folded.size >= foldedMax) folded.clear();
  const result = foldText(text);
  folded.set(text, result);
  return result;
}

/** What is known of a user beside what they did, by name: texts, numbers, yes or no, and lists of texts. */
export type UserFeatures = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/**
 * The names in a feature: a list of texts, or one text with commas. Empty where it is something else.
 *
 * @example
 * import { namesIn } from "./user-features.ts";
 * namesIn("Drama, Comedy"); // → ["Drama", "Comedy"]
 */
export function namesIn(value: UserFeatures[string] | undefined): readonly string[] {
  if (value === undefined || typeof value === "number" || typeof value === "boolean") return [];
  const names = typeof value === "string" ? value.split(",") : value;
  return names.map((name) => name.trim()).filter((name) => name !== "");
}

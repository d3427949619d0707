import { cell, keptCell } from "../cell.ts";
import { type Catalogue, en, type Message, type MessageKey } from "./en.ts";

/** Languages by their own names, and where their texts are; English is always there. */
export const languages = {
  en: { name: "English", load: async () => en as Catalogue },
  fr: { name: "Français", load: async () => (await import("./fr.ts")).fr },
  pt: { name: "Português", load: async () => (await import("./pt.ts")).pt },
  ru: { name: "Русский", load: async () => (await import("./ru.ts")).ru },
} as const satisfies Record<string, { name: string; load(): Promise<Catalogue> }>;
export type Language = keyof typeof languages;

const isLanguage = (text: string): text is Language => text in languages;

/** What was chosen; empty: as the browser says. */
const chosen = keptCell<Language | "">("usher.language", "", () => localStorage);

/** The language in which the page stands now. */
export const language = cell<Language>("en");
let texts: Catalogue = en;

/** Loads the language that was chosen, or the first of the browser's that there is. */
export function openLanguage(): Promise<void> {
  const wanted = [chosen.value, ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return changeLanguage(wanted.find(isLanguage) ?? "en", { isChosen: false });
}

/** Changes the language at once, and keeps the choice. */
export async function changeLanguage(next: Language, { isChosen = true } = {}): Promise<void> {
  texts = await languages[next].load();
  if (isChosen) chosen.set(next);
  document.documentElement.lang = next;
  language.set(next);
}

/** What a text puts in, by name. */
export type Parameters = Readonly<Record<string, string | number>>;

/** A text in the present language. Numbers among the parameters are written as that language writes them. */
export const t = (key: MessageKey, parameters: Parameters = {}): string => fill(texts[key], parameters);

/** A text with its values put in, in the form that its `count` asks for. */
export function fill(message: Message, parameters: Parameters): string {
  const count = Number(parameters["count"] ?? 0);
  const text =
    typeof message === "string"
      ? message
      : (message[formats("plural", () => new Intl.PluralRules(language.value)).select(count)] ??
        message.other);
  return text.replace(/\{([\w-]+)\}/g, (_, name: string) => {
    const value = parameters[name] ?? "";
    return typeof value === "number" ? number(value) : value;
  });
}

/** A number as the language writes it. @param digits Most digits behind the point. Default 1. @param least Fewest of them. Default 0. */
export const number = (value: number, digits = 1, least = 0): string =>
  formats(
    `number ${digits} ${least}`,
    () =>
      new Intl.NumberFormat(language.value, {
        maximumFractionDigits: digits,
        minimumFractionDigits: least,
      }),
  ).format(value);

export const list = (words: readonly string[]): string =>
  formats("list", () => new Intl.ListFormat(language.value, { type: "conjunction" })).format(words);

export const date = (moment: Date | string): string =>
  formats(
    "date",
    () => new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short" }),
  ).format(new Date(moment));

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
] as const;

/** `3 minutes ago`. */
export function ago(moment: Date | string, nowMs: number = Date.now()): string {
  const ms = new Date(moment).getTime() - nowMs;
  const [unit, size] = units.find(([, one]) => Math.abs(ms) >= one) ?? units[3];
  const format = formats("ago", () => new Intl.RelativeTimeFormat(language.value, { numeric: "auto" }));
  return format.format(Math.round(ms / size), unit);
}

const made = new Map<string, unknown>();

/** Formats cost more to make than to use. */
function formats<Format>(name: string, make: () => Format): Format {
  const id = `${language.value} ${name}`;
  const known = made.get(id) ?? make();
  made.set(id, known);
  return known as Format;
}

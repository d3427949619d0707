import { cell } from "../cell.ts";
import { fill, type Language, type Parameters } from "../i18n/i18n.ts";
import { en, type OperatorCatalogue, type OperatorKey } from "./i18n/en.ts";

/** The texts of the operator's pages, in files of their own: who watches films need not fetch them. */
const catalogues = {
  en: async () => en as OperatorCatalogue,
  fr: async () => (await import("./i18n/fr.ts")).fr,
  pt: async () => (await import("./i18n/pt.ts")).pt,
  ru: async () => (await import("./i18n/ru.ts")).ru,
} as const satisfies Record<Language, () => Promise<OperatorCatalogue>>;

/** The language whose texts are there; they may come a moment after the language was changed. */
export const spokenLanguage = cell<Language>("en");
let texts: OperatorCatalogue = en;

export async function loadWords(wanted: Language): Promise<void> {
  texts = await catalogues[wanted]();
  spokenLanguage.set(wanted);
}

/** A text of the operator's pages in the present language. */
export const w = (key: OperatorKey, parameters: Parameters = {}): string => fill(texts[key], parameters);

/** A name that the server may say, in words where there are some: `part` and `ready` are `part.ready`. */
export function named(group: string, name: string): string {
  const key = `${group}.${name}`;
  return key in texts ? w(key as OperatorKey) : name;
}

/** Articles that catalogues put behind the title to sort by it: `Hangover, The`. */
const movedArticle = /^(.*), (The|A|An|La|Le|Les|L'|Il|El|Los|Las|Der|Die|Das|O|Os)$/;

/** A title as a person says it, with its year apart: many sources write `Hangover, The (2009)`. */
export function titleOf(item: { readonly title: string; readonly release_year?: number }): {
  title: string;
  year: string;
} {
  const [, whole = item.title, written] = /^(.*?)\s*\((\d{4})(?:[-–]\d{0,4})?\)$/.exec(item.title) ?? [];
  const [, name, article] = movedArticle.exec(whole) ?? [];
  const title = name === undefined ? whole : `${article}${article?.endsWith("'") ? "" : " "}${name}`;
  return { title, year: String(item.release_year ?? written ?? "") };
}

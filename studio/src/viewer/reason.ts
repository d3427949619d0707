import type { RecommendedItemBody } from "../../../src/contracts/http.ts";
import { titleOf } from "../design/title.ts";
import { en, type MessageKey } from "../i18n/en.ts";
import { list, number, t } from "../i18n/i18n.ts";

type ReasonBody = RecommendedItemBody["reason"];
type Facts = NonNullable<ReasonBody["facts"]>;
type Sentence = (facts: Facts, titles: string) => string | undefined;

/** `rated 4.2 on average by 329 viewers`. */
const rated: Sentence = ({ rating, count }) => {
  if (count === 0) return t("reason.unrated");
  if (rating === undefined || count === undefined) return undefined;
  return t("reason.rated", { rating: number(rating, 1, 1), count });
};

/** The sentences that put something in; `undefined` where the answer does not have it. */
const sentences: Readonly<Partial<Record<ReasonBody["source"], Sentence>>> = {
  history: (_, titles) => t(titles === "" ? "reason.fits" : "reason.history", { titles }),
  similar: (_, titles) => (titles === "" ? undefined : t("reason.similar-to", { titles })),
  popularity: rated,
  popular: rated,
  top_ratings: rated,
  imdb_rating: ({ rating, count }) =>
    rating === undefined || count === undefined
      ? undefined
      : t("reason.imdb", { rating: number(rating, 1, 1), count }),
  trending: ({ count, window }) =>
    count === undefined || window === undefined ? undefined : t(`reason.trending-${window}`, { count }),
  continue: ({ progress }) =>
    progress === undefined ? undefined : t("reason.watched", { percent: Math.round(100 * progress) }),
  content: ({ genres = [] }) =>
    genres.length === 0 ? undefined : t("reason.about", { genres: list(genres) }),
  new: ({ release_year: year }) =>
    year === undefined ? undefined : t("reason.released", { year: String(year) }),
};

/** Why an item is in a list, in the present language; of a source that the Studio does not know, as the server says it. */
export function reasonText({ source, text, because, facts = {} }: ReasonBody): string {
  const titles = list(because.map((item) => titleOf(item).title));
  const said = sentences[source]?.(facts, titles);
  if (said !== undefined) return said;
  const plain = `reason.${source}`;
  return plain in en ? t(plain as MessageKey) : text;
}

/** The title of a rail in the present language; a surface of the site's own keeps the title that the site gave it. */
export function railTitle({ surface, title }: { surface: string; title: string }): string {
  const message = `rail.${surface.split("/")[0]}`;
  if (!(message in en)) return title;
  const [, more = ""] = /^[^:]*: (.*)$/.exec(title) ?? [];
  return t(message as MessageKey, { more: titleOf({ title: more }).title });
}

import type { RecommendedItemBody } from "../../../src/contracts/http.ts";
import { titleOf } from "../design/title.ts";
import { en, type MessageKey } from "../i18n/en.ts";
import { language, list, t } from "../i18n/i18n.ts";

/** Why an item is in a list, in the present language. What only the server can say, with its numbers, it says in English. */
export function reasonText({ source, text, because }: RecommendedItemBody["reason"]): string {
  const titles = list(because.map((item) => titleOf(item).title));
  if (source === "history") return t(because.length === 0 ? "reason.fits" : "reason.history", { titles });
  if (source === "similar" && because.length > 0) return t("reason.similar", { titles });
  const message = `reason.${source}`;
  return language.value === "en" || !(message in en) ? text : t(message as MessageKey);
}

/** The title of a rail in the present language; a surface of the site's own keeps the title that the site gave it. */
export function railTitle({ surface, title }: { surface: string; title: string }): string {
  const message = `rail.${surface.split("/")[0]}`;
  if (!(message in en)) return title;
  const [, more = ""] = /^[^:]*: (.*)$/.exec(title) ?? [];
  return t(message as MessageKey, { more: titleOf({ title: more }).title });
}

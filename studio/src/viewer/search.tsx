import type { ItemBody } from "../../../src/contracts/http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { useCell } from "../cell.ts";
import { StateView } from "../design/state-view.tsx";
import { t } from "../i18n/i18n.ts";
import { person } from "../person.ts";
import type { PageProps } from "../routes.ts";
import { CardSkeleton, ItemCard } from "./item-card.tsx";
import { useMarks } from "./marks.ts";

/** Titles of a page of results. */
const resultsMax = 48;

type Found = Pick<ItemBody, "item_id" | "title" | "genres" | "release_year" | "poster_url">;

/** What the catalogue holds of some words, or of a person; typing errors are forgiven by the server. */
export function Search({ query }: PageProps) {
  const words = query.get("query") ?? "";
  const name = query.get("person") ?? "";
  const sought = name || words;
  const marks = useMarks(useCell(person));
  const path =
    name === ""
      ? `v1/search?query=${encodeURIComponent(words)}&k=${resultsMax}`
      : `v1/items?person=${encodeURIComponent(name)}&page_size=${resultsMax}`;
  const found = useAnswer(sought === "" ? undefined : path, () => ask<{ items: Found[] }>(path), {
    topics: ["release", "catalogue"],
    isEmpty: ({ items }) => items.length === 0,
  });
  if (sought === "") {
    return (
      <article class="page">
        <h1>{t("route.search")}</h1>
        <p class="lead">{t("search.type")}</p>
      </article>
    );
  }
  const count = found.value?.items.length;
  return (
    <article class="page">
      {found.state !== "empty" && (
        <h1 dir="auto">
          {count === undefined ? t("route.search") : t("search.results", { count, query: sought })}
        </h1>
      )}
      <StateView isPage shown={found} skeleton={<GridSkeleton />} empty={<NoResult sought={sought} />}>
        {({ items }) => (
          <ul class="grid">
            {items.map((item) => (
              <li key={item.item_id}>
                <ItemCard item={item} marks={marks.get(item.item_id) ?? {}} />
              </li>
            ))}
          </ul>
        )}
      </StateView>
    </article>
  );
}

function NoResult({ sought }: { sought: string }) {
  return (
    <div class="notice">
      <h1 dir="auto">{t("search.none", { query: sought })}</h1>
      <p>{t("search.none-text")}</p>
    </div>
  );
}

function GridSkeleton() {
  return (
    <div class="grid">
      {Array.from({ length: 12 }, (_, at) => at).map((at) => (
        <CardSkeleton key={at} />
      ))}
    </div>
  );
}

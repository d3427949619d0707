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

/** What the catalogue holds of some words; typing errors are forgiven by the server. */
export function Search({ query }: PageProps) {
  const words = query.get("query") ?? "";
  const marks = useMarks(useCell(person));
  const path = `v1/search?query=${encodeURIComponent(words)}&k=${resultsMax}`;
  const found = useAnswer(
    words === "" ? undefined : `search ${words}`,
    () => ask<{ items: ItemBody[] }>(path),
    {
      topics: ["release", "catalogue"],
      isEmpty: ({ items }) => items.length === 0,
    },
  );
  if (words === "") {
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
      <h1 dir="auto">
        {count === undefined ? t("route.search") : t("search.results", { count, query: words })}
      </h1>
      <StateView shown={found} skeleton={<GridSkeleton />}>
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

function GridSkeleton() {
  return (
    <div class="grid">
      {Array.from({ length: 12 }, (_, at) => at).map((at) => (
        <CardSkeleton key={at} />
      ))}
    </div>
  );
}

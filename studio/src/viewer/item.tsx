import type { ItemBody } from "../../../src/contracts/http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { useCell } from "../cell.ts";
import { Backdrop, Cover } from "../design/cover.tsx";
import { Stars } from "../design/stars.tsx";
import { StateView } from "../design/state-view.tsx";
import { titleOf } from "../design/title.ts";
import { t } from "../i18n/i18n.ts";
import { me } from "../me.ts";
import { person } from "../person.ts";
import type { PageProps } from "../routes.ts";
import { Deeds } from "./item-card.tsx";
import { type Marks, useMarks } from "./marks.ts";

/** An item as `GET /v1/items/{item_id}` answers it. */
type WholeItem = ItemBody & { people?: { name: string; role: string }[] };

/** One item: what is known of it, and what to do with it. */
export function Item({ names }: PageProps) {
  const id = names["item_id"] ?? "";
  const marks = useMarks(useCell(person));
  const item = useAnswer(`item ${id}`, () => ask<WholeItem>(`v1/items/${encodeURIComponent(id)}`), {
    topics: ["release", "catalogue"],
  });
  return (
    <StateView shown={item} skeleton={<div class="hero is-skeleton" />}>
      {(known) => <Facts item={known} marks={marks.get(id) ?? {}} />}
    </StateView>
  );
}

function Facts({ item, marks }: { item: WholeItem; marks: Marks }) {
  const { title, year } = titleOf(item);
  const { rating_mean: mean, rating_count: count } = item;
  const people = item.people ?? [];
  return (
    <article class="hero is-item">
      <div class="hero-backdrop" aria-hidden="true">
        <Backdrop item={item} />
      </div>
      <div class="hero-text">
        <h1 class={`hero-title ${title.length > 28 ? "is-long" : ""}`} dir="auto">
          {title}
        </h1>
        <p class="hero-facts">{[year, ...item.genres].filter(Boolean).join(" · ")}</p>
        {mean === undefined ? (
          <p class="hero-rated">{t("item.unrated")}</p>
        ) : (
          <p class="hero-rated">
            <Stars name={title} value={Math.round(mean * 2) / 2} />
            <span>{t("item.rated", { rating: mean, count })}</span>
          </p>
        )}
        <Deeds item={item} marks={marks} />
        {item.description && (
          <p class="hero-reason" dir="auto">
            {item.description}
          </p>
        )}
        {people.length > 0 && (
          <dl class="people">
            <dt>{t("item.people")}</dt>
            {people.slice(0, 8).map(({ name, role }) => (
              <dd key={`${name} ${role}`} dir="auto">
                {name} <small>{role}</small>
              </dd>
            ))}
          </dl>
        )}
      </div>
      <div class="hero-cover">
        <Cover item={item} kind={me.value?.catalogue ?? "items"} />
      </div>
    </article>
  );
}

import type { CatalogueItemBody } from "../../../src/contracts/catalogue-http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { useCell } from "../cell.ts";
import { Button } from "../design/button.tsx";
import { Backdrop, Cover } from "../design/cover.tsx";
import { Stars } from "../design/stars.tsx";
import { StateView } from "../design/state-view.tsx";
import { titleOf } from "../design/title.ts";
import { t } from "../i18n/i18n.ts";
import { me } from "../me.ts";
import { person } from "../person.ts";
import { hrefTo, type PageProps } from "../routes.ts";
import { act, undo } from "./acting.ts";
import { Deeds } from "./item-card.tsx";
import { type Marks, useMarks } from "./marks.ts";
import { RatingBars } from "./rating-bars.tsx";
import { SimilarItems } from "./similar-items.tsx";
import { WhyPanel } from "./why-panel.tsx";

/** People of an item that are named. */
const peopleMax = 12;

/** One item: what is known of it, what to do with it, why it would be recommended, how it was rated, and what is like it. */
export function Item({ names }: PageProps) {
  const id = names["item_id"] ?? "";
  const userId = useCell(person);
  const marks = useMarks(userId);
  const item = useAnswer(`item ${id}`, () => ask<CatalogueItemBody>(`v1/items/${encodeURIComponent(id)}`), {
    topics: ["release", "catalogue"],
  });
  return (
    <StateView isPage shown={item} skeleton={<div class="hero is-skeleton" />}>
      {(known) => (
        <article class="item-page" key={id}>
          <Head item={known} marks={marks.get(id) ?? {}} userId={userId} />
          <div class="parts">
            <WhyPanel itemId={id} userId={userId} marks={marks.get(id) ?? {}} />
            <RatingBars itemId={id} />
          </div>
          <SimilarItems itemId={id} marks={marks} />
        </article>
      )}
    </StateView>
  );
}

function Head({ item, marks, userId }: { item: CatalogueItemBody; marks: Marks; userId: string }) {
  const { title, year } = titleOf(item);
  const { rating_mean: mean, rating_count: count } = item;
  return (
    <div class="hero is-item">
      <div class="hero-backdrop" aria-hidden="true">
        <Backdrop item={item} />
      </div>
      <div class="hero-text">
        <h1 class={`hero-title ${title.length > 28 ? "is-long" : ""}`} dir="auto">
          {title}
        </h1>
        <p class="hero-facts">{[year, ...item.genres].filter(Boolean).join(" · ")}</p>
        <p class="hero-rated">
          {mean === undefined ? t("item.unrated") : t("item.rated", { rating: mean, count })}
          {item.imdb_rating !== undefined && ` · ${t("item.imdb", { rating: item.imdb_rating })}`}
        </p>
        <OwnRating item={item} marks={marks} userId={userId} />
        <Deeds item={item} marks={marks} isWhole />
        {item.description && (
          <p class="hero-reason" dir="auto">
            {item.description}
          </p>
        )}
        <People people={item.people ?? []} />
      </div>
      <div class="hero-cover">
        <Cover item={item} kind={me.value?.catalogue ?? "items"} />
      </div>
    </div>
  );
}

function OwnRating({ item, marks, userId }: { item: CatalogueItemBody; marks: Marks; userId: string }) {
  const { title } = titleOf(item);
  const { rating } = marks;
  return (
    <div class="own-rating">
      <Stars
        key={rating?.eventId ?? ""}
        name={t("act.rate", { title })}
        value={rating?.value ?? 0}
        onRate={(value) =>
          void act(
            { event_type: "rating", rating: value },
            { userId, item: { item_id: item.item_id, title } },
          )
        }
      />
      {rating ? (
        <Button look="quiet" onClick={() => void undo({ event_id: rating.eventId }, userId)}>
          {t("act.unrate")}
        </Button>
      ) : (
        <span>{t("item.yours")}</span>
      )}
    </div>
  );
}

/** Who made it; each leads to everything of theirs. */
function People({ people }: { people: NonNullable<CatalogueItemBody["people"]> }) {
  if (people.length === 0) return null;
  return (
    <dl class="people">
      <dt>{t("item.people")}</dt>
      {people.slice(0, peopleMax).map(({ name, role }) => (
        <dd key={`${name} ${role}`}>
          <a href={hrefTo("search", {}, { person: name })} dir="auto">
            {name}
          </a>{" "}
          <small>{role}</small>
        </dd>
      ))}
    </dl>
  );
}

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ItemBody, RecommendedItemBody } from "../../../src/contracts/http.ts";
import { IconButton } from "../design/button.tsx";
import { Cover } from "../design/cover.tsx";
import { Stars } from "../design/stars.tsx";
import { titleOf } from "../design/title.ts";
import { t } from "../i18n/i18n.ts";
import { me } from "../me.ts";
import { person } from "../person.ts";
import { hrefTo } from "../routes.ts";
import { act, undo } from "./acting.ts";
import type { Marks } from "./marks.ts";
import { reasonText } from "./reason.ts";

type Carded = Pick<ItemBody, "item_id" | "title" | "genres" | "release_year" | "poster_url"> &
  Partial<Pick<RecommendedItemBody, "reason">>;

/** An item in a row or a grid: its cover, what it is, why it is here, and what to do with it. */
export function ItemCard({ item, marks }: { item: Carded; marks: Marks }) {
  const { title, year } = titleOf(item);
  return (
    <article class="card">
      <a
        class="card-link"
        href={hrefTo("item", { item_id: item.item_id })}
        aria-label={t("item.open", { title })}
      >
        <Cover item={item} kind={me.value?.catalogue ?? "items"} />
      </a>
      <p class="card-title" dir="auto">
        {title}
      </p>
      <p class="card-facts">{[year, item.genres[0]].filter(Boolean).join(" · ")}</p>
      {item.reason && (
        <p class="card-reason" dir="auto">
          {reasonText(item.reason)}
        </p>
      )}
      <Deeds item={item} marks={marks} />
    </article>
  );
}

/** Like, rate, put aside. What is done stays pressed, and pressing it again takes it back. */
export function Deeds({ item, marks }: { item: Pick<Carded, "item_id" | "title">; marks: Marks }) {
  const [isRating, setRating] = useState(false);
  const deeds = useRef<HTMLDivElement>(null);
  const wasRating = useRef(false);
  useLayoutEffect(() => {
    // the focus goes with what took the place of what had it
    if (isRating !== wasRating.current)
      deeds.current?.querySelector<HTMLElement>(".stars, .is-rate")?.focus();
    wasRating.current = isRating;
  }, [isRating]);
  const { title } = titleOf(item);
  const about = { userId: person.value, item: { item_id: item.item_id, title } };
  const toggle = (kind: "like" | "dislike" | "bookmark") => {
    const done = marks[kind];
    return void (done === undefined
      ? act({ event_type: kind }, about)
      : undo({ event_id: done }, about.userId));
  };
  if (isRating) {
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: the stars inside take the keys, this one only closes
      <div class="deeds" ref={deeds} onKeyDown={({ key }) => key === "Escape" && setRating(false)}>
        <Stars
          name={t("act.rate", { title })}
          value={marks.rating?.value ?? 0}
          onRate={(rating) => {
            setRating(false);
            void act({ event_type: "rating", rating }, about);
          }}
        />
        <IconButton icon="close" name={t("app.close")} onClick={() => setRating(false)} />
      </div>
    );
  }
  return (
    <div class="deeds" ref={deeds}>
      <IconButton
        icon="heart"
        name={t("act.like", { title })}
        isOn={marks.like !== undefined}
        onClick={() => toggle("like")}
      />
      <IconButton
        icon="star"
        look="is-rate"
        name={t("act.rate", { title })}
        isOn={marks.rating !== undefined}
        onClick={() => setRating(true)}
      />
      <IconButton
        icon="bookmark"
        name={t("act.bookmark", { title })}
        isOn={marks.bookmark !== undefined}
        onClick={() => toggle("bookmark")}
      />
      <IconButton
        icon="not"
        name={t("act.dislike", { title })}
        isOn={marks.dislike !== undefined}
        onClick={() => toggle("dislike")}
      />
    </div>
  );
}

/** Of the size of a card, before there is one. */
export function CardSkeleton() {
  return (
    <div class="card is-skeleton">
      <span class={`cover of-${me.value?.catalogue ?? "items"}`} />
      <span class="bone" />
      <span class="bone is-short" />
    </div>
  );
}

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ItemBody, RecommendedItemBody } from "../../../src/contracts/http.ts";
import type { CatalogueKind } from "../../../src/contracts/studio-http.ts";
import { IconButton } from "../design/button.tsx";
import { Cover } from "../design/cover.tsx";
import { Stars } from "../design/stars.tsx";
import { titleOf } from "../design/title.ts";
import type { MessageKey } from "../i18n/en.ts";
import { t } from "../i18n/i18n.ts";
import { me } from "../me.ts";
import { person } from "../person.ts";
import { hrefTo } from "../routes.ts";
import { act, finishOf, undo } from "./acting.ts";
import type { Marks } from "./marks.ts";
import { reasonText } from "./reason.ts";

type Carded = Pick<ItemBody, "item_id" | "title" | "genres" | "release_year" | "poster_url"> &
  Partial<Pick<RecommendedItemBody, "reason">>;

/** An item in a row or a grid: its cover, what it is, why it is here (`note`, else its reason), and what to do with it. */
export function ItemCard({ item, marks, note }: { item: Carded; marks: Marks; note?: string }) {
  const why = note ?? (item.reason && reasonText(item.reason));
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
      {why && (
        <p class="card-reason" dir="auto">
          {why}
        </p>
      )}
      <Deeds item={item} marks={marks} />
    </article>
  );
}

const finishNames: Readonly<Record<CatalogueKind, MessageKey>> = {
  films: "act.seen",
  music: "act.heard",
  books: "act.read",
  items: "act.finish",
};

/**
 * Like, rate, put aside. What is done stays pressed, and pressing it again takes it back.
 *
 * @param props.isWhole On the item's own page: with what was seen to its end, and without the stars, which stand there already.
 */
export function Deeds({
  item,
  marks,
  isWhole = false,
}: {
  item: Pick<Carded, "item_id" | "title">;
  marks: Marks;
  isWhole?: boolean;
}) {
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
  const kind = me.value?.catalogue ?? "items";
  const toggle = (name: "like" | "dislike" | "bookmark" | "finish") => {
    const done = marks[name];
    const deed = name === "finish" ? finishOf(kind) : { event_type: name };
    return void (done === undefined ? act(deed, about) : undo({ event_id: done }, about.userId));
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
      {isWhole ? (
        <IconButton
          icon="check"
          name={t(finishNames[kind], { title })}
          isOn={marks.finish !== undefined}
          onClick={() => toggle("finish")}
        />
      ) : (
        <IconButton
          icon="star"
          look="is-rate"
          name={t("act.rate", { title })}
          isOn={marks.rating !== undefined}
          onClick={() => setRating(true)}
        />
      )}
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

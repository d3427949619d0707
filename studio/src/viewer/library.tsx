import { useRef } from "preact/hooks";
import type { CatalogueItemBody } from "../../../src/contracts/catalogue-http.ts";
import type { UsherEvent } from "../../../src/contracts/events.ts";
import type { UserStatisticsBody } from "../../../src/contracts/statistics-http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { useCell } from "../cell.ts";
import { Button } from "../design/button.tsx";
import { Cover } from "../design/cover.tsx";
import { StateView } from "../design/state-view.tsx";
import { Tabs } from "../design/tabs.tsx";
import { titleOf } from "../design/title.ts";
import type { MessageKey } from "../i18n/en.ts";
import { ago, t } from "../i18n/i18n.ts";
import { me } from "../me.ts";
import { isNewcomer, person } from "../person.ts";
import { personName } from "../person-dialog.tsx";
import { go } from "../router.ts";
import { hrefTo, type PageProps } from "../routes.ts";
import { undo } from "./acting.ts";
import { isFinish, marksOf, standing, useEvents } from "./marks.ts";

type ItemEvent = Extract<UsherEvent, { item_id: string }>;

/** From here on a rating says that somebody liked it. */
const likedRating = 4;
/** Lines that are shown. */
const linesMax = 40;

/** What of the events stands in each list; the newest first. */
const lists = {
  history: { label: "library.history", pick: (events: readonly ItemEvent[]) => events },
  favourites: {
    label: "library.favourites",
    pick: (events: readonly ItemEvent[]) => {
      const marks = marksOf(events);
      return events.filter(({ item_id: id, event_id }) => {
        const { like, rating } = marks.get(id) ?? {};
        if (like !== undefined) return like === event_id;
        return rating?.eventId === event_id && rating.value >= likedRating;
      });
    },
  },
  bookmarks: {
    label: "library.bookmarks",
    pick: (events: readonly ItemEvent[]) => {
      const marks = marksOf(events);
      return events.filter(({ item_id: id, event_id }) => marks.get(id)?.bookmark === event_id);
    },
  },
} as const satisfies Record<
  string,
  { label: MessageKey; pick(events: readonly ItemEvent[]): readonly ItemEvent[] }
>;
type ListName = keyof typeof lists;
const listNames = Object.keys(lists) as ListName[];

/** What a person did, liked and put aside; each line can be taken back. */
export function Library({ query }: PageProps) {
  const userId = useCell(person);
  const asked = query.get("list") as ListName;
  const name = listNames.includes(asked) ? asked : "history";
  const events = useEvents(userId);
  const shown = events.value
    ? lists[name].pick(standing(events.value).filter((event): event is ItemEvent => "item_id" in event))
    : [];
  const items = useItems(shown.slice(0, linesMax).map(({ item_id }) => item_id));
  const isEmpty = events.state === "ready" && shown.length === 0;
  return (
    <article class="page is-library">
      <h1>{t("library.title", { name: personName(userId) })}</h1>
      <Imported userId={userId} />
      <Tabs
        label={t("route.library")}
        tabs={listNames.map((one) => ({ name: one, label: t(lists[one].label) }))}
        shown={name}
        onShow={(next) => go(hrefTo("library", {}, { list: next }), { isSame: true })}
      >
        <StateView
          isPage
          shown={isEmpty ? { ...events, state: "empty" } : events}
          skeleton={<div class="library-space" />}
        >
          {() => <Lines key={name} events={shown} items={items} userId={userId} />}
        </StateView>
      </Tabs>
    </article>
  );
}

/** Items by id, asked for all at once; those of the list before stay known. */
function useItems(ids: readonly string[]): Items {
  const known = useRef(new Map<string, CatalogueItemBody>()).current;
  const wanted = [...new Set(ids)].sort();
  const [first = "", ...others] = wanted;
  // a parameter that stands alone would be cut at its commas
  const named = [first, ...(others.length === 0 ? [first] : others)];
  const query = new URLSearchParams(named.map((id) => ["ids", id]));
  query.set("page_size", String(linesMax));
  const { value } = useAnswer(
    wanted.length === 0 ? undefined : `items ${query}`,
    () => ask<{ items: CatalogueItemBody[] }>(`v1/items?${query}`),
    { topics: ["release", "catalogue"] },
  );
  for (const item of value?.items ?? []) known.set(item.item_id, item);
  return known;
}

/** Ratings that came with the data have no events: they are told as a number, and cannot be taken back here. */
function Imported({ userId }: { userId: string }) {
  const path = `v1/statistics/users/${encodeURIComponent(userId)}`;
  const isAsked = !isNewcomer(userId); // a session has no ratings in the data
  const { value } = useAnswer(
    isAsked ? `ratings by ${userId}` : undefined,
    () => ask<UserStatisticsBody>(path),
    { topics: ["release"] },
  );
  const count = value?.rating_count ?? 0;
  return <p class="lead">{count > 0 ? t("library.imported", { count }) : t("library.text")}</p>;
}

type Items = ReadonlyMap<string, CatalogueItemBody>;

function Lines({ events, items, userId }: { events: readonly ItemEvent[]; items: Items; userId: string }) {
  return (
    <ul class="library">
      {events.slice(0, linesMax).map((event) => (
        <li key={event.event_id}>
          <Line event={event} items={items} userId={userId} />
        </li>
      ))}
      {events.length > linesMax && <li>{t("library.more", { count: events.length - linesMax })}</li>}
    </ul>
  );
}

const verbs: Readonly<Partial<Record<UsherEvent["event_type"], MessageKey>>> = {
  like: "library.like",
  dislike: "library.dislike",
  bookmark: "library.bookmark",
  click: "library.click",
};

function verb(event: ItemEvent): string {
  if (event.event_type === "rating") return t("library.rating", { rating: event.rating });
  if (isFinish(event)) return t("library.finish");
  return t(verbs[event.event_type] ?? "library.view");
}

function Line({ event, items, userId }: { event: ItemEvent; items: Items; userId: string }) {
  const { item_id } = event;
  const item = items.get(item_id) ?? { item_id, title: item_id, genres: [] }; // one that was withdrawn has its id only
  const { title, year } = titleOf(item);
  return (
    <>
      <a class="library-item" href={hrefTo("item", { item_id })}>
        <Cover item={item} kind={me.value?.catalogue ?? "items"} />
        <span>
          <strong dir="auto">{title}</strong>
          <small>{[year, verb(event), ago(event.event_ts)].filter(Boolean).join(" · ")}</small>
        </span>
      </a>
      <Button
        look="quiet"
        aria-label={t("library.remove", { what: verb(event), title })}
        onClick={() => void undo(event, userId)}
      >
        {t("act.undo")}
      </Button>
    </>
  );
}

import type { RecommendationsBody } from "../../../src/contracts/http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { keptCell, useCell } from "../cell.ts";
import { Button } from "../design/button.tsx";
import { Cover } from "../design/cover.tsx";
import { Icon } from "../design/icon.tsx";
import { StateView } from "../design/state-view.tsx";
import { titleOf } from "../design/title.ts";
import { t } from "../i18n/i18n.ts";
import { me } from "../me.ts";
import { isNewcomer } from "../person.ts";
import { act, undo } from "./acting.ts";
import type { Marks } from "./marks.ts";

type Pick = RecommendationsBody["items"][number];

/** Titles that are offered, and of how many of the best rated they are chosen; the first of these stand in the row above. */
const picksMax = 14;
const bestMax = 120;

/** The newcomer who wants to be asked no more. */
const done = keptCell<string>("usher.picked", "", () => localStorage);

/** A row in which a newcomer says what they like; the rails change with each of them. There is no step that must be done. */
export function Picks({ userId, marks }: { userId: string; marks: ReadonlyMap<string, Marks> }) {
  const isDone = useCell(done) === userId;
  const isAsked = isNewcomer(userId) && !isDone;
  const shown = useAnswer(
    isAsked ? "picks" : undefined,
    async () => {
      const { items } = await ask<{ items: Pick[] }>(`v1/top?k=${bestMax}`);
      return spread(items.length > 2 * picksMax ? items.slice(picksMax) : items, picksMax);
    },
    { topics: ["release"], isEmpty: (items) => items.length === 0 },
  );
  if (!isAsked) return null;
  const count = [...marks.values()].filter(({ like }) => like !== undefined).length;
  return (
    <section class="picks" aria-labelledby="picks-title">
      <header>
        <h2 id="picks-title">{t("picks.title")}</h2>
        <p>{count === 0 ? t("picks.text") : t("picks.count", { count })}</p>
        <Button look="quiet" onClick={() => done.set(userId)}>
          {t("picks.done")}
        </Button>
      </header>
      <StateView shown={shown} skeleton={<PicksSkeleton />} empty={null}>
        {(items) => (
          <ul class="picks-row">
            {items.map((item) => (
              <li key={item.item_id}>
                <PickButton item={item} userId={userId} like={marks.get(item.item_id)?.like} />
              </li>
            ))}
          </ul>
        )}
      </StateView>
    </section>
  );
}

function PicksSkeleton() {
  return (
    <div class="picks-row">
      <span class="pick">
        <span class={`cover of-${me.value?.catalogue ?? "items"}`} />
      </span>
    </div>
  );
}

function PickButton({ item, userId, like }: { item: Pick; userId: string; like: string | undefined }) {
  const { title } = titleOf(item);
  const about = { userId, item: { item_id: item.item_id, title } };
  const toggle = () =>
    void (like === undefined ? act({ event_type: "like" }, about) : undo({ event_id: like }, userId));
  return (
    <button
      type="button"
      class="pick"
      aria-pressed={like !== undefined}
      aria-label={t("act.like", { title })}
      title={title}
      onClick={toggle}
    >
      <Cover item={item} kind={me.value?.catalogue ?? "items"} />
      <span class="pick-mark" aria-hidden="true">
        <Icon name="heart" size={22} isFilled={like !== undefined} />
      </span>
    </button>
  );
}

/** So many items, of as many first genres as there are: the best of each, then the second best of each. Pure. */
export function spread<Item extends { readonly genres: readonly string[] }>(
  items: readonly Item[],
  count: number,
): Item[] {
  const seen = new Map<string, number>();
  return items
    .map((item, at) => {
      const genre = item.genres[0] ?? "";
      const turn = seen.get(genre) ?? 0;
      seen.set(genre, turn + 1);
      return { item, at, turn };
    })
    .sort((left, right) => left.turn - right.turn || left.at - right.at)
    .slice(0, count)
    .map(({ item }) => item);
}

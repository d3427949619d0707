import type { SimilarItemsBody } from "../../../src/contracts/catalogue-http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { Rail } from "../design/rail.tsx";
import { StateView } from "../design/state-view.tsx";
import { list, t } from "../i18n/i18n.ts";
import { CardSkeleton, ItemCard } from "./item-card.tsx";
import type { Marks } from "./marks.ts";

const similarMax = 14;

/** Items like one, each with what the two share. */
export function SimilarItems({ itemId, marks }: { itemId: string; marks: ReadonlyMap<string, Marks> }) {
  const path = `v1/items/${encodeURIComponent(itemId)}/similar?k=${similarMax}`;
  const shown = useAnswer(`similar ${itemId}`, () => ask<SimilarItemsBody>(path), {
    topics: ["release", "catalogue"],
    isEmpty: ({ items }) => items.length === 0,
  });
  const title = t("similar.title");
  return (
    <StateView shown={shown} skeleton={<SimilarSkeleton />} empty={<p class="part">{t("similar.none")}</p>}>
      {({ items }) => (
        <Rail title={title}>
          {items.map((item) => (
            <li key={item.item_id}>
              <ItemCard item={item} note={sharedText(item.shared)} marks={marks.get(item.item_id) ?? {}} />
            </li>
          ))}
        </Rail>
      )}
    </StateView>
  );
}

function SimilarSkeleton() {
  return (
    <section class="rail">
      <div class="rail-head">
        <span class="bone is-title" />
      </div>
      <div class="rail-row">
        {[0, 1, 2, 3, 4, 5, 6].map((at) => (
          <div key={at}>
            <CardSkeleton />
          </div>
        ))}
      </div>
    </section>
  );
}

/** What two items share, in the present language. */
function sharedText({ people, genres, audience }: SimilarItemsBody["items"][number]["shared"]): string {
  const parts = [
    audience ? t("similar.audience", { count: audience.users }) : "",
    people.length > 0 ? list(people.slice(0, 2).map(({ name }) => name)) : "",
    genres.length > 0 ? list(genres.slice(0, 3)) : "",
  ];
  return parts.filter((part) => part !== "").join(" · ") || t("reason.content");
}

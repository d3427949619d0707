import { Fragment } from "preact";
import type { RecommendedItemBody } from "../../../src/contracts/http.ts";
import type { HomeBody } from "../../../src/contracts/surfaces-http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { useCell } from "../cell.ts";
import { Backdrop, Cover } from "../design/cover.tsx";
import { Rail } from "../design/rail.tsx";
import { StateView } from "../design/state-view.tsx";
import { titleOf } from "../design/title.ts";
import { t } from "../i18n/i18n.ts";
import { me } from "../me.ts";
import { namesOf, person } from "../person.ts";
import { personName } from "../person-dialog.tsx";
import { hrefTo } from "../routes.ts";
import { CardSkeleton, Deeds, ItemCard } from "./item-card.tsx";
import { type Marks, useMarks } from "./marks.ts";
import { Picks } from "./picks.tsx";
import { railTitle, reasonText } from "./reason.ts";

/** Titles of a rail. */
const railLength = 14;

/** What to see next: one title large, then the rails. */
export function Home() {
  const userId = useCell(person);
  const path = `v1/home?${new URLSearchParams({ ...namesOf(userId), k: String(railLength) })}`;
  const home = useAnswer(`home ${userId}`, () => ask<HomeBody>(path), {
    topics: ["profile", "release", "catalogue"],
    isEmpty: ({ rails }) => rails.length === 0,
  });
  const marks = useMarks(userId);
  return (
    <div class="home">
      <h1 class="for-readers">{t("person.of", { name: personName(userId) })}</h1>
      <StateView isPage shown={home} skeleton={<HomeSkeleton />}>
        {({ rails }) => {
          const [first, ...others] = rails[0]?.items ?? [];
          return (
            <>
              {first && <Hero item={first} marks={marks.get(first.item_id) ?? {}} userId={userId} />}
              {titled(rails).map(({ key, title, items }, at) => (
                <Fragment key={at === 0 ? "first" : key}>
                  <Rail key={key} title={title}>
                    {(at === 0 ? others : items).map((item) => (
                      <li key={item.item_id}>
                        <ItemCard item={item} marks={marks.get(item.item_id) ?? {}} />
                      </li>
                    ))}
                  </Rail>
                  {at === 0 && <Picks userId={userId} marks={marks} />}
                </Fragment>
              ))}
            </>
          );
        }}
      </StateView>
    </div>
  );
}

/** Rails with their titles; one that answers in another's place may have a title that stands there already. */
function titled(rails: HomeBody["rails"]) {
  const seen = new Set<string>();
  return rails.map((rail) => {
    const title = railTitle(rail);
    const isAgain = seen.has(title);
    seen.add(title);
    return {
      key: `${rail.surface} ${isAgain}`,
      title: isAgain ? t("rail.again", { title }) : title,
      items: rail.items,
    };
  });
}

function Hero({ item, marks, userId }: { item: RecommendedItemBody; marks: Marks; userId: string }) {
  const { title, year } = titleOf(item);
  const href = hrefTo("item", { item_id: item.item_id });
  return (
    <section class="hero" key={item.item_id}>
      <div class="hero-backdrop" aria-hidden="true">
        <Backdrop item={item} />
      </div>
      <div class="hero-text">
        <p class="hero-eyebrow">{t("person.of", { name: personName(userId) })}</p>
        <h2 class={`hero-title ${title.length > 28 ? "is-long" : ""}`} dir="auto">
          <a href={href}>{title}</a>
        </h2>
        <p class="hero-facts">{[year, ...item.genres.slice(0, 3)].filter(Boolean).join(" · ")}</p>
        <p class="hero-reason" dir="auto">
          {reasonText(item.reason)}
        </p>
        <Deeds item={item} marks={marks} />
        <p class="hero-note">{t("home.welcome")}</p>
      </div>
      <div class="hero-cover">
        <Cover item={item} kind={me.value?.catalogue ?? "items"} />
      </div>
    </section>
  );
}

function HomeSkeleton() {
  return (
    <>
      <div class="hero is-skeleton" />
      {[0, 1, 2].map((rail) => (
        <section class="rail" key={rail}>
          <div class="rail-head">
            <span class="bone is-title" />
          </div>
          <div class="rail-row">
            {Array.from({ length: railLength }, (_, at) => at).map((at) => (
              <div key={at} class="rail-place">
                <CardSkeleton />
              </div>
            ))}
          </div>
        </section>
      ))}
    </>
  );
}

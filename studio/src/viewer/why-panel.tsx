import type { RecommendationsBody } from "../../../src/contracts/http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { StateView } from "../design/state-view.tsx";
import { titleOf } from "../design/title.ts";
import { en, type MessageKey } from "../i18n/en.ts";
import { number, t } from "../i18n/i18n.ts";
import { pathOf } from "../person.ts";
import { hrefTo } from "../routes.ts";
import type { Marks } from "./marks.ts";
import { reasonText } from "./reason.ts";

type Explained = RecommendationsBody["items"][number];

/** Why one item would be recommended to a person: of what its score is the sum, and which of their own items weigh most in it. */
export function WhyPanel({ itemId, userId, marks }: { itemId: string; userId: string; marks: Marks }) {
  const asked = new URLSearchParams({ filter: `id == ${JSON.stringify(itemId)}`, k: "1", explain: "true" });
  const shown = useAnswer(
    `why ${userId} ${itemId}`,
    () => ask<RecommendationsBody>(`${pathOf(userId)}/recommendations?${asked}`),
    { topics: ["profile", "release"], isEmpty: ({ items }) => items.length === 0 },
  );
  return (
    <section class="part is-why" aria-labelledby="why-title">
      <h2 id="why-title">{t("why.title")}</h2>
      <StateView
        shown={shown}
        skeleton={<div class="why-space" />}
        empty={<p>{t(whyNot(shown.value, marks))}</p>}
      >
        {({ items: [item] }) => item && <Terms item={item} />}
      </StateView>
    </section>
  );
}

/** Why an item is not recommended to a person, as far as it is known. */
function whyNot(answer: RecommendationsBody | undefined, marks: Marks): MessageKey {
  if (marks.dislike !== undefined) return "why.away";
  if (answer?.emptied_by === "consumed") return "why.known";
  return answer?.emptied_by === "sources" ? "why.silent" : "why.barred";
}

function Terms({ item: { reason, score, explain, rating_predicted: predicted } }: { item: Explained }) {
  const most = Math.max(...reason.because.map(({ weight }) => weight));
  return (
    <>
      <p class="why-reason" dir="auto">
        {reasonText(reason)}
      </p>
      {reason.because.length > 0 && (
        <ul class="why-items" aria-label={t("why.own")}>
          {reason.because.map(({ item_id, title, weight }) => (
            <li key={item_id}>
              <a href={hrefTo("item", { item_id })} dir="auto">
                {titleOf({ title }).title}
              </a>
              <meter min={0} max={most} value={weight} aria-label={t("why.weight", { title })} />
              <span>{number(weight, 3)}</span>
            </li>
          ))}
        </ul>
      )}
      <dl class="why-terms">
        {Object.entries(explain?.terms ?? {}).map(([name, value]) => (
          <div key={name}>
            <dt>{termName(name)}</dt>
            <dd>{number(value, 3)}</dd>
          </div>
        ))}
        <div class="is-sum">
          <dt>{t("why.score")}</dt>
          <dd>{number(score, 3)}</dd>
        </div>
        {predicted !== undefined && (
          <div>
            <dt>{t("why.predicted")}</dt>
            <dd>{t("stars.value", { rating: predicted })}</dd>
          </div>
        )}
      </dl>
    </>
  );
}

/** A term of a score in the present language; one of a site's own keeps its name. */
function termName(name: string): string {
  const message = `term.${name}`;
  return message in en ? t(message as MessageKey) : name;
}

import type { ItemStatisticsBody } from "../../../src/contracts/statistics-http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { StateView } from "../design/state-view.tsx";
import { number, t } from "../i18n/i18n.ts";

const steps = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5];
const height = 96;

/** How one item was rated: a bar for each half star. Events since the release that serves are not in it. */
export function RatingBars({ itemId }: { itemId: string }) {
  const shown = useAnswer(
    `ratings of ${itemId}`,
    () => ask<ItemStatisticsBody>(`v1/statistics/items/${encodeURIComponent(itemId)}`),
    { topics: ["release"], isEmpty: ({ total }) => total === 0 },
  );
  return (
    <section class="part is-ratings" aria-labelledby="ratings-title">
      <h2 id="ratings-title">{t("ratings.title")}</h2>
      <StateView
        shown={shown}
        skeleton={<Bars counts={[]} label={t("state.loading")} />}
        empty={<p>{t("item.unrated")}</p>}
      >
        {({ buckets, total, rating_mean: mean = 0 }) => (
          <figure>
            <Bars
              counts={steps.map((step) => buckets.find(({ rating }) => rating === step)?.count ?? 0)}
              label={t("ratings.summary", { count: total, rating: number(mean, 2) })}
            />
            <figcaption>{t("ratings.summary", { count: total, rating: number(mean, 2) })}</figcaption>
          </figure>
        )}
      </StateView>
    </section>
  );
}

function Bars({ counts, label }: { counts: readonly number[]; label: string }) {
  const most = Math.max(1, ...counts);
  return (
    <svg class="rating-bars" viewBox={`0 0 300 ${height + 22}`} role="img" aria-label={label}>
      {steps.map((step, at) => {
        const tall = Math.max(2, ((counts[at] ?? 0) / most) * height);
        return (
          <g key={step} transform={`translate(${at * 30} 0)`}>
            <title>{t("ratings.bar", { rating: step, count: counts[at] ?? 0 })}</title>
            <rect x="2" y={height - tall} width="26" height={tall} rx="3" />
            <text x="15" y={height + 16} text-anchor="middle">
              {number(step)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

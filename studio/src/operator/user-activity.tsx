import type { UserStatisticsBody } from "../../../src/contracts/statistics-http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { Bars } from "../charts/bars.tsx";
import { Chart } from "../charts/chart.tsx";
import { Line } from "../charts/line.tsx";
import { TopList } from "../charts/top-list.tsx";
import { Button } from "../design/button.tsx";
import { StateView } from "../design/state-view.tsx";
import { number } from "../i18n/i18n.ts";
import { go } from "../router.ts";
import { hrefTo } from "../routes.ts";
import { Bones, Nothing } from "./parts.tsx";
import { w } from "./words.ts";

/** What one person has rated; whose it is stands in the address. */
export function UserActivity({ userId, query }: { userId: string; query: URLSearchParams }) {
  return (
    <section class="op-section">
      <h2>{w("user.title")}</h2>
      <form
        class="op-row op-form"
        onSubmit={(event) => {
          event.preventDefault();
          const asked = String(new FormData(event.currentTarget).get("user")).trim();
          go(hrefTo("statistics", {}, { ...Object.fromEntries(query), user: asked }));
        }}
      >
        <label>
          <span>{w("user.id")}</span>
          <input name="user" required maxLength={128} defaultValue={userId} />
        </label>
        <Button type="submit">{w("statistics.show")}</Button>
      </form>
      {userId !== "" && <OfUser key={userId} userId={userId} />}
    </section>
  );
}

function OfUser({ userId }: { userId: string }) {
  const activity = useAnswer(
    `activity ${userId}`,
    () => ask<UserStatisticsBody>(`v1/statistics/users/${encodeURIComponent(userId)}`),
    { topics: ["release"], isEmpty: ({ rating_count: count }) => count === 0 },
  );
  return (
    <StateView
      shown={activity}
      skeleton={<Bones />}
      empty={<Nothing text={w("user.none", { user: userId })} />}
    >
      {(known) => (
        <div class="charts">
          <Months known={known} />
          <Given known={known} />
          <Liked known={known} />
        </div>
      )}
    </StateView>
  );
}

const monthAt = (month: string) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7));

function Months({ known: { user_id: user, months } }: { known: UserStatisticsBody }) {
  const heading = w("user.months", { user });
  return (
    <Chart
      heading={heading}
      file="usher-user-months"
      columns={[
        { label: w("user.month") },
        { label: w("statistics.ratings"), isNumber: true },
        { label: w("statistics.mean"), isNumber: true },
      ]}
      rows={months.map((one) => [one.month, one.count, one.rating_mean])}
    >
      <Line
        heading={heading}
        summary={w("statistics.span", { from: months[0]?.month ?? "", to: months.at(-1)?.month ?? "" })}
        points={months.map(({ month, count }) => ({
          at: monthAt(month),
          label: month,
          value: count,
          text: w("user.of-month", { month, count }),
        }))}
      />
    </Chart>
  );
}

function Given({ known: { ratings, rating_count: all } }: { known: UserStatisticsBody }) {
  return (
    <Chart
      heading={w("statistics.given")}
      file="usher-user-ratings"
      columns={[{ label: w("statistics.rating") }, { label: w("statistics.count"), isNumber: true }]}
      rows={ratings.map(({ rating, count }) => [number(rating), count])}
    >
      <Bars
        heading={w("statistics.given")}
        summary={w("statistics.in-all", { count: all })}
        bars={ratings.map(({ rating, count }) => ({
          label: number(rating),
          value: count,
          text: w("statistics.bucket", { rating, count, share: number((100 * count) / all) }),
        }))}
      />
    </Chart>
  );
}

function Liked({ known: { genres } }: { known: UserStatisticsBody }) {
  return (
    <Chart
      heading={w("user.genres")}
      file="usher-user-genres"
      columns={[
        { label: w("statistics.genre") },
        { label: w("statistics.ratings"), isNumber: true },
        { label: w("statistics.mean"), isNumber: true },
      ]}
      rows={genres.map((one) => [one.genre, one.count, one.rating_mean])}
    >
      <TopList
        bars={genres.slice(0, 10).map(({ genre, count, rating_mean: mean }) => ({
          label: genre,
          value: count,
          text: w("user.genre", { count, mean: number(mean) }),
        }))}
      />
    </Chart>
  );
}

import type {
  GenresBody,
  OverviewBody,
  RatingsBody,
  ReleasesBody,
  StatisticsTopBody,
} from "../../../src/contracts/statistics-http.ts";
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
import { hrefTo, type PageProps } from "../routes.ts";
import { OperatorPage, withWords } from "./operator-page.tsx";
import { Bones, Nothing, Tile } from "./parts.tsx";
import { UserActivity } from "./user-activity.tsx";
import { w } from "./words.ts";

const topics = ["release"] as const;
const ofStatistics = <Body,>(path: string) => ({
  key: `statistics ${path}`,
  get: () => ask<Body>(`v1/statistics/${path}`),
});

function useStatistics<Body>(path: string, isEmpty: (body: Body) => boolean) {
  const { key, get } = ofStatistics<Body>(path);
  return useAnswer(key, get, { topics, isEmpty });
}

/** What the ratings are like, of all, of a genre, of a year, of one person. */
export const Statistics = withWords(({ query }: PageProps) => {
  const overview = useStatistics<OverviewBody>("overview", ({ rating_count: count }) => count === 0);
  return (
    <OperatorPage heading={w("statistics.title")} lead={w("statistics.lead")}>
      <StateView shown={overview} skeleton={<Bones />} empty={<Nothing text={w("statistics.none")} />}>
        {(all) => (
          <dl class="tiles">
            <Tile
              term={w("statistics.items")}
              value={number(all.item_count)}
              note={w("statistics.rated", { count: all.rated_item_count })}
            />
            <Tile term={w("statistics.users")} value={number(all.user_count)} />
            <Tile term={w("statistics.ratings")} value={number(all.rating_count)} />
            <Tile
              term={w("statistics.mean")}
              value={all.rating_mean === undefined ? "–" : number(all.rating_mean, 2)}
            />
          </dl>
        )}
      </StateView>
      <div class="charts">
        <Distribution of="given" />
        <Distribution of="item_means" />
      </div>
      <Narrow query={query} />
      <div class="charts">
        <Years genre={query.get("genre") ?? ""} />
        <Genres year={query.get("year") ?? ""} />
      </div>
      <Top genre={query.get("genre") ?? ""} year={query.get("year") ?? ""} />
      <UserActivity userId={query.get("user") ?? ""} query={query} />
    </OperatorPage>
  );
});

function Distribution({ of }: { of: "given" | "item_means" }) {
  const ratings = useStatistics<RatingsBody>(`ratings?of=${of}`, ({ total }) => total === 0);
  const heading = w(`statistics.${of}`);
  return (
    <StateView shown={ratings} skeleton={<Bones />} empty={<Nothing text={w("statistics.none")} />}>
      {({ buckets, total }) => (
        <Chart
          heading={heading}
          file={`usher-ratings-${of}`}
          columns={[{ label: w("statistics.rating") }, { label: w("statistics.count"), isNumber: true }]}
          rows={buckets.map(({ rating, count }) => [number(rating), count])}
        >
          <Bars
            heading={heading}
            summary={w("statistics.in-all", { count: total })}
            bars={buckets.map(({ rating, count }) => ({
              label: number(rating),
              value: count,
              text: w("statistics.bucket", {
                rating,
                count,
                share: number((100 * count) / Math.max(1, total)),
              }),
            }))}
          />
        </Chart>
      )}
    </StateView>
  );
}

/** Of which genre and year; the address says it. */
function Narrow({ query }: { query: URLSearchParams }) {
  const genres = useStatistics<GenresBody>("genres", () => false);
  const chosen = query.get("genre") ?? "";
  return (
    <form
      class="op-row op-form"
      onSubmit={(event) => {
        event.preventDefault();
        const fields = new FormData(event.currentTarget);
        const asked = {
          genre: String(fields.get("genre")),
          year: String(fields.get("year")),
          user: query.get("user") ?? "",
        };
        go(
          hrefTo(
            "statistics",
            {},
            Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== "")),
          ),
        );
      }}
    >
      <label>
        <span>{w("statistics.genre")}</span>
        <select name="genre">
          <option value="">{w("statistics.all")}</option>
          {(genres.value?.items ?? []).map(({ genre }) => (
            <option key={genre} value={genre} selected={genre === chosen}>
              {genre}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{w("statistics.year")}</span>
        <input name="year" type="number" min={1800} max={2200} defaultValue={query.get("year") ?? ""} />
      </label>
      <Button type="submit">{w("statistics.show")}</Button>
    </form>
  );
}

const asking = (of: Readonly<Record<string, string>>) => {
  const given = Object.entries(of).filter(([, value]) => value !== "");
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
};

function Years({ genre }: { genre: string }) {
  const years = useStatistics<ReleasesBody>(
    `releases${asking({ genre })}`,
    ({ items }) => items.length === 0,
  );
  const heading = genre === "" ? w("statistics.years") : w("statistics.years-of", { genre });
  return (
    <StateView shown={years} skeleton={<Bones />} empty={<Nothing text={w("statistics.none")} />}>
      {({ items }) => (
        <Chart
          heading={heading}
          file="usher-years"
          columns={[
            { label: w("statistics.year") },
            { label: w("statistics.items"), isNumber: true },
            { label: w("statistics.ratings"), isNumber: true },
          ]}
          rows={items.map((one) => [String(one.release_year), one.item_count, one.rating_count])}
        >
          <Line
            heading={heading}
            summary={w("statistics.span", {
              from: String(items[0]?.release_year),
              to: String(items.at(-1)?.release_year),
            })}
            points={items.map(({ release_year: year, item_count: count }) => ({
              at: year,
              label: String(year),
              value: count,
              text: w("statistics.of-year", { year: String(year), count }),
            }))}
          />
        </Chart>
      )}
    </StateView>
  );
}

function Genres({ year }: { year: string }) {
  const genres = useStatistics<GenresBody>(`genres${asking({ year })}`, ({ items }) => items.length === 0);
  return (
    <StateView shown={genres} skeleton={<Bones />} empty={<Nothing text={w("statistics.none")} />}>
      {({ items }) => (
        <Chart
          heading={year === "" ? w("statistics.genres") : w("statistics.genres-of", { year })}
          file="usher-genres"
          columns={[
            { label: w("statistics.genre") },
            { label: w("statistics.items"), isNumber: true },
            { label: w("statistics.ratings"), isNumber: true },
            { label: w("statistics.mean"), isNumber: true },
          ]}
          rows={items.map((one) => [one.genre, one.item_count, one.rating_count, one.rating_mean ?? "–"])}
        >
          <TopList
            bars={items
              .slice(0, 10)
              .map(({ genre, item_count: count }) => ({ label: genre, value: count, text: number(count) }))}
          />
        </Chart>
      )}
    </StateView>
  );
}

function Top({ genre, year }: { genre: string; year: string }) {
  const top = useStatistics<StatisticsTopBody>(
    `top${asking({ genre, year })}`,
    ({ items }) => items.length === 0,
  );
  return (
    <StateView shown={top} skeleton={<Bones />} empty={<Nothing text={w("statistics.no-top")} />}>
      {({ items, vote_floor: floor }) => (
        <Chart
          heading={[w("statistics.top"), genre, year].filter(Boolean).join(" · ")}
          file="usher-top"
          columns={[
            { label: w("statistics.item") },
            { label: w("statistics.score"), isNumber: true },
            { label: w("statistics.mean"), isNumber: true },
            { label: w("statistics.ratings"), isNumber: true },
          ]}
          rows={items.map((one) => [one.title, one.score, one.rating_mean, one.rating_count])}
        >
          <p class="soft">{w("statistics.floor", { count: floor })}</p>
          <TopList
            bars={items.map(({ title, score, rating_count: count }) => ({
              label: title,
              value: score,
              text: w("statistics.top-text", { score: number(score, 2), count }),
            }))}
          />
        </Chart>
      )}
    </StateView>
  );
}

import type { ReleaseBody } from "../../../src/contracts/http.ts";
import type { Interval } from "../../../src/contracts/release.ts";
import { Chart } from "../charts/chart.tsx";
import { TopList } from "../charts/top-list.tsx";
import { Table } from "../design/table.tsx";
import { date, number } from "../i18n/i18n.ts";
import { Tile } from "./parts.tsx";
import { w } from "./words.ts";

/** A difference with its 95 % interval. */
export const between = (interval: Interval | null): string =>
  interval === null
    ? "–"
    : w("models.interval", {
        difference: signed(interval.difference),
        low: signed(interval.low),
        high: signed(interval.high),
      });

export const signed = (value: number): string => `${value > 0 ? "+" : ""}${number(value, 4, 4)}`;

/** One release: what it was made of, what was found, and for whom. */
export function ReleaseReportView({ release }: { release: ReleaseBody }) {
  const { version, data, split, gate, created_at: at } = release;
  return (
    <section class="op-section">
      <h2>{w("models.report", { version })}</h2>
      <p class="soft">{gate.reason}</p>
      <dl class="tiles">
        <Tile term={w("models.made")} value={date(at)} />
        <Tile
          term={w("models.ratings")}
          value={number(data.ratings)}
          note={w("models.people", { count: data.users })}
        />
        <Tile
          term={w("models.evaluated")}
          value={number(split.users_evaluated)}
          note={w("models.held", { count: split.test_ratings })}
        />
        <Tile term={w("models.build")} value={String(release.build.number)} />
      </dl>
      <Rankers release={release} />
      <Slices release={release} />
    </section>
  );
}

function Rankers({ release: { rankers, raters, k } }: { release: ReleaseBody }) {
  const figures = (...values: number[]) => values.map((value) => number(value, 4, 4));
  return (
    <>
      <Table
        caption={w("models.rankers")}
        columns={[
          { label: w("models.algorithm") },
          { label: w("models.ndcg", { k }), isNumber: true },
          { label: w("models.recall", { k }), isNumber: true },
          { label: w("models.map", { k }), isNumber: true },
          { label: w("models.coverage"), isNumber: true },
          { label: w("models.against-popularity"), isNumber: true },
        ]}
        rows={rankers.map((one, at) => ({
          id: String(at),
          cells: [
            one.algorithm,
            ...figures(one.ndcg, one.recall, one.map, one.coverage),
            between(one.ndcg_against_popularity),
          ],
        }))}
      />
      <Table
        caption={w("models.raters")}
        columns={[
          { label: w("models.algorithm") },
          { label: w("models.rmse"), isNumber: true },
          { label: w("models.mae"), isNumber: true },
          { label: w("models.against-baseline"), isNumber: true },
        ]}
        rows={raters.map((one, at) => ({
          id: String(at),
          cells: [
            `${one.algorithm} (${w("models.factors", { count: Number(one.parameters["factors"] ?? 0) })})`,
            ...figures(one.rmse, one.mae),
            between(one.rmse_against_baseline),
          ],
        }))}
      />
    </>
  );
}

function Slices({ release }: { release: ReleaseBody }) {
  const { slices = [], rankers, chosen, k } = release;
  const at = rankers.findIndex(({ algorithm }) => algorithm === chosen.ranker.algorithm);
  const rows = slices.flatMap(({ name, users_evaluated: users, rankers: ofSlice }) => {
    const one = ofSlice[at];
    return one ? [{ name, users, ...one }] : [];
  });
  return (
    <Chart
      heading={w("models.slices", { algorithm: chosen.ranker.algorithm })}
      file={`usher-${release.version}-slices`}
      digits={4}
      columns={[
        { label: w("models.slice") },
        { label: w("models.people-head"), isNumber: true },
        { label: w("models.ndcg", { k }), isNumber: true },
        { label: w("models.recall", { k }), isNumber: true },
        { label: w("models.against-popularity"), isNumber: true },
      ]}
      rows={rows.map((one) => [
        one.name,
        one.users,
        one.ndcg,
        one.recall,
        between(one.ndcg_against_popularity),
      ])}
    >
      <TopList
        bars={rows.map(({ name, ndcg, users }) => ({
          label: name,
          value: ndcg,
          text: w("models.slice-text", { ndcg: number(ndcg, 3), count: users }),
        }))}
      />
    </Chart>
  );
}

import type { ReleaseBody } from "../../../src/contracts/http.ts";
import { Table } from "../design/table.tsx";
import { number } from "../i18n/i18n.ts";
import { raterOf } from "./models.tsx";
import { between, signed } from "./release-report.tsx";
import { w } from "./words.ts";

const rankerOf = ({ rankers, chosen }: ReleaseBody) =>
  rankers.find(({ algorithm }) => algorithm === chosen.ranker.algorithm);

/** Two releases side by side. Each was judged on its own held-out ratings; where they are not the same that is said. */
export function Comparison({ one, other }: { one: ReleaseBody; other: ReleaseBody }) {
  const [rankers, raters] = [
    [rankerOf(one), rankerOf(other)],
    [raterOf(one), raterOf(other)],
  ];
  const of = <Key extends "ndcg" | "recall" | "map" | "coverage">(key: Key) =>
    rankers.map((ranker) => ranker?.[key]);
  const k = other.k;
  const rows: [string, (number | undefined)[]][] = [
    [w("models.ndcg", { k }), of("ndcg")],
    [w("models.recall", { k }), of("recall")],
    [w("models.map", { k }), of("map")],
    [w("models.coverage"), of("coverage")],
    [w("models.rmse"), raters.map((rater) => rater?.rmse)],
    [w("models.mae"), raters.map((rater) => rater?.mae)],
    ...slicesOfBoth(one, other),
  ];
  const isSame = one.data.fingerprint === other.data.fingerprint;
  return (
    <section class="op-section">
      <h2>{w("models.compared", { a: one.version, b: other.version })}</h2>
      <p class="soft">{w(isSame ? "models.same-data" : "models.other-data")}</p>
      <Table
        caption={w("models.side")}
        columns={[
          { label: w("models.figure") },
          { label: one.version, isNumber: true },
          { label: other.version, isNumber: true },
          { label: w("models.difference"), isNumber: true },
        ]}
        rows={[
          {
            id: "against",
            cells: [
              w("models.against-popularity"),
              ...rankers.map((ranker) => between(ranker?.ndcg_against_popularity ?? null)),
              "",
            ],
          },
          ...rows.map(([name, [a, b]]) => ({
            id: name,
            cells: [name, figure(a), figure(b), a === undefined || b === undefined ? "–" : signed(b - a)],
          })),
        ]}
      />
    </section>
  );
}

const figure = (value: number | undefined) => (value === undefined ? "–" : number(value, 4, 4));

function slicesOfBoth(one: ReleaseBody, other: ReleaseBody): [string, (number | undefined)[]][] {
  const ndcgOf = (release: ReleaseBody, name: string) => {
    const at = release.rankers.findIndex(({ algorithm }) => algorithm === release.chosen.ranker.algorithm);
    return release.slices?.find((slice) => slice.name === name)?.rankers[at]?.ndcg;
  };
  return (other.slices ?? []).map(({ name }) => [
    w("models.ndcg-of", { slice: name }),
    [ndcgOf(one, name), ndcgOf(other, name)],
  ]);
}

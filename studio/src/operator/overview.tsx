import type { DependenciesBody } from "../../../src/contracts/http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask, credentials, type Failure, send } from "../api/client.ts";
import { Chart } from "../charts/chart.tsx";
import { TopList } from "../charts/top-list.tsx";
import { StateView } from "../design/state-view.tsx";
import { Table } from "../design/table.tsx";
import { number } from "../i18n/i18n.ts";
import { hrefTo } from "../routes.ts";
import { byLabel, type Figure, figuresOf, quantile, total } from "./figures.ts";
import { OperatorPage, withWords } from "./operator-page.tsx";
import { Badge, Bones, duration, Nothing, Tile } from "./parts.tsx";
import { named, w } from "./words.ts";

interface ReadyBody {
  /** A server of which a part has failed does not say it. */
  readonly model_version?: string;
  readonly dependencies: DependenciesBody;
}

/** Whether everything is ready; what has failed stands in `degraded`. @throws Failure Also where nothing has failed and no release serves yet. */
export const askReady = async () => {
  const ready = await ask<ReadyBody>("health/ready").catch(readyButForParts);
  return { ...ready, degraded: failedParts(ready) };
};

const failedParts = ({ dependencies }: ReadyBody) =>
  Object.entries(dependencies)
    .filter(([, { status }]) => status === "failed")
    .map(([name]) => named("part", name));

/** A refusal that names parts that have failed is an answer: it says which. */
function readyButForParts(error: unknown): ReadyBody {
  const { dependencies = {} } = ((error as Failure).problem ?? {}) as Partial<ReadyBody>;
  if (failedParts({ dependencies }).length === 0) throw error;
  return { dependencies };
}

const askFigures = async () =>
  figuresOf(
    await (await send("metrics", { headers: credentials(), signal: AbortSignal.timeout(20_000) })).text(),
  );

/** How it goes: what serves, how fast, how fresh, and what does not work. */
export const Overview = withWords(() => {
  const ready = useAnswer("ready", askReady, { topics: ["health", "release"] });
  const figures = useAnswer("figures", askFigures, {
    topics: ["health", "release", "run", "events"],
    isPartial: (all) => !all.some(({ name }) => name === "usher_freshness_seconds"),
  });
  return (
    <OperatorPage heading={w("overview.title")} lead={w("overview.lead")}>
      <StateView shown={ready} skeleton={<Bones />}>
        {(now) => <Parts {...now} />}
      </StateView>
      <StateView shown={figures} skeleton={<Bones />}>
        {(all) => <Figures all={all} />}
      </StateView>
    </OperatorPage>
  );
});

function Parts({ model_version, dependencies }: ReadyBody) {
  return (
    <section class="op-split">
      {model_version !== undefined && (
        <dl class="tiles">
          <div class="tile">
            <dt>{w("overview.release")}</dt>
            <dd>
              <a href={hrefTo("models", {}, { version: model_version })}>{model_version}</a>
            </dd>
          </div>
        </dl>
      )}
      <Table
        caption={w("overview.parts")}
        columns={[{ label: w("overview.part") }, { label: w("op.state") }]}
        rows={Object.entries(dependencies).map(([name, { status }]) => ({
          id: name,
          cells: [named("part", name), <Badge key={name} status={status} />],
        }))}
      />
    </section>
  );
}

const isPage = ({ route = "" }: Figure["labels"]) => route.startsWith("/v1/") && route !== "/v1/stream";

function Figures({ all }: { all: readonly Figure[] }) {
  const routes = [...byLabel(all, "usher_http_requests_total", "route")].sort(
    ([, one], [, other]) => other - one,
  );
  const failed = total(all, "usher_http_requests_total", ({ status = "" }) => status.startsWith("5"));
  const [half, most] = [0.5, 0.99].map((share) => quantile(all, "usher_http_request_seconds", share, isPage));
  const answered = quantile(all, "usher_event_to_answer_seconds", 0.99);
  const fresh = [...byLabel(all, "usher_freshness_seconds", "layer")];
  const none = w("overview.unknown");
  return (
    <>
      <dl class="tiles">
        <Tile
          term={w("overview.requests")}
          value={number(total(all, "usher_http_requests_total"))}
          note={w("overview.failed", { count: failed })}
        />
        <Tile term={w("overview.latency-half")} value={half === undefined ? none : duration(half)} />
        <Tile term={w("overview.latency-most")} value={most === undefined ? none : duration(most)} />
        <Tile
          term={w("overview.answered")}
          value={answered === undefined ? none : duration(answered)}
          note={answered === undefined ? w("overview.answered-none") : undefined}
        />
        {fresh.map(([layer, seconds]) => (
          <Tile
            key={layer}
            term={w("overview.fresh", { layer: named("layer", layer) })}
            value={duration(seconds)}
          />
        ))}
      </dl>
      <Latency all={all} routes={routes} />
    </>
  );
}

function Latency({
  all,
  routes,
}: {
  all: readonly Figure[];
  routes: readonly (readonly [string, number])[];
}) {
  const rows = routes.map(([route, count]) => ({
    route,
    count,
    most: quantile(all, "usher_http_request_seconds", 0.99, (labels) => labels["route"] === route) ?? 0,
  }));
  if (rows.length === 0) return <Nothing text={w("overview.no-requests")} />;
  return (
    <Chart
      heading={w("overview.by-route")}
      file="usher-requests"
      columns={[
        { label: w("overview.route") },
        { label: w("overview.requests"), isNumber: true },
        { label: w("overview.latency-ms"), isNumber: true },
      ]}
      rows={rows.map(({ route, count, most }) => [route, count, Math.round(most * 10_000) / 10])}
    >
      <TopList
        bars={rows.slice(0, 12).map(({ route, count, most }) => ({
          label: route,
          value: count,
          text: w("overview.route-text", { count, time: duration(most) }),
        }))}
      />
    </Chart>
  );
}

import { useEffect, useState } from "preact/hooks";
import type { DependenciesBody } from "../../../src/contracts/http.ts";
import type { MeBody } from "../../../src/contracts/studio-http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { SparkBars } from "../charts/spark-bars.tsx";
import { StateView } from "../design/state-view.tsx";
import { Table } from "../design/table.tsx";
import { list, t } from "../i18n/i18n.ts";
import { newest } from "../live/live.ts";
import { useMe } from "../me.ts";

interface ReadyBody {
  readonly model_version: string;
  readonly dependencies: DependenciesBody;
}

/** Seconds with events that are shown. */
const secondsMax = 60;

/** What runs here, who looks at it, and what comes in. */
export function System() {
  const ready = useAnswer("ready", () => ask<ReadyBody>("health/ready"), { topics: ["health", "release"] });
  const { value: me } = useMe();
  return (
    <article class="page">
      <h1>{t("system.title")}</h1>
      <StateView shown={ready} skeleton={<div class="tiles" />}>
        {({ model_version, dependencies }) => (
          <>
            <dl class="tiles">
              <Tile name={t("system.release")} value={model_version} />
              <Tile name={t("system.version")} value={me?.version ?? ""} />
              <Tile name={t("system.you")} value={me ? whoIs(me) : ""} />
              <Tile name={t("system.may")} value={list(me?.scopes ?? [])} />
            </dl>
            <Table
              caption={t("system.parts")}
              columns={[{ label: t("system.part") }, { label: t("system.state") }]}
              rows={Object.entries(dependencies).map(([name, { status }]) => ({
                id: name,
                cells: [
                  name,
                  <span key={name} class={`badge is-${status}`}>
                    {t(`part.${status}`)}
                  </span>,
                ],
              }))}
            />
          </>
        )}
      </StateView>
      <Events />
    </article>
  );
}

const whoIs = ({ kind, name, user_id }: MeBody) => t(`system.you-${kind}`, { name: name ?? user_id ?? "" });

function Tile({ name, value }: { name: string; value: string }) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Events() {
  const [counts, setCounts] = useState<readonly number[]>([]);
  useEffect(
    () =>
      newest.subscribe(({ events }) => {
        if (!events || events === last) return;
        last = events;
        const count = Object.values(events.accepted).reduce((sum, one) => sum + one, 0);
        setCounts((before) => [...before, count].slice(-secondsMax));
      }),
    [],
  );
  const count = counts.at(-1);
  return (
    <section class="panel">
      <h2>{t("system.events")}</h2>
      <SparkBars values={counts} places={secondsMax} />
      <p>{count === undefined ? t("system.events-none") : t("system.events-last", { count })}</p>
    </section>
  );
}

let last: object | undefined;

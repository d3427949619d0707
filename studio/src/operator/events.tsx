import { useEffect, useState } from "preact/hooks";
import type { Notice } from "../../../src/contracts/notices.ts";
import { useCell } from "../cell.ts";
import { Bars } from "../charts/bars.tsx";
import { Chart } from "../charts/chart.tsx";
import { Button } from "../design/button.tsx";
import { Table } from "../design/table.tsx";
import { number, t } from "../i18n/i18n.ts";
import { connection, connectNow } from "../live/live.ts";
import { hrefTo } from "../routes.ts";
import { type Heard, heard } from "./heard.ts";
import { OperatorPage, withWords } from "./operator-page.tsx";
import { Nothing, Tile } from "./parts.tsx";
import { named, w } from "./words.ts";

type EventsData = Extract<Notice, { kind: "events" }>["data"];
const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((all, one) => all + one, 0);
const eventsOf = (all: readonly Heard[]) =>
  all.flatMap(({ at, notice }) => (notice.kind === "events" ? [{ at, ...(notice.data as EventsData) }] : []));

/** What comes in, second by second. */
export const Events = withWords(() => {
  const all = useCell(heard);
  const state = useCell(connection);
  const events = eventsOf(all);
  const lag = Object.entries(events[0]?.lag ?? {});
  return (
    <OperatorPage heading={w("events.title")} lead={w("events.lead")}>
      <div class="op-row">
        <span class={`badge is-${state === "live" ? "ready" : "waiting"}`}>{t(`live.${state}`)}</span>
        {state === "lost" && <Button onClick={connectNow}>{t("live.try")}</Button>}
        <a href={hrefTo("data", {}, { view: "letters" })}>{w("data.letters")}</a>
      </div>
      <dl class="tiles">
        <Tile
          term={w("events.accepted")}
          value={number(events.reduce((count, one) => count + sum(one.accepted), 0))}
        />
        <Tile
          term={w("events.duplicates")}
          value={number(events.reduce((count, one) => count + one.duplicates, 0))}
        />
        <Tile
          term={w("events.rejected")}
          value={number(events.reduce((count, one) => count + sum(one.rejected), 0))}
        />
        {lag.map(([group, records]) => (
          <Tile key={group} term={w("events.lag", { group })} value={number(records)} />
        ))}
      </dl>
      <Rate events={events} />
      <Log all={all} />
    </OperatorPage>
  );
});

/** Seconds that are shown. */
const secondsShown = 60;

function Rate({ events }: { events: readonly { at: Date; accepted: Readonly<Record<string, number>> }[] }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const every = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(every);
  }, []);
  const counts = new Array<number>(secondsShown).fill(0);
  for (const { at, accepted } of events) {
    const place = secondsShown - 1 - Math.floor((now - at.getTime()) / 1000);
    if (place >= 0 && place < secondsShown) counts[place] = (counts[place] ?? 0) + sum(accepted);
  }
  const bars = counts.map((value, place) => {
    const seconds = secondsShown - 1 - place;
    return {
      label: `−${seconds}`,
      value,
      text: w("events.second", { count: value, seconds: String(seconds) }),
    };
  });
  return (
    <Chart
      heading={w("events.rate")}
      file="usher-events"
      columns={[{ label: w("events.ago") }, { label: w("events.accepted"), isNumber: true }]}
      rows={bars.map(({ label, value }) => [label, value])}
    >
      <Bars
        heading={w("events.rate")}
        summary={w("events.minute", { count: counts.reduce((all, one) => all + one, 0) })}
        bars={bars}
        height={180}
      />
    </Chart>
  );
}

function Log({ all }: { all: readonly Heard[] }) {
  if (all.length === 0) return <Nothing text={w("events.none")} />;
  return (
    <Table
      caption={w("events.stream")}
      columns={[{ label: w("events.time") }, { label: w("events.kind") }, { label: w("events.told") }]}
      rows={all.slice(0, 50).map(({ id, at, notice }) => ({
        id: String(id),
        cells: [
          at.toLocaleTimeString(document.documentElement.lang),
          named("notice", notice.kind),
          <code key={id}>{JSON.stringify(notice.data)}</code>,
        ],
      }))}
    />
  );
}

import type { BuildRecord } from "../contracts/quality.ts";
import type { ReleaseReport } from "../contracts/release.ts";
import { bronzeEventsTable, type EventTopic, eventTopics, type TrendingRow } from "../contracts/tables.ts";
import type { Versions } from "../contracts/workflow.ts";
import { latestBuild } from "../lake/build-record.ts";
import { checkpointTable } from "../lake/checkpoint.ts";
import { compactTable } from "../lake/compact.ts";
import { type EventReader, sinkEvents } from "../lake/event-sink.ts";
import type { Lake } from "../lake/lake.ts";
import { trendingTable, writeTrending } from "../lake/trending-table.ts";
import { vacuumLake } from "../lake/vacuum.ts";
import type { Task, TaskRun } from "../workflow/task.ts";

/** What the tasks work with; the composition root gives it. */
export interface Site {
  readonly lake: Lake;
  /** The event log; absent where no events are taken. */
  readonly log?: EventReader;
  /** Told how far the log has come into the lake. */
  onSunk?(sunk: {
    topic: EventTopic;
    positions: Readonly<Record<number, number>>;
    lost: number;
  }): Promise<void>;
  /** Lets the log forget what its retention is over for. @returns How many records went. */
  trimLog?(): Promise<number>;
  /** Rows for `gold_trending`; absent where there is no live state. */
  trending?(): readonly TrendingRow[] | Promise<readonly TrendingRow[]>;
  /** Versions of the bronze tables of the newest import; `undefined` where there is none. */
  importVersions(): Promise<Readonly<Record<string, number>> | undefined>;
  build(run: TaskRun): Promise<BuildRecord>;
  /** Trains on the newest build, passes the gate, and stores the release; what serves stays. */
  train(run: TaskRun): Promise<ReleaseReport>;
  /** The newest stored release; `undefined` where there is none. */
  newestRelease(): Promise<ReleaseReport | undefined>;
  /** Makes a release the one that serves. */
  publish(version: string, run: TaskRun): Promise<void>;
  /** What decides a training beside the build, such as models and seed, as one text. */
  readonly trainingSettings: string;
  /** What a vacuum must keep beside the builds that releases pin. */
  pins(): Promise<{ builds: readonly number[]; versions: Readonly<Record<string, readonly number[]>> }>;
  /** How long what is no longer needed stays, ms. */
  readonly graceMs: number;
  readonly now: () => number;
}

/** Tasks that are run each minute, in a lane of their own. */
export const eventTasks = ["sink-events", "trim-log", "trending"] as const;
/** Tasks that make a new release. */
export const refreshTasks = ["sink-events", "build", "train", "publish"] as const;
/** Tasks that keep the lake small. */
export const maintenanceTasks = ["compact", "checkpoint", "vacuum"] as const;

/** The default graph: events into bronze → silver and gold → training behind the gate → publishing, and the care of the lake. */
export function upkeepTasks(site: Site): Task[] {
  return [
    {
      name: "sink-events",
      timeoutMs: 10 * 60_000,
      run: (run) => sinkAll(site, run),
    },
    {
      name: "trim-log",
      after: ["sink-events"], // nothing goes that is not in bronze yet
      run: async () => {
        const gone = (await site.trimLog?.()) ?? 0;
        return gone === 0 ? {} : { note: `${gone} records whose retention is over` };
      },
    },
    {
      name: "trending",
      after: ["sink-events"],
      run: async () => {
        const rows = await site.trending?.();
        if (rows === undefined) return { note: "no live state" };
        if (rows.length === 0 && (await site.lake.latest(trendingTable)) === undefined) return {};
        // no output: a run each minute that only does this is not worth remembering
        return { note: `gold_trending version ${await writeTrending(site.lake, rows)}` };
      },
    },
    {
      name: "build",
      after: ["sink-events"],
      inputs: async () => buildInputs(site, await site.importVersions()),
      run: async (run) => ({ outputs: buildOutputs(await site.build(run)) }),
    },
    {
      name: "train",
      after: ["build"],
      timeoutMs: 24 * 3600_000,
      retries: 1,
      inputs: () => trainInputs(site),
      run: async (run) => {
        const { version, chosen } = await site.train(run);
        return { outputs: { release: version }, note: chosen.reason };
      },
    },
    {
      name: "publish",
      after: ["train"],
      inputs: async () => ({ release: (await site.newestRelease())?.version ?? "" }),
      run: async (run) => {
        const version = (await site.newestRelease())?.version;
        if (version === undefined) return { note: "no release yet" };
        await site.publish(version, run);
        return { outputs: { serving: version } };
      },
    },
    ...careTasks(site),
  ];
}

function careTasks({ lake, pins, graceMs, now }: Site): Task[] {
  const eachTable = async (work: (table: string) => Promise<number | undefined>) => {
    const outputs: Versions = {};
    for (const table of await lake.tables()) {
      const version = await work(table);
      if (version !== undefined) outputs[table] = version;
    }
    return outputs;
  };
  return [
    {
      name: "compact",
      after: ["sink-events"],
      run: async ({ signal }) => {
        const outputs = await eachTable(async (table) =>
          table.startsWith("bronze_events_")
            ? (await compactTable(lake, table, { signal })).version
            : undefined,
        );
        return { outputs };
      },
    },
    {
      name: "checkpoint",
      after: ["compact"],
      run: async () => ({ outputs: await eachTable((table) => checkpointTable(lake, table)) }),
    },
    {
      name: "vacuum",
      after: ["checkpoint", "publish"],
      run: async () => {
        const { builds, versions } = await pins();
        const limits = { before: now() - graceMs, builds: new Set(builds), versions };
        const { files, bytes, logFiles, builds: gone } = await vacuumLake(lake, limits);
        const removed = `${files} files of ${bytes} bytes, ${logFiles} of logs and ${gone.length} builds`;
        return { note: `${removed} removed` };
      },
    },
  ];
}

async function sinkAll({ lake, log, onSunk }: Site, { signal, onProgress }: TaskRun) {
  if (!log) return { note: "no event log" };
  const outputs: Versions = {};
  let [events, lost] = [0, 0];
  for (const topic of eventTopics) {
    onProgress({ phase: "bronze", text: `bronze: ${topic}` });
    const sunk = await sinkEvents(lake, topic, { log, signal });
    events += sunk.events;
    lost += sunk.lost;
    if (sunk.version !== undefined && sunk.events > 0) outputs[bronzeEventsTable(topic)] = sunk.version;
    await onSunk?.({ topic, positions: sunk.positions, lost: sunk.lost });
  }
  const note = `${events} events${lost === 0 ? "" : `; ${lost} had left the log before they were written`}`;
  return { outputs, note };
}

/** What a build reads. Of events it is their number that counts: a compaction makes a version without a new row. */
async function buildInputs(
  { lake }: Pick<Site, "lake">,
  importVersions: Readonly<Record<string, number>> | undefined,
  eventVersions?: Readonly<Record<string, number>>,
): Promise<Versions> {
  const inputs: Versions = { ...importVersions };
  for (const topic of eventTopics) {
    const table = bronzeEventsTable(topic);
    const version = eventVersions ? eventVersions[table] : await lake.latest(table);
    if (version !== undefined) inputs[`rows of ${table}`] = await lake.rowCount(table, version);
  }
  return inputs;
}

const buildOutputs = ({ number, tables }: BuildRecord): Versions => ({ build: number, ...tables });

async function trainInputs({ lake, trainingSettings }: Site): Promise<Versions> {
  return { build: (await latestBuild(lake.folder))?.number ?? 0, settings: trainingSettings };
}

/** Events in bronze: what the number of new interactions is counted by. Cost: a look at the logs. */
export async function eventRows(lake: Lake, versions?: Readonly<Record<string, number>>): Promise<number> {
  const inputs = await buildInputs({ lake }, {}, versions);
  return Object.values(inputs).reduce<number>((sum, rows) => sum + Number(rows), 0);
}

/**
 * Lineage of what was made without the workflow, by the command line or at the first start: of the newest build and the newest
 * release, in the form of the tasks `build`, `train` and `publish`.
 */
export async function lineageOfHome(
  site: Site,
  serving: string | undefined,
): Promise<{ task: string; at: string; inputs: Versions; outputs: Versions }[]> {
  const found: { task: string; at: string; inputs: Versions; outputs: Versions }[] = [];
  const build = await latestBuild(site.lake.folder);
  if (build?.inputs) {
    const imported = Object.entries(build.inputs).filter(([table]) => !table.startsWith("bronze_events_"));
    const inputs = await buildInputs(site, Object.fromEntries(imported), build.inputs);
    found.push({ task: "build", at: build.created_at, inputs, outputs: buildOutputs(build) });
  }
  const release = await site.newestRelease();
  if (release) {
    const { version, created_at: at } = release;
    const inputs = { build: release.build.number, settings: site.trainingSettings };
    found.push({ task: "train", at, inputs, outputs: { release: version } });
    if (serving === version)
      found.push({ task: "publish", at, inputs: { release: version }, outputs: { serving: version } });
  }
  return found;
}

import type { BuildRecord } from "../contracts/quality.ts";
import type { ReleaseReport } from "../contracts/release.ts";
import {
  bronzeEditsTable,
  bronzeEventsTable,
  type EventTopic,
  eventTopics,
  type TrendingRow,
} from "../contracts/tables.ts";
import type { Versions } from "../contracts/workflow.ts";
import { latestBuild } from "../lake/build-record.ts";
import { checkpointTable } from "../lake/checkpoint.ts";
import { compactTable } from "../lake/compact.ts";
import { type EventReader, sinkEvents, sunkPositions } from "../lake/event-sink.ts";
import type { Lake } from "../lake/lake.ts";
import { sunkRevision } from "../lake/received-edits.ts";
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
  /** The writes of items and users so far; a build takes them all. */
  catalogueRevision?(): number;
  /** Versions of the bronze tables of the newest import; `undefined` where there is none. */
  importVersions(): Promise<Readonly<Record<string, number>> | undefined>;
  /** @param log Where events may wait that bronze does not have yet. */
  build(run: TaskRun & { readonly log?: EventReader }): Promise<BuildRecord>;
  /** Trains on the newest build, passes the gate, and stores the release; what serves stays. */
  train(run: TaskRun): Promise<ReleaseReport>;
  /** The newest stored release; `undefined` where there is none. */
  newestRelease(): Promise<ReleaseReport | undefined>;
  /** Makes a release the one that serves. */
  publish(version: string, run: TaskRun): Promise<void>;
  /** Publishes lists when a release has begun to serve; absent where that was not asked for. */
  readonly publishing?: Task;
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
      inputs: async () => ({
        ...(await site.importVersions()),
        ...(await placesIn(site.lake)),
        ...(site.catalogueRevision ? { catalogue: site.catalogueRevision() } : {}),
      }),
      run: async (run) => {
        const record = await site.build({ ...run, ...(site.log ? { log: site.log } : {}) });
        return { inputs: await readBy(site.lake, record), outputs: buildOutputs(record) };
      },
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
    ...(site.publishing ? [{ ...site.publishing, after: ["publish"] }] : []),
    ...careTasks(site),
  ];
}

/** Lists for all users, by the release that serves. @param publish Makes and publishes them. */
export function publishListsTask(
  publish: (run: TaskRun) => Promise<{ edition: string; users: number; items: number; tables: Versions }>,
): Task {
  return {
    name: "publish-lists",
    timeoutMs: 24 * 3600_000,
    retries: 1,
    run: async (run) => {
      const { edition, users, items, tables } = await publish(run);
      return {
        outputs: { lists: edition, ...tables },
        note: `lists of ${users} users, audiences of ${items} items`,
      };
    },
  };
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
  const inputs: Versions = {};
  const outputs: Versions = {};
  let [events, lost] = [0, 0];
  for (const topic of eventTopics) {
    onProgress({ phase: "bronze", text: `bronze: ${topic}` });
    const sunk = await sinkEvents(lake, topic, { log, signal });
    events += sunk.events;
    lost += sunk.lost;
    if (sunk.version !== undefined && sunk.events > 0) {
      outputs[bronzeEventsTable(topic)] = sunk.version;
      Object.assign(inputs, placesOf(topic, sunk.positions));
    }
    await onSunk?.({ topic, positions: sunk.positions, lost: sunk.lost });
  }
  const note = `${events} events${lost === 0 ? "" : `; ${lost} had left the log before they were written`}`;
  return events === 0 ? { note } : { inputs, outputs, note };
}

/** Where the log goes on, in the words of the lineage: `events_ratings/0` is the offset of the first event that is not in. */
const placesOf = (topic: EventTopic, positions: Readonly<Record<number, number>>): Versions =>
  Object.fromEntries(
    Object.entries(positions).map(([partition, next]) => [`${topic}/${partition}`, Number(next)]),
  );

/** How far the log has come into bronze; unlike the versions of the tables it stays the same where they are compacted. */
async function placesIn(lake: Lake, versions?: Readonly<Record<string, number>>): Promise<Versions> {
  const places: Versions = {};
  for (const topic of eventTopics) {
    const version = versions ? versions[bronzeEventsTable(topic)] : undefined;
    if (versions && version === undefined) continue;
    Object.assign(places, placesOf(topic, await sunkPositions(lake, topic, version)));
  }
  return places;
}

/** What a build read: the versions of bronze, and how far the log had come into them. */
async function readBy(lake: Lake, { inputs = {} }: BuildRecord): Promise<Versions> {
  const edits = inputs[bronzeEditsTable];
  const catalogue = (edits === undefined ? undefined : await sunkRevision(lake, edits)) ?? 0;
  return { ...inputs, ...(await placesIn(lake, inputs)), catalogue };
}

const buildOutputs = ({ number, tables }: BuildRecord): Versions => ({ build: number, ...tables });

async function trainInputs({ lake, trainingSettings }: Site): Promise<Versions> {
  return { build: (await latestBuild(lake.folder))?.number ?? 0, settings: trainingSettings };
}

/** Events that have come into bronze, up to the newest versions or up to those that a build read. Cost: a look at the logs. */
export async function eventsIn(lake: Lake, build?: BuildRecord): Promise<number> {
  const places = await placesIn(lake, build && (build.inputs ?? {}));
  return Object.values(places).reduce<number>((sum, next) => sum + Number(next), 0);
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
    const inputs = await readBy(site.lake, build);
    found.push({ task: "build", at: build.created_at, inputs, outputs: buildOutputs(build) });
  }
  const release = await site.newestRelease();
  if (release) {
    const { version, created_at: at, settings } = release;
    const told = settings ? JSON.stringify(settings) : site.trainingSettings; // releases of older versions do not say
    const inputs = { build: release.build.number, settings: told };
    found.push({ task: "train", at, inputs, outputs: { release: version } });
    if (serving === version)
      found.push({ task: "publish", at, inputs: { release: version }, outputs: { serving: version } });
  }
  return found;
}

import { rm } from "node:fs/promises";
import type { Configuration } from "./contracts/configuration.ts";
import type { Progress, ProgressEvent } from "./contracts/progress.ts";
import type { BuildRecord } from "./contracts/quality.ts";
import type { ReleaseReport } from "./contracts/release.ts";
import type { TrendingRow } from "./contracts/tables.ts";
import type { RunRecord } from "./contracts/workflow.ts";
import type { EventLog } from "./events/event-log.ts";
import type { HomePaths } from "./home/home.ts";
import { importsOf } from "./imports.ts";
import type { EventReader } from "./lake/event-sink.ts";
import type { Lake } from "./lake/lake.ts";
import { qualityReports, rejectedRowsOf } from "./lake/reports.ts";
import type { Publication } from "./publish/publish-lists.ts";
import type { ReleaseStore } from "./registry/release-store.ts";
import { type AskedTraining, checkAsked, settingsOf } from "./registry/training-settings.ts";
import type { AskedLists, UpkeepContext } from "./server/context.ts";
import type { SourceImport } from "./sources/import.ts";
import { latestImport } from "./sources/import-record.ts";
import type { SourceSpec } from "./sources/source.ts";
import { bronzeVersions } from "./sources/staging.ts";
import { publishListsTask, type Site, upkeepTasks } from "./upkeep/tasks.ts";
import { openUpkeep, type Upkeep, type UpkeepSettings } from "./upkeep/upkeep.ts";
import type { Task } from "./workflow/task.ts";

/** What the slow loop needs of the fast one. */
export interface EventSide {
  readonly log: Pick<EventLog, "partitions" | "read" | "commit" | "trim">;
  /** Rows for `gold_trending`. */
  trending?(): readonly TrendingRow[] | Promise<readonly TrendingRow[]>;
}

/** Consumer group of the lake: where its sink has come to, for the display of the lag. The lake itself knows it best. */
const lakeGroup = "lake";

/** What a long work is told and given. */
interface Work {
  readonly signal?: AbortSignal;
  readonly onProgress?: Progress;
}

/** The parts of a home that the slow loop works with. */
export interface SlowLoopHome {
  readonly paths: HomePaths;
  readonly lake: Lake;
  readonly configuration: Configuration;
  readonly releases: ReleaseStore;
  /** Absent where no events are taken. */
  readonly events: EventSide | undefined;
  /** Writes of items and users so far. */
  catalogueRevision(): number;
  /** @throws UsherError `HOME_EMPTY`. */
  newestBuild(): Promise<BuildRecord>;
  importSource(spec: SourceSpec, work: Work): Promise<SourceImport>;
  buildLake(work: Work & { readonly log?: EventReader }): Promise<BuildRecord>;
  /** Trains on the newest build, passes the gate, and stores the release; what serves stays as it is. */
  trainAndSave(work: Work & AskedTraining): Promise<ReleaseReport>;
  /** Makes lists for all users by the release that serves and switches to them. */
  publishLists(work: Work & AskedLists): Promise<Publication>;
  /** Loads the present release and lets it answer. */
  serve(): Promise<unknown>;
}

/**
 * Opens the slow loop of a home, and what the server shows of it. Its scheduler does not run before it is told to.
 *
 * @throws UsherError `CONFIG_INVALID`: a cron pattern or time zone.
 */
export async function openSlowLoop(
  home: SlowLoopHome,
  told: {
    onEnd(run: RunRecord): void;
    onChange?: (run: RunRecord, progress?: ProgressEvent) => void;
    onTrouble(text: string): void;
    onProgress?: Progress;
  },
): Promise<{ upkeep: Upkeep; context: UpkeepContext }> {
  await rm(home.paths.uploads, { recursive: true, force: true }); // what a process left that was killed
  const upkeep = await openUpkeep({
    folder: home.paths.runs,
    site: siteOf(home),
    settings: upkeepSettings(home.configuration),
    serving: await home.releases.current(),
    ...told,
  });
  return { upkeep, context: upkeepContext(upkeep, home) };
}

const upkeepSettings = ({ retrain, notify }: Configuration): UpkeepSettings => ({
  cron: retrain.cron,
  zone: retrain.zone,
  catchUp: retrain.catch_up,
  afterInteractions: retrain.after_interactions,
  webhookUrl: notify.webhook_url,
  webhookTimeoutMs: notify.timeout_ms,
});

/** The task that publishes lists. @param asked How long they are asked to be. */
const publishingOf = ({ publishLists }: SlowLoopHome, asked: AskedLists = {}): Task =>
  publishListsTask(async (run) => {
    const { edition, tables } = await publishLists({ ...asked, ...run });
    return { edition: edition.name, users: edition.users, items: edition.items, tables };
  });

/** The parts of a system as the tasks of the slow loop use them. @param asked What their training is asked for. */
function siteOf(home: SlowLoopHome, asked: AskedTraining = {}): Site {
  const { lake, releases, configuration, events, buildLake, trainAndSave, serve } = home;
  const importVersions = async () => {
    const newest = await latestImport(lake.folder);
    return newest && bronzeVersions(newest.tables);
  };
  return {
    lake,
    importVersions,
    catalogueRevision: home.catalogueRevision,
    build: buildLake,
    train: (running) => trainAndSave({ ...running, ...asked }),
    newestRelease: async () => (await releases.list()).at(-1),
    publish: async (version, { onProgress }) => {
      await releases.promote(version, { onProgress });
      await serve();
    },
    ...(configuration.lists.after_training ? { publishing: publishingOf(home) } : {}),
    trainingSettings: JSON.stringify(settingsOf(configuration, asked)),
    pins: async () => {
      const imported = Object.entries((await importVersions()) ?? {});
      const versions = Object.fromEntries(imported.map(([table, version]) => [table, [version]]));
      return { builds: (await releases.list()).map(({ build: { number } }) => number), versions };
    },
    graceMs: configuration.vacuum.grace_hours * 3600_000,
    now: () => Date.now(),
    ...(events ? { log: events.log, trimLog: () => events.log.trim(Date.now()) } : {}),
    ...(events?.trending ? { trending: () => events.trending?.() ?? [] } : {}),
    onSunk: async ({ topic, positions }) => {
      const reached = Object.entries(positions).map(([partition, offset]) => ({
        topic,
        partition: Number(partition),
        offset,
      }));
      await events?.log.commit(lakeGroup, reached);
    },
  };
}

/** The slow loop as the server shows it. */
function upkeepContext(upkeep: Upkeep, home: SlowLoopHome): UpkeepContext {
  const { lake, releases, newestBuild, serve } = home;
  return {
    ...upkeep,
    plan: () => ({
      items: upkeep.tasks.map(({ name, after = [] }) => ({ name, after: [...after] })),
      schedules: Object.entries(upkeep.scheduler.next()).map(([name, ms]) => ({
        name,
        next_at: new Date(ms).toISOString(),
      })),
      after_interactions: home.configuration.retrain.after_interactions,
    }),
    startTraining: async (asked) => {
      checkAsked(asked);
      const graph = upkeepTasks(siteOf(home, asked));
      return upkeep.startJob({ kind: "train", graph, tasks: ["train", "publish"] });
    },
    startPublishing: (asked) => upkeep.startJob({ kind: "publish", graph: [publishingOf(home, asked)] }),
    ...importsOf(home, upkeep),
    promote: async (version) => {
      await releases.promote(version);
      await serve();
    },
    qualityReports: (limit) => qualityReports(lake.folder, limit),
    rejectedRows: async (page) => rejectedRowsOf(lake, await newestBuild(), page),
  };
}

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { appOf, type HomeApp, nothingShown, type Shown } from "./app-of-home.ts";
import { openCatalogueEdits } from "./catalogue/catalogue-edits.ts";
import type { ItemEdit } from "./catalogue/item-edit.ts";
import { type Changes, changesOf } from "./changes.ts";
import type { Configuration } from "./contracts/configuration.ts";
import type { Progress, ProgressEvent } from "./contracts/progress.ts";
import type { BuildRecord } from "./contracts/quality.ts";
import type { ReleaseReport } from "./contracts/release.ts";
import { openDuckdb } from "./engine/duckdb.ts";
import type { Engine } from "./engine/engine.ts";
import { asUsherError, UsherError } from "./errors.ts";
import { type DiskWatch, diskGauge, watchDisk } from "./home/disk-watch.ts";
import { checkFormat, type HomePaths, homePaths, openHome } from "./home/home.ts";
import { buildLake } from "./lake/build.ts";
import { latestBuild, readBuild } from "./lake/build-record.ts";
import { openLake } from "./lake/delta-lake.ts";
import type { EventReader } from "./lake/event-sink.ts";
import type { Lake } from "./lake/lake.ts";
import { readCatalogue, readUserFeatures } from "./lake/read.ts";
import { type HomeLists, listsOf } from "./lists.ts";
import { type LivingHooks, livingGauges, openLiving } from "./living.ts";
import type { Publication } from "./publish/publish-lists.ts";
import { openSurfaces } from "./recommend/surface-store.ts";
import { checkModelSettings } from "./registry/candidates.ts";
import { type Release, type ReleaseStore, releaseStore } from "./registry/release-store.ts";
import { type OpenAccess, openAccess } from "./server/access/access.ts";
import { type AskedLists, prepareServing, servingOf } from "./server/context.ts";
import { listen } from "./server/listen.ts";
import { type ServerMetrics, serverMetrics } from "./server/metrics.ts";
import { type EventSide, openSlowLoop } from "./slow-loop.ts";
import { importSource, type SourceImport } from "./sources/import.ts";
import { latestImport, readableImport, writeImportRecord } from "./sources/import-record.ts";
import type { SourceSpec } from "./sources/source.ts";
import { bronzeVersions } from "./sources/staging.ts";
import { openStatistics } from "./statistics/open-statistics.ts";
import { openLmdbStateStore } from "./stores/lmdb-state-store.ts";
import { type HomeTraining, type Running, type TrainingOptions, trainingOf } from "./training.ts";
import { freshnessGauge } from "./upkeep/gauges.ts";
import type { Upkeep } from "./upkeep/upkeep.ts";

/** A home folder and everything that reads it. Another process may own the home. */
export interface UsherReader extends Pick<HomeApp, "ask">, Pick<HomeTraining, "evaluate"> {
  readonly paths: HomePaths;
  readonly engine: Engine;
  readonly lake: Lake;
  readonly releases: ReleaseStore;
  /** The newest build. @throws UsherError `HOME_EMPTY`. */
  build(): Promise<BuildRecord>;
  /** Loads the present release and lets it answer; `undefined` where there is none. */
  serve(): Promise<Release | undefined>;
  close(): Promise<void>;
}

/** A running system: the only writer of its home folder. */
export interface Usher extends UsherReader {
  /** Takes a data set into bronze. */
  importSource(spec: SourceSpec, options?: Running): Promise<SourceImport>;
  /** Builds silver and gold from the newest import. @throws UsherError `HOME_EMPTY`, `QUALITY_GATE`. */
  buildLake(options?: Running): Promise<BuildRecord>;
  /** Trains on the newest build, passes the gate, stores the release and makes it the present one. */
  train(options?: TrainingOptions): Promise<ReleaseReport>;
  /** Makes lists for all users by the release that serves and switches to them. @throws UsherError `NOT_READY`; as `publishLists`. */
  publishLists(options?: Running & AskedLists): Promise<Publication>;
  /** Tells `/health/ready` what the start is doing. */
  showProgress(event: ProgressEvent): void;
  /**
   * Opens the fast loop: the log of events, the live state, and the routes that take and show them. Asked again it does nothing.
   *
   * Without a disk that it trusts (`LOG_UNAVAILABLE`, `STORE_UNAVAILABLE`) it stays closed: events are refused, all else answers.
   * @returns Why it stays closed; `undefined` where it is open.
   */
  openLiving(): Promise<UsherError | undefined>;
  /** Rejects when log or live state have failed for ever: the process then has to end, and a new one reads the disk. */
  readonly failed: Promise<never>;
  /**
   * Opens the slow loop: the tasks, their history, and the routes that show them. Its scheduler does not run before it is told to.
   * @param options.events Where accepted events come from and what they make trend. Default: the fast loop, where it is open.
   * @param options.onProgress Told what runs of the main lane do.
   * @throws UsherError `CONFIG_INVALID`: a cron pattern or time zone.
   */
  openUpkeep(options?: { events?: EventSide; onProgress?: Progress }): Promise<Upkeep>;
  /** Takes over secrets that were changed, and reads the keys of issuers of tokens again. @throws UsherError `CONFIG_INVALID`. */
  reloadSecrets(configuration: Configuration): Promise<void>;
  /** Listens and gives the address, such as `http://127.0.0.1:8000`. @throws UsherError `PORT_IN_USE`, `CONFIG_INVALID`. */
  listen(): Promise<string>;
}

interface OpenOptions {
  readonly home: string;
  readonly configuration: Configuration;
}

/** Opens a home for reading, whoever owns it. @throws UsherError `HOME_FORMAT`. */
export async function openReader({ home, configuration }: OpenOptions): Promise<UsherReader> {
  await checkFormat(home);
  const parts = await assemble(homePaths(home), { configuration, isOwner: false });
  await parts.openEdits({ readOnly: true });
  return parts;
}

/**
 * Opens a home for this process alone.
 *
 * @throws UsherError `HOME_LOCKED`, `HOME_FORMAT`, `HOME_UNWRITABLE`.
 */
export async function openUsher({ home, configuration }: OpenOptions): Promise<Usher> {
  const { lock, ...paths } = await openHome(home);
  let access: OpenAccess | undefined;
  try {
    access = await openAccess({ folder: paths.access, configuration });
    const { close: closeAccess, hasKey, reload: reloadSecrets } = access;
    const parts = await assemble(paths, { configuration, isOwner: true, access });
    const { engine, lake, app } = parts;
    parts.shown.surfaces = await openSurfaces(paths.surfaces);
    const disk = await watchHome(parts, configuration);
    const { failed, fail } = lasting();
    const onFailure = (failure: UsherError) => {
      parts.shown.failure = failure;
      parts.tellParts();
      fail(failure);
    };
    await parts.openEdits({ onFailure });
    const build = buildOf(parts);
    let upkeep: Upkeep | undefined;
    const usher: Usher = {
      ...parts,
      ...{ failed, reloadSecrets },
      showProgress: (event) => {
        parts.shown.status = event;
      },
      openLiving: () => showLiving(parts, onFailure),
      importSource: async (spec, running = {}) => {
        const done = await importSource({ spec, lake, engine, ...running });
        await writeImportRecord(lake.folder, { spec, done });
        return done;
      },
      buildLake: build,
      train: async (training = {}) => {
        const report = await parts.trainAndSave(training);
        const { onProgress } = training;
        await parts.releases.promote(report.version, onProgress ? { onProgress } : {});
        return report;
      },
      publishLists: parts.lists.publish,
      openUpkeep: async ({ events = eventSideOf(parts.shown), onProgress } = {}) => {
        const slow = await openSlowLoop(
          {
            ...{ paths, lake, configuration, events },
            ...{ releases: parts.releases, newestBuild: parts.build, serve: parts.serve },
            ...{ importSource: usher.importSource, buildLake: build, publishLists: usher.publishLists },
            catalogueRevision: () => parts.shown.edits?.revision ?? 0,
            trainAndSave: parts.trainAndSave,
          },
          {
            onEnd: (run) => parts.metrics.onRun(run),
            onChange: parts.changes.onRun,
            onTrouble: (text) => app.log.error(text),
            ...(onProgress ? { onProgress } : {}),
          },
        );
        upkeep = slow.upkeep;
        parts.shown.upkeep = slow.context;
        parts.tellParts();
        return upkeep;
      },
      listen: async () => {
        parts.shown.isListening = true;
        if (parts.shown.serving) void prepareServing(parts.shown.serving);
        const { host, port } = configuration;
        const address = await listen(app, { host, port, hasKey: hasKey() });
        await lock.announce(address);
        return address;
      },
      close: async () => {
        disk.close();
        await upkeep?.close();
        await parts.close();
        await parts.shown.living?.close();
        await closeAccess();
        await lock.release();
      },
    };
    return usher;
  } catch (error) {
    await access?.close();
    await lock.release();
    throw error;
  }
}

/** Watches the disk of a home, and lets the server show it. */
async function watchHome({ paths, shown, tellParts }: Parts, { disk }: Configuration): Promise<DiskWatch> {
  const { folder } = paths;
  shown.disk = await watchDisk({ folder, freeBytesMin: disk.free_bytes_min, onChange: tellParts });
  return shown.disk;
}

/** Builds from the newest import, with everything that came through the API. */
function buildOf({ paths, lake, engine, shown }: Parts) {
  return async ({ onProgress = () => {}, signal, log }: Running & { log?: EventReader } = {}) => {
    const newest = await latestImport(lake.folder);
    if (!newest) {
      throw new UsherError(
        "HOME_EMPTY",
        `${paths.folder}: expected an import, found none; run \`usher import\``,
      );
    }
    const importVersions = bronzeVersions(newest.tables);
    const imports = [await readableImport(lake, newest)];
    const { edits } = shown;
    const more = { ...(signal ? { signal } : {}), ...(log ? { log } : {}), ...(edits ? { edits } : {}) };
    return buildLake({ lake, engine, imports, importVersions, onProgress, ...more });
  };
}

/** A promise that nobody has to wait for, and what makes it reject. */
function lasting(): { failed: Promise<never>; fail: (failure: UsherError) => void } {
  let fail: (failure: UsherError) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {}); // whoever serves waits for it; others have nothing to stop
  return { failed, fail };
}

interface Parts extends UsherReader, HomeApp, HomeTraining {
  readonly metrics: ServerMetrics;
  readonly changes: Changes;
  /** Tells the stream which parts are ready. */
  tellParts(): void;
  readonly shown: Shown;
  readonly lists: HomeLists;
  /** Opens what was written of the catalogue, where anything was. @param how.isMade Makes it where nothing was. @throws UsherError `STORE_UNAVAILABLE`. */
  openEdits(how: {
    readOnly?: boolean;
    isMade?: boolean;
    onFailure?(failure: UsherError): void;
  }): Promise<void>;
}

/** The composition root: puts the parts of a system over one home together. */
async function assemble(
  paths: HomePaths,
  of: { configuration: Configuration; isOwner: boolean; access?: OpenAccess },
): Promise<Parts> {
  const { configuration, isOwner, access } = of;
  checkModelSettings(configuration.models);
  const temporaryFolder = join(paths.folder, "tmp");
  const engine = await openDuckdb({ threads: availableParallelism(), temporaryFolder });
  const lake = openLake(paths.lake, engine);
  const releases = releaseStore({
    modelsFolder: join(paths.lake, "gold", "gold_models"),
    pointerFile: paths.releasePointer,
  });
  const shown = nothingShown();
  const metrics = serverMetrics([
    freshnessGauge({ lake, released: () => shown.released }),
    ...livingGauges({ paths, living: () => shown.living }),
    diskGauge(() => shown.disk),
  ]);
  const statistics = openStatistics(paths);
  const answering = { now: () => shown, context: () => http.context };
  const lists = listsOf({ paths, lake, configuration, isOwner, ...answering });
  const changes = changesOf();
  const notices = isOwner ? changes.notices : undefined;
  const http = appOf({ shown, releases, metrics, configuration, access, statistics, lists, notices });
  const build = async () => {
    const newest = await latestBuild(paths.lake);
    if (newest) return newest;
    throw new UsherError(
      "HOME_EMPTY",
      `${paths.folder}: expected a build of the lake, found none; run \`usher import\` and \`usher build\``,
    );
  };
  return {
    paths,
    engine,
    lake,
    releases,
    ...http,
    metrics,
    changes,
    tellParts: () => changes.onParts(http.context.dependencies?.() ?? {}),
    shown,
    lists,
    build,
    ...trainingOf({ configuration, lake, engine, releases, build }),
    serve: async () => {
      const version = await releases.current();
      if (version === undefined) return undefined;
      const release = await releases.load(version);
      await showRelease(shown, release, { lake, engine });
      changes.onRelease(release.version);
      return release;
    },
    openEdits: async ({ isMade = false, ...how }) => {
      if (shown.edits || !(isMade || existsSync(join(paths.catalogue, "data.mdb")))) return;
      const store = await openLmdbStateStore({ folder: paths.catalogue, ...how });
      const onItems = (itemIds: readonly string[]) => {
        for (const id of itemIds) shown.serving?.items.apply(shown.edits?.item(id) as ItemEdit);
        changes.onItems(itemIds.length, shown.edits?.revision ?? 0);
      };
      shown.edits = await openCatalogueEdits({ store, onItems });
    },
    close: async () => {
      await http.app.close();
      await shown.edits?.close();
      await statistics.close();
      await lists.close();
      await engine.close();
    },
  };
}

/** Lets a release answer, over the catalogue of the build that it pins. */
async function showRelease(
  shown: Shown,
  release: Release,
  { lake, engine }: { lake: Lake; engine: Engine },
): Promise<void> {
  const pinned = await readBuild(lake.folder, release.report.build.number);
  const catalogue = await readCatalogue(lake, engine, pinned);
  shown.userFeatures = await readUserFeatures(lake, engine, pinned);
  shown.serving = servingOf({ release, catalogue, build: pinned, edits: shown.edits });
  shown.release = release;
  if (shown.isListening) void prepareServing(shown.serving);
  shown.source = pinned.source;
  shown.released = Date.parse(release.report.created_at);
  shown.status = {};
}

/** Opens the fast loop and lets the server show it. @returns Why it stays closed. */
async function showLiving(
  { shown, metrics, paths, lake, engine, openEdits, changes, tellParts }: Parts,
  onFailure: (failure: UsherError) => void,
): Promise<UsherError | undefined> {
  try {
    await openEdits({ onFailure, isMade: true });
    const onTaken: LivingHooks["onTaken"] = (counts, log) => {
      metrics.onEvents(counts);
      changes.onTaken(counts, log);
    };
    const { onApplied } = changes;
    shown.living ??= await openLiving(
      { paths, lake, engine },
      { onFailure, onTaken, onApplied, onAnswered: metrics.onEventAnswered },
    );
    tellParts();
    return undefined;
  } catch (error) {
    shown.failure = asUsherError(error);
    return shown.failure;
  }
}

/** What the slow loop takes from the fast one, where that is open. */
function eventSideOf(shown: Shown): EventSide | undefined {
  const { living } = shown;
  const genresOf = (itemId: string) => shown.serving?.recommender.catalogue.get(itemId)?.genres;
  return living && { log: living.log, trending: () => living.live.trendingRows(genresOf) };
}

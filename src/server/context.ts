import type { CatalogueEdits } from "../catalogue/catalogue-edits.ts";
import { type ItemCatalogue, itemCatalogue } from "../catalogue/item-catalogue.ts";
import { editedCatalogue } from "../catalogue/live-catalogue.ts";
import type { ProgressEvent } from "../contracts/progress.ts";
import type { PinnedTables, QualityReport } from "../contracts/quality.ts";
import type { ReleaseReport } from "../contracts/release.ts";
import type { CatalogueKind } from "../contracts/studio-http.ts";
import type { TasksBody } from "../contracts/upkeep-http.ts";
import type { JobRecord } from "../contracts/workflow.ts";
import type { Catalogue } from "../data/catalogue.ts";
import type { UserFeatures } from "../data/user-features.ts";
import type { DeadLetters } from "../events/dead-letters.ts";
import type { Intake } from "../events/intake.ts";
import type { RefusedRow } from "../lake/reports.ts";
import type { LiveState, Person } from "../live/live-state.ts";
import {
  type Recommender,
  recommender,
  type ServedRelease,
  type ShownItem,
} from "../recommend/recommender.ts";
import type { SurfaceStore } from "../recommend/surface-store.ts";
import type { AskedTraining } from "../registry/training-settings.ts";
import type { Statistics } from "../statistics/statistics.ts";
import type { Edition, StoredAudience } from "../stores/recommendation-store.ts";
import type { Jobs } from "../workflow/jobs.ts";
import type { RunStore } from "../workflow/run-store.ts";
import type { Runner } from "../workflow/runner.ts";
import type { Access } from "./access/access.ts";
import type { ServerMetrics } from "./metrics.ts";
import type { Notices } from "./notices.ts";
import type { Logger } from "./request-log.ts";

/** The release that answers now. A request takes it once, so that a switch in between cannot mix two. */
export interface Serving {
  readonly version: string;
  readonly recommender: Recommender;
  /** The build that the release pins; absent where there is no lake to ask. */
  readonly build?: PinnedTables | undefined;
  /** The catalogue that answers: that of the release, under what was written since. */
  readonly items: ItemCatalogue;
}

/** State of something that the server needs besides a release. */
export interface DependencyState {
  readonly status: "ready" | "waiting" | "failed";
  readonly detail?: string;
}

/** What changes while the server runs: events in, and what becomes of them. */
export interface Living {
  readonly live: LiveState;
  readonly intake: Intake;
  readonly deadLetters: DeadLetters;
  /** Told when somebody has been answered, to measure how long their events waited. */
  answered?(person: Person): void;
}

/** Files on their way in. */
export interface Incoming {
  /** Most bytes of all files together. */
  readonly bytesMax: number;
  /** Takes a file. @throws UsherError `BODY_INVALID`, `BODY_TOO_LARGE`, `DISK_FULL`; what reading the content throws. */
  add(file: { name: string; content: AsyncIterable<Uint8Array> }): Promise<void>;
  /** Imports what came, as a job, and removes it when that ends. @throws UsherError `BODY_INVALID`, `SOURCE_…`, `RUN_BUSY`. */
  startImport(asked: { source?: "movielens" | "csv"; ratingsFile?: string }): Promise<JobRecord>;
  /** Ends it: what no import has taken over is removed. */
  close(): Promise<void>;
}

/** How long published lists are to be, and to be read; absent: as configured. */
export interface AskedLists {
  readonly k?: number;
  readonly audienceK?: number;
  readonly expireHours?: number;
}

/** The slow loop as the server shows it. */
export interface UpkeepContext {
  readonly runner: Pick<Runner, "start" | "retry" | "cancel" | "running">;
  readonly store: Pick<RunStore, "get" | "list" | "lineage">;
  readonly jobs: Pick<Jobs, "list" | "get" | "cancel">;
  /** Its tasks, and when they next run by themselves. */
  plan(): TasksBody;
  /**
   * Trains on the newest build and publishes, as a job.
   * @throws UsherError `MODEL_UNKNOWN`, `MODEL_PARAMETER`, `PARAMETER_INVALID`, with the field; `RUN_BUSY`.
   */
  startTraining(asked: AskedTraining): Promise<JobRecord>;
  /** Makes the lists of the release that serves anew and switches to them, as a job. @throws UsherError `NOT_READY`, `RUN_BUSY`. */
  startPublishing(asked: AskedLists): Promise<JobRecord>;
  /** Imports a data set named as on the command line, as a job. @throws UsherError `PARAMETER_INVALID`, `SOURCE_…`, `RUN_BUSY`. */
  startImport(asked: { source: string; ratingsFile?: string }): Promise<JobRecord>;
  /** Opens a place for files that are sent. @throws UsherError `RUN_BUSY`: another upload is under way; `DISK_FULL`. */
  openUpload(): Promise<Incoming>;
  /** Makes a release the one that serves. @throws UsherError `RELEASE_UNKNOWN`. */
  promote(version: string): Promise<void>;
  /** The newest first. */
  qualityReports(limit: number): Promise<readonly QualityReport[]>;
  /** Of the newest build. @throws UsherError `HOME_EMPTY`. */
  rejectedRows(page: { from: number; limit: number }): Promise<readonly RefusedRow[]>;
}

/** Lists that were published, as the server shows them. */
export interface PublishedLists {
  /** What is read now. @throws UsherError `STORE_UNAVAILABLE`, as the others. */
  current(): Promise<Edition | undefined>;
  /**
   * The first k items of a user's list that may still be shown and that the user has not consumed since; `undefined` where there is
   * no list that is read.
   */
  storedListFor(
    userId: string,
    k: number,
  ): Promise<{ edition: Edition; list: { surface: string; items: readonly ShownItem[] } } | undefined>;
  storedAudienceFor(itemId: string): Promise<{ edition: Edition; audience: StoredAudience } | undefined>;
  /** Nothing is read any more. */
  withdraw(): Promise<void>;
}

/** What the server is given by the composition root. The functions are called for each request and must be cheap. */
export interface ServerContext {
  /** `undefined` until a release serves: the routes that need one then answer 503 `NOT_READY`. */
  serving(): Serving | undefined;
  /** Reports of all releases, the newest first. */
  releases(): Promise<readonly ReleaseReport[]>;
  /** What the start is doing, for `/health/ready`. */
  status(): Partial<ProgressEvent>;
  /** What else must be ready, by name, for `/health/ready`. */
  dependencies?(): Readonly<Record<string, DependencyState>>;
  /** Absent where the home belongs to another process or is only read: answers then come from the release alone, the routes of events answer 503 `NOT_READY`. */
  readonly living?: Living | undefined;
  /** What was written of items and users; absent where the home belongs to another process: the routes that write then answer 503. */
  readonly edits?: CatalogueEdits | undefined;
  /** With fewer users the audience of an item is not told. Default {@link audienceMin}. */
  readonly audienceMin?: number;
  /** Whether what a person rated or completed is left out of lists. Default true; disliked items are left out always. */
  readonly hideConsumed?: boolean;
  /** Surfaces of the home. Absent: those that are built in, and none can be saved. */
  readonly surfaces?: SurfaceStore | undefined;
  /** What is known of a user beside what they did; `undefined` for an unknown one. Default: nothing of anybody. */
  userFeatures?(userId: string): UserFeatures | undefined;
  /** The slow loop; `undefined` while it is not open and where this process does not own the home: its routes then answer 503. */
  upkeep?(): UpkeepContext | undefined;
  /** What `/metrics` shows beside the requests. Default: nothing more. */
  readonly metrics?: ServerMetrics;
  /** Tells what changes; absent where this process changes nothing: the stream then answers 503. Closed with the server. */
  readonly notices?: Notices;
  /** What the items are. Default: items. */
  catalogueKind?(): CatalogueKind;
  /** Who may ask. Default: a server for this machine alone, without keys. */
  readonly access?: Access;
  /** Published lists; absent where there is no home: `source=stored` is then answered live. */
  readonly lists?: PublishedLists;
  /** Figures of builds; absent where there is no lake to ask: their routes then answer 503. */
  readonly statistics?: Statistics;
  /** Host names beside loopback under which the server may be asked; with a port they hold for that port only. */
  readonly allowedHosts: readonly string[];
  /** Default: no log. */
  readonly logger?: Logger | false;
}

/** Users that an audience must have to be told. */
export const audienceMin = 10;

/**
 * Makes a loaded release and its catalogue ready to answer, under what was written since.
 *
 * Cost: O(ratings + items · log items + edits).
 */
export function servingOf(options: {
  release: ServedRelease;
  catalogue: Catalogue;
  edits?: Pick<CatalogueEdits, "items"> | undefined;
  build?: PinnedTables;
}): Serving {
  const { release, edits } = options;
  const catalogue = editedCatalogue(options.catalogue.items, edits?.items());
  const { version, set, ranker } = release;
  const answering = recommender({ release, catalogue });
  const items = itemCatalogue({ catalogue, set, ranker, content: answering.content });
  return { version, build: options.build, items, recommender: answering };
}

/** Makes what the first search and the first question about content would wait for, while others have their turns. */
export async function prepareServing({ items, recommender: answering }: Serving): Promise<void> {
  await items.prepare();
  await answering.prepare();
}

declare module "fastify" {
  interface FastifyRequest {
    /** The route that takes this request; fastify's own getter makes it anew each time. `undefined` where none does. */
    route: FastifyRequest["routeOptions"] | undefined;
  }
}

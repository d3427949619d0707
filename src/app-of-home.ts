import type { FastifyInstance } from "fastify";
import type { CatalogueEdits } from "./catalogue/catalogue-edits.ts";
import { featuresWith } from "./catalogue/item-edit.ts";
import type { Configuration } from "./contracts/configuration.ts";
import type { ProgressEvent } from "./contracts/progress.ts";
import type { CatalogueKind } from "./contracts/studio-http.ts";
import type { UserFeatures } from "./data/user-features.ts";
import { UsherError } from "./errors.ts";
import type { DiskWatch } from "./home/disk-watch.ts";
import type { OpenLiving } from "./living.ts";
import type { SurfaceStore } from "./recommend/surface-store.ts";
import type { Release, ReleaseStore } from "./registry/release-store.ts";
import type { OpenAccess } from "./server/access/access.ts";
import { createApp } from "./server/app.ts";
import type {
  DependencyState,
  PublishedLists,
  ServerContext,
  Serving,
  UpkeepContext,
} from "./server/context.ts";
import { logStream } from "./server/log-stream.ts";
import type { ServerMetrics } from "./server/metrics.ts";
import type { Notices } from "./server/notices.ts";
import type { Statistics } from "./statistics/statistics.ts";

/** A question to the HTTP API. A text is the path of a GET. */
export interface HomeRequest {
  readonly path: string;
  /** Default GET. */
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** What the server shows at this moment; whoever changes it changes the next answer. */
export interface Shown {
  serving: Serving | undefined;
  /** The release that serves. */
  release: Release | undefined;
  /** When the release that serves was made, ms since 1970. */
  released: number | undefined;
  /** Data set of that release: `movielens`, `csv`, `demo`. */
  source: string | undefined;
  status: Partial<ProgressEvent>;
  upkeep: UpkeepContext | undefined;
  living: OpenLiving | undefined;
  edits: CatalogueEdits | undefined;
  /** From then on a release is made ready for searches when it comes. */
  isListening: boolean;
  surfaces: SurfaceStore | undefined;
  /** What the build of the release knows of its users. */
  userFeatures: ReadonlyMap<string, UserFeatures>;
  /** The disk of the home; only its owner looks at it. */
  disk: DiskWatch | undefined;
  /** Why nothing more is accepted. */
  failure: UsherError | undefined;
}

/** What a server shows before anything is there. */
export const nothingShown = (): Shown => ({
  ...{ serving: undefined, release: undefined, released: undefined, source: undefined, status: {} },
  ...{ upkeep: undefined, living: undefined, edits: undefined, surfaces: undefined, disk: undefined },
  ...{ userFeatures: new Map(), failure: undefined, isListening: false },
});

/** What the application of a home is made of. */
export interface AppParts {
  readonly shown: Shown;
  readonly releases: ReleaseStore;
  readonly metrics: ServerMetrics;
  readonly configuration: Configuration;
  readonly access: OpenAccess | undefined;
  readonly statistics: Statistics;
  readonly lists: PublishedLists;
  /** Absent where the home belongs to another process. */
  readonly notices: Notices | undefined;
}

/** The HTTP API of a home. It does not listen by itself. */
export interface HomeApp {
  readonly app: FastifyInstance;
  /** What its handlers are given. */
  readonly context: ServerContext;
  /** Asks it without a socket, as the owner. @returns The body of the answer. @throws UsherError of the problem. */
  ask(request: string | HomeRequest): Promise<unknown>;
}

/** Makes the HTTP API of a home: it answers from what is shown at the moment of each request. */
export function appOf(parts: AppParts): HomeApp {
  const context = contextOf(parts);
  const app = createApp(context);
  const ownerKey = parts.access?.ownerKey;
  return {
    app,
    context,
    ask: (request) => ask(app, typeof request === "string" ? { path: request } : request, ownerKey),
  };
}

function contextOf(of: AppParts): ServerContext {
  const { shown, releases, metrics, configuration, access, statistics, lists, notices } = of;
  return {
    ...(access ? { access } : {}),
    ...(notices ? { notices } : {}),
    catalogueKind: () => kindOfItems(configuration.items_are, shown.source),
    statistics,
    lists,
    get living() {
      return shown.living;
    },
    get edits() {
      return shown.living && shown.edits; // who only reads a home writes nothing
    },
    userFeatures: (id) => featuresWith(shown.userFeatures.get(id), shown.edits?.user(id)),
    get surfaces() {
      return shown.surfaces;
    },
    dependencies: () => {
      const { living, failure, upkeep, disk } = shown;
      const states: Record<string, DependencyState> = {};
      if (disk) states["disk"] = disk.state();
      if (living) states["events"] = ready;
      if (failure) states["events"] = { status: "failed", detail: failure.message };
      if (upkeep) states["workflow"] = ready;
      return states;
    },
    upkeep: () => shown.upkeep,
    metrics,
    serving: () => shown.serving,
    releases: () => releases.list(),
    status: () => shown.status,
    hideConsumed: configuration.hide_consumed,
    audienceMin: configuration.privacy.audience_min,
    allowedHosts: configuration.hosts,
    logger:
      configuration.log_level === "silent" ? false : { level: configuration.log_level, stream: logStream() },
  };
}

const ready: DependencyState = { status: "ready" };

/** Data sets of films; what somebody's own files hold nobody has said. */
const filmSources = ["movielens", "demo"];

function kindOfItems(configured: Configuration["items_are"], source = ""): CatalogueKind {
  if (configured !== "auto") return configured;
  return filmSources.includes(source) ? "films" : "items";
}

async function ask(
  app: FastifyInstance,
  { path, method = "GET", body: sent }: HomeRequest,
  ownerKey: string | undefined,
): Promise<unknown> {
  const answer = await app.inject({
    method,
    url: path,
    headers: {
      host: "localhost",
      ...(ownerKey === undefined ? {} : { authorization: `Bearer ${ownerKey}` }),
      ...(sent === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(sent === undefined ? {} : { payload: JSON.stringify(sent) }),
  });
  const body = answer.json() as { code?: never; detail?: string };
  if (answer.statusCode < 400) return body;
  throw new UsherError(body.code ?? "INTERNAL", body.detail);
}

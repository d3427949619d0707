import { setTimeout as pause } from "node:timers/promises";
import type { EventStatus } from "../contracts/events.ts";
import { eventSender, type SendCounts } from "./event-sender.ts";
import { type HttpClient, httpClient } from "./http-client.ts";
import { type Latencies, latencies } from "./latencies.ts";
import type { ShownList, SimulatedEvent, Visit } from "./visit.ts";

export interface PlayOptions {
  /** Such as `http://127.0.0.1:8000`. */
  readonly address: string;
  readonly visits: Iterable<Visit>;
  /** Real time, ms. */
  readonly durationMs: number;
  /** Simulated time that passes in one unit of real time. Default 1. */
  readonly speed?: number;
  /** Length of the lists that are asked for. Default 10. */
  readonly listLength?: number;
  readonly signal?: AbortSignal;
  /** How often a body of events is sent before its events count as lost. Default 30. */
  readonly attemptsMax?: number;
  /** Told each event with the status that it got. */
  readonly onAcknowledged?: (event: SimulatedEvent, status: EventStatus) => void;
  /** Told how long each list took, ms. */
  readonly onList?: (elapsedMs: number) => void;
  /** Told about once a second how far it is. */
  readonly onProgress?: (done: { seconds: number; sent: number; asked: number }) => void;
}

/** Times of something, ms. */
export interface Timing {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

export interface PlaySummary {
  readonly seconds: number;
  readonly visits: number;
  readonly events: SendCounts;
  readonly eventsPerSecond: number;
  /** Lists that were asked for, and how many of these requests were not answered with a list. */
  readonly lists: { readonly asked: number; readonly failed: number };
  readonly listMs: Timing;
  readonly postMs: Timing;
  /** From sending an event that consumes an item to holding a list without the item; `stale`: lists that still had it. */
  readonly eventToAnswer: Timing & { readonly stale: number };
  /** Versions of the models that answered. */
  readonly modelVersions: readonly string[];
  /** The first failures, in words. */
  readonly failures: readonly string[];
  /** Every request was served, every event settled as it should be, and every answer was up to date. */
  readonly isServed: boolean;
}

/** Most visits under way: a slower server is asked at a lower rate. */
const visitsMax = 200;
const connections = 64;
/** Each so manieth visit with a consuming event is followed by a look at the next list. */
const probeEvery = 5;
const failuresKept = 10;

/**
 * Plays visits against a running server: asks for each person's list, lets the person act on it, and sends the events in bodies of up
 * to 100. A part of the visits is sent by itself and then asks again, to see the answer change.
 *
 * Never rejects for what the server does: that stands in the summary.
 */
export async function playVisits(options: PlayOptions): Promise<PlaySummary> {
  const { visits, durationMs, speed = 1, signal, onProgress } = options;
  const stage = openStage(options);
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  const beat = setInterval(
    () =>
      onProgress?.({ seconds: elapsed() / 1000, sent: stage.sender.counts.sent, asked: stage.lists.asked }),
    1000,
  );
  let count = 0;
  const underWay = new Set<Promise<void>>();
  for (const visit of visits) {
    const dueMs = visit.atMs / speed;
    if (dueMs > durationMs || elapsed() > durationMs || signal?.aborted) break;
    if (dueMs > elapsed() + 1) await pause(dueMs - elapsed(), undefined, { signal }).catch(() => {});
    if (underWay.size >= visitsMax) await Promise.race(underWay);
    count++;
    const playing = playVisit(stage, visit);
    underWay.add(playing);
    void playing.finally(() => underWay.delete(playing));
  }
  await Promise.all(underWay);
  await stage.sender.settled();
  clearInterval(beat);
  stage.client.close();
  return summaryOf(stage, { seconds: elapsed() / 1000, visits: count });
}

/** What all visits share. */
interface Stage {
  readonly client: HttpClient;
  readonly sender: ReturnType<typeof eventSender>;
  readonly listLength: number;
  readonly lists: { asked: number; failed: number };
  readonly listMs: Latencies;
  readonly onList: ((elapsedMs: number) => void) | undefined;
  readonly probeMs: Latencies;
  readonly versions: Set<string>;
  readonly failures: string[];
  /** Ids of events that were taken back. */
  readonly retracted: Set<string>;
  consuming: number;
  stale: number;
}

function openStage(options: PlayOptions): Stage {
  const { address, listLength = 10, attemptsMax = 30, onAcknowledged, onList } = options;
  const failures: string[] = [];
  const client = httpClient(address, connections);
  const onFailure = (text: string) => {
    if (failures.length < failuresKept) failures.push(text);
  };
  return {
    client,
    sender: eventSender({ client, attemptsMax, onAcknowledged, onFailure }),
    listLength,
    lists: { asked: 0, failed: 0 },
    listMs: latencies(),
    onList,
    probeMs: latencies(),
    versions: new Set(),
    failures,
    retracted: new Set(),
    consuming: 0,
    stale: 0,
  };
}

async function playVisit(stage: Stage, visit: Visit): Promise<void> {
  const events = visit.act((await askList(stage, visit)) ?? emptyList);
  for (const { retracts } of events) if (retracts !== undefined) stage.retracted.add(retracts);
  const consumed = events.filter(({ consumes }) => consumes !== undefined);
  if (consumed.length === 0 || stage.consuming++ % probeEvery > 0) {
    stage.sender.add(events);
    return;
  }
  const began = performance.now();
  const lostBefore = stage.sender.counts.lost;
  await stage.sender.post(events);
  const next = await askList(stage, visit);
  if (!next || stage.sender.counts.lost > lostBefore) return; // counted as a failure already
  stage.probeMs.add(performance.now() - began);
  const still = consumed.filter(
    // another visit of the session may have taken it back meanwhile
    ({ consumes = "", eventId }) => next.itemIds.includes(consumes) && !stage.retracted.has(eventId),
  );
  if (still.length === 0) return;
  stage.stale++;
  keep(
    stage,
    `the next list of ${visit.userId ?? visit.sessionId} still holds ${still.map(({ consumes }) => consumes).join(", ")}`,
  );
}

const emptyList: ShownList = { requestId: "none", modelVersion: "none", surface: "none", itemIds: [] };

function keep({ failures }: Stage, text: string): void {
  if (failures.length < failuresKept) failures.push(text);
}

/** The list of the person of a visit; `undefined` where none was answered. */
async function askList(stage: Stage, { userId, sessionId }: Visit): Promise<ShownList | undefined> {
  const person = userId === undefined ? `sessions/${sessionId}` : `users/${encodeURIComponent(userId)}`;
  const path = `/v1/${person}/recommendations?k=${stage.listLength}`;
  stage.lists.asked++;
  try {
    const { status, text, elapsedMs } = await stage.client.send(path);
    if (status !== 200) throw new Error(`expected 200, got ${status} ${text.slice(0, 300)}`);
    stage.listMs.add(elapsedMs);
    stage.onList?.(elapsedMs);
    const body = JSON.parse(text) as {
      request_id: string;
      model_version: string;
      surface: string;
      items: { item_id: string }[];
    };
    stage.versions.add(body.model_version);
    return {
      requestId: body.request_id,
      modelVersion: body.model_version,
      surface: body.surface,
      itemIds: body.items.map(({ item_id }) => item_id),
    };
  } catch (error) {
    stage.lists.failed++;
    keep(stage, `GET ${path}: ${(error as Error).message}`);
    return undefined;
  }
}

function summaryOf(stage: Stage, { seconds, visits }: { seconds: number; visits: number }): PlaySummary {
  const { counts, postMs } = stage.sender;
  return {
    seconds,
    visits,
    events: counts,
    eventsPerSecond: counts.sent / seconds,
    lists: stage.lists,
    listMs: timingOf(stage.listMs),
    postMs: timingOf(postMs),
    eventToAnswer: { ...timingOf(stage.probeMs), stale: stage.stale },
    modelVersions: [...stage.versions].sort(),
    failures: stage.failures,
    isServed:
      visits > 0 && stage.lists.failed + counts.failed + counts.lost + counts.unexpected + stage.stale === 0,
  };
}

const timingOf = (times: Latencies): Timing => ({
  count: times.count,
  p50: Math.round(100 * times.quantile(0.5)) / 100,
  p99: Math.round(100 * times.quantile(0.99)) / 100,
});

import { setTimeout as pause } from "node:timers/promises";
import { type EventStatus, eventsMax, type RejectionReason } from "../contracts/events.ts";
import type { HttpClient } from "./http-client.ts";
import { type Latencies, latencies } from "./latencies.ts";
import type { SimulatedEvent } from "./visit.ts";

/** What became of the events that were sent. */
export interface SendCounts {
  sent: number;
  accepted: number;
  duplicates: number;
  readonly rejected: Partial<Record<RejectionReason, number>>;
  /** Never acknowledged, although they were sent again and again. */
  lost: number;
  /** Another status than the event was made for. */
  unexpected: number;
  /** Requests, those among them that were refused with 429 and sent again, and those that failed. */
  posts: number;
  refused: number;
  failed: number;
}

/** Sends events, again where the answer asks for it, and counts what became of them. */
export interface EventSender {
  readonly counts: SendCounts;
  /** Of posts that were taken. */
  readonly postMs: Latencies;
  /** Up to 1,000 events in one body; resolves when each has a status, or is given up. Never rejects. */
  post(events: readonly SimulatedEvent[]): Promise<void>;
  /** Puts events into the next body, which goes when it has 100 events, or after 20 ms. */
  add(events: readonly SimulatedEvent[]): void;
  /** Resolves when everything that was added is settled. */
  settled(): Promise<void>;
}

const batchEvents = 100;
const batchWaitMs = 20;
const waitMsMax = 2000;

/**
 * @param options.attemptsMax How often a body is sent before its events count as lost, ≥ 1.
 * @param options.onAcknowledged Told each event with the status that it got.
 * @param options.onFailure Told in words what went wrong.
 */
export function eventSender(options: {
  client: HttpClient;
  attemptsMax: number;
  onAcknowledged?: ((event: SimulatedEvent, status: EventStatus) => void) | undefined;
  onFailure: (text: string) => void;
}): EventSender {
  const { client, attemptsMax, onAcknowledged, onFailure } = options;
  const counts: SendCounts = {
    ...{ sent: 0, accepted: 0, duplicates: 0, rejected: {}, lost: 0, unexpected: 0 },
    ...{ posts: 0, refused: 0, failed: 0 },
  };
  const postMs = latencies();
  const underWay = new Set<Promise<void>>();
  let waiting: SimulatedEvent[] = [];
  let timer: NodeJS.Timeout | undefined;

  const settle = (events: readonly SimulatedEvent[], statuses: readonly EventStatus[]) => {
    events.forEach((event, at) => {
      const status = statuses[at];
      if (!status) throw new Error(`expected ${events.length} statuses, got ${statuses.length}`);
      count(counts, status);
      if (!isExpected(event, status)) {
        counts.unexpected++;
        onFailure(`${event.text.slice(0, 300)}: expected ${event.expected}, got ${JSON.stringify(status)}`);
      }
      onAcknowledged?.(event, status);
    });
  };
  const post = async (events: readonly SimulatedEvent[]) => {
    counts.sent += events.length;
    const text = events.map((event) => event.text).join("\n");
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const waitMs = await tryOnce(text, events, attempt);
      if (waitMs === undefined) return;
      await pause(Math.min(waitMs, waitMsMax));
    }
    counts.lost += events.length;
  };
  /** @returns How long to wait before the next try, ms; `undefined` when it is done. */
  const tryOnce = async (text: string, events: readonly SimulatedEvent[], attempt: number) => {
    counts.posts++;
    try {
      const answer = await client.send("/v1/events", { type: "application/x-ndjson", text });
      if (answer.status === 202) {
        postMs.add(answer.elapsedMs);
        settle(events, (JSON.parse(answer.text) as { results: EventStatus[] }).results);
        return undefined;
      }
      if (answer.status === 429) counts.refused++;
      else {
        counts.failed++;
        onFailure(`POST /v1/events: expected 202, got ${answer.status} ${answer.text.slice(0, 300)}`);
      }
      return 1000 * (answer.retryAfter ?? 1);
    } catch (error) {
      counts.failed++;
      onFailure(`POST /v1/events: ${(error as Error).message}`);
      return 100 * attempt;
    }
  };
  const track = (work: Promise<void>) => {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
    return work;
  };
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    for (; waiting.length > 0; waiting = waiting.slice(batchEvents))
      void track(post(waiting.slice(0, batchEvents)));
  };
  return {
    counts,
    postMs,
    post: (events) => track(post(events.slice(0, eventsMax))),
    add: (events) => {
      waiting.push(...events);
      if (waiting.length >= batchEvents) flush();
      else timer ??= setTimeout(flush, batchWaitMs);
    },
    settled: async () => {
      flush();
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

function count(counts: SendCounts, { status, reason }: EventStatus): void {
  if (status === "accepted") counts.accepted++;
  else if (status === "duplicate") counts.duplicates++;
  else if (reason) counts.rejected[reason] = (counts.rejected[reason] ?? 0) + 1;
}

/** A body may have been taken although its answer was lost, so a duplicate is always in order for a good event. */
function isExpected({ expected }: SimulatedEvent, { status, reason }: EventStatus): boolean {
  return expected === "accepted" || expected === "repeat" ? status !== "rejected" : reason === expected;
}

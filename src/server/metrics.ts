import type { FastifyInstance } from "fastify";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { AskedGauge } from "../contracts/metrics.ts";
import type { RunRecord } from "../contracts/workflow.ts";
import type { Recommendations } from "../recommend/recommender.ts";
import { listMetrics } from "./list-metrics.ts";

/** What the parts of a system tell, by small functions, so that they need not know how it is counted. */
export interface ServerMetrics {
  readonly registry: Registry;
  /** Events of one body. `rejected`: by reason. */
  onEvents(counts: {
    accepted?: Readonly<Record<string, number>>;
    duplicates?: number;
    rejected?: Readonly<Record<string, number>>;
  }): void;
  /** Seconds from the acceptance of an event to the first answer that uses it. */
  onEventAnswered(seconds: number): void;
  /** A list that was answered. */
  onList(list: Pick<Recommendations, "surface" | "items" | "isFallback" | "stagesMs">): void;
  /** A run that ended. */
  onRun(run: RunRecord): void;
  /** Counts the requests of an app, by the template of the route. */
  watch(app: FastifyInstance): void;
}

/** Seconds: from a tenth of a millisecond to ten seconds. */
const latencyBuckets = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** Seconds: from a second to a day. */
const workBuckets = [1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600];

/**
 * Counters and histograms of one application, in a registry of their own.
 *
 * Labels are names of routes, topics, reasons and tasks, never ids: their number is bounded, and no person is in them.
 */
export function serverMetrics(gauges: readonly AskedGauge[] = []): ServerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: "usher_http_requests_total",
    help: "Requests answered",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const seconds = new Histogram({
    name: "usher_http_request_seconds",
    help: "Time from a request to its answer",
    labelNames: ["method", "route"],
    buckets: latencyBuckets,
    registers,
  });
  const accepted = new Counter({
    name: "usher_events_accepted_total",
    help: "Events accepted, durable",
    labelNames: ["topic"],
    registers,
  });
  const duplicates = new Counter({
    name: "usher_events_duplicate_total",
    help: "Events whose id was known",
    registers,
  });
  const rejected = new Counter({
    name: "usher_events_rejected_total",
    help: "Events rejected",
    labelNames: ["reason"],
    registers,
  });
  const answered = new Histogram({
    name: "usher_event_to_answer_seconds",
    help: "From the acceptance of an event to the first answer that uses it",
    buckets: latencyBuckets,
    registers,
  });
  const tasks = new Counter({
    name: "usher_tasks_total",
    help: "Tasks of the workflow that ended",
    labelNames: ["task", "status"],
    registers,
  });
  const taskSeconds = new Histogram({
    name: "usher_task_seconds",
    help: "Time that a task of the workflow took",
    labelNames: ["task"],
    buckets: workBuckets,
    registers,
  });
  for (const gauge of gauges) askedGauge(gauge, registry);
  return {
    registry,
    onEvents: ({ accepted: topics = {}, duplicates: again = 0, rejected: reasons = {} }) => {
      for (const [topic, count] of Object.entries(topics)) accepted.inc({ topic }, count);
      for (const [reason, count] of Object.entries(reasons)) rejected.inc({ reason }, count);
      duplicates.inc(again);
    },
    onList: listMetrics(registry),
    onEventAnswered: (value) => answered.observe(value),
    onRun: ({ tasks: ended }) => {
      for (const { name: task, status, started_at: from, ended_at: to } of ended) {
        tasks.inc({ task, status });
        if (from && to && status !== "unchanged")
          taskSeconds.observe({ task }, Math.max(0, Date.parse(to) - Date.parse(from)) / 1000);
      }
    },
    watch: (app) => {
      app.addHook("onResponse", (request, reply, done) => {
        const { method } = request;
        const route = request.route?.url ?? "unrouted";
        requests.inc({ method, route, status: reply.statusCode });
        seconds.observe({ method, route }, reply.elapsedTime / 1000);
        done();
      });
    },
  };
}

function askedGauge({ name, meaning: help, label, values }: AskedGauge, registry: Registry): void {
  new Gauge({
    name,
    help,
    labelNames: label === undefined ? [] : [label],
    registers: [registry],
    async collect() {
      this.reset();
      try {
        for (const [key, value] of Object.entries(await values())) {
          if (label === undefined) this.set(value);
          else this.set({ [label]: key }, value);
        }
      } catch {
        this.reset(); // a part that cannot be asked must not hide the others
      }
    },
  });
}

import { Worker } from "node:worker_threads";
import type { TrainingReport } from "../contracts/release.ts";
import type { Interactions } from "../data/interactions.ts";
import { UsherError } from "../errors.ts";
import type { ModelData } from "../models/model.ts";
import { algorithmNamed } from "./candidates.ts";
import type { TrainedRelease, TrainRequest } from "./train-release.ts";
import type { WorkerMessage, WorkerRequest } from "./train-worker.ts";

/** The compiled worker, also where this file itself runs from src/ (in tests): Node 20 runs no TypeScript. */
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/registry/train-worker.js" : "./train-worker.js",
  import.meta.url,
);

/** As for `trainRelease`; the algorithms are those of `models/`, since functions cannot be handed to a thread. */
export type WorkerTrainRequest = Omit<TrainRequest, "algorithms">;

/**
 * `trainRelease` in a thread of its own, so that this one keeps answering.
 *
 * The ratings are handed over in shared memory: columns that lie there already are not copied, others once. The models come back
 * by moving their buffers. Aborting ends the thread at once, in the middle of whatever it does.
 *
 * @throws UsherError As `trainRelease`, by the same codes and with the same details.
 */
export async function trainInWorker(request: WorkerTrainRequest): Promise<TrainedRelease> {
  const outcome = await run("train", request);
  if (outcome.kind !== "trained") throw unexpected(outcome);
  const load = (data: ModelData) => algorithmNamed(data.algorithm).load(data);
  const { report, ranker, rater } = outcome;
  return { report, ranker: load(ranker), rater: load(rater), set: request.set };
}

/** `compareCandidates` in a thread of its own, as {@link trainInWorker}. */
export async function compareInWorker(request: WorkerTrainRequest): Promise<TrainingReport> {
  const outcome = await run("compare", request);
  if (outcome.kind !== "compared") throw unexpected(outcome);
  return outcome.report;
}

async function run(task: WorkerRequest["task"], request: WorkerTrainRequest): Promise<Outcome> {
  const { set, onProgress, signal, seed, candidates, k, itemGroups, present, presentRater } = request;
  if (signal?.aborted) throw cancelled();
  const workerData: WorkerRequest = {
    task,
    userIds: set.users.ids,
    itemIds: set.items.ids,
    ratings: sharedInteractions(set.ratings),
    ...(set.weights ? { weights: sharedInteractions(set.weights) } : {}),
    seed,
    ...(candidates ? { candidates } : {}),
    ...(k === undefined ? {} : { k }),
    ...(itemGroups ? { itemGroups } : {}),
    ...(present ? { present } : {}),
    ...(presentRater ? { presentRater } : {}),
  };
  const worker = new Worker(workerFile, { workerData, name: "usher-train" });
  const abort = () => void worker.terminate();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await outcomeOf(worker, (event) => onProgress?.(event));
  } catch (error) {
    throw signal?.aborted ? cancelled() : error;
  } finally {
    signal?.removeEventListener("abort", abort);
    await worker.terminate();
  }
}

/** A failure of the thread as the error that it was there. */
function unexpected(outcome: Outcome): UsherError {
  if (outcome.kind !== "failed") {
    return new UsherError("INTERNAL", `the training thread answered ${outcome.kind} to another question`);
  }
  const cause = new Error(outcome.message);
  cause.stack = outcome.stack ?? "";
  return new UsherError(outcome.code, outcome.message, { cause, details: outcome.details });
}

type Outcome = Exclude<WorkerMessage, { kind: "progress" }>;

function outcomeOf(
  worker: Worker,
  onProgress: (event: Extract<WorkerMessage, { kind: "progress" }>["event"]) => void,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    worker.on("message", (message: WorkerMessage) => {
      if (message.kind === "progress") onProgress(message.event);
      else resolve(message);
    });
    worker.once("error", (cause) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      reject(new UsherError("INTERNAL", `the training thread failed: ${reason}`, { cause }));
    });
    worker.once("exit", (exitCode) => {
      reject(new UsherError("INTERNAL", `the training thread ended without a result, exit code ${exitCode}`));
    });
  });
}

function cancelled(): UsherError {
  return new UsherError("CANCELLED", "the training was cancelled");
}

/** The same matrix with its columns in shared memory; columns that are there already are used as they are. */
function sharedInteractions(interactions: Interactions): Interactions {
  const { starts, items, values, times, ...shape } = interactions;
  return {
    ...shape,
    starts: isShared(starts) ? starts : intoShared(starts, Int32Array),
    items: isShared(items) ? items : intoShared(items, Int32Array),
    values: isShared(values) ? values : intoShared(values, Float32Array),
    ...(times ? { times: isShared(times) ? times : intoShared(times, Float64Array) } : {}),
  };
}

const isShared = (column: ArrayBufferView) => column.buffer instanceof SharedArrayBuffer;

type Column = Int32Array | Float32Array | Float64Array;

function intoShared<To extends Column>(from: To, Type: new (buffer: SharedArrayBuffer) => To): To {
  const to = new Type(new SharedArrayBuffer(from.byteLength));
  to.set(from);
  return to;
}

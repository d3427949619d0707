// The thread that trains: started by train-in-worker.ts with a request as its data, sends progress, then one outcome.
import { parentPort, workerData } from "node:worker_threads";
import type { ProgressEvent } from "../contracts/progress.ts";
import type { ModelChoice, TrainingReport } from "../contracts/release.ts";
import type { Interactions } from "../data/interactions.ts";
import { vocabulary } from "../data/vocabulary.ts";
import { asUsherError, type ErrorCode } from "../errors.ts";
import type { Model, ModelData } from "../models/model.ts";
import type { Candidate } from "./candidates.ts";
import { compareCandidates, trainRelease } from "./train-release.ts";

/** What the thread is started with. The columns of the ratings lie in shared memory. */
export interface WorkerRequest {
  readonly task: "train" | "compare";
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  readonly ratings: Interactions;
  readonly weights?: Interactions;
  readonly seed: number;
  readonly candidates?: readonly Candidate[];
  readonly k?: number;
  readonly itemGroups?: readonly (readonly string[])[];
  readonly present?: ModelChoice;
  readonly presentRater?: ModelChoice;
}

/** What the thread says. After anything but `progress` it ends. */
export type WorkerMessage =
  | { readonly kind: "progress"; readonly event: ProgressEvent }
  | {
      readonly kind: "trained";
      readonly report: TrainingReport;
      readonly ranker: ModelData;
      readonly rater: ModelData;
    }
  | { readonly kind: "compared"; readonly report: TrainingReport }
  | {
      readonly kind: "failed";
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: Record<string, unknown>;
      readonly stack: string | undefined;
    };

const say = (message: WorkerMessage, moved: ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, moved);

/** A model's data in buffers of its own, which can be moved to another thread; its arrays may be views on memory that cannot. */
function movable(model: Model, moved: ArrayBuffer[]): ModelData {
  const data = model.toData();
  const arrays = Object.fromEntries(
    Object.entries(data.arrays).map(([name, array]) => {
      const own = array.slice();
      moved.push(own.buffer as ArrayBuffer);
      return [name, own];
    }),
  );
  return { ...data, arrays };
}

async function work({ task, userIds, itemIds, ratings, weights, ...rest }: WorkerRequest): Promise<void> {
  try {
    const request = {
      ...rest,
      set: {
        users: vocabulary(userIds),
        items: vocabulary(itemIds),
        ratings,
        ...(weights ? { weights } : {}),
      },
      onProgress: (event: ProgressEvent) => say({ kind: "progress", event }),
    };
    if (task === "compare") return say({ kind: "compared", report: await compareCandidates(request) });
    const { report, ranker, rater } = await trainRelease(request);
    const moved: ArrayBuffer[] = [];
    say({ kind: "trained", report, ranker: movable(ranker, moved), rater: movable(rater, moved) }, moved);
  } catch (error) {
    const { code, message, details, stack } = asUsherError(error);
    say({ kind: "failed", code, message, details: { ...details }, stack });
  }
}

if (parentPort) await work(workerData as WorkerRequest);

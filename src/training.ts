import type { Configuration } from "./contracts/configuration.ts";
import type { Progress } from "./contracts/progress.ts";
import type { BuildRecord } from "./contracts/quality.ts";
import type { ReleaseReport, TrainingReport } from "./contracts/release.ts";
import type { Engine } from "./engine/engine.ts";
import type { Lake } from "./lake/lake.ts";
import { readCatalogue, readTrainingSet } from "./lake/read.ts";
import { candidatesWith } from "./registry/candidates.ts";
import type { ReleaseStore } from "./registry/release-store.ts";
import { compareInWorker, trainInWorker } from "./registry/train-in-worker.ts";
import { type AskedTraining, settingsOf } from "./registry/training-settings.ts";

/** What every long work takes. */
export interface Running {
  readonly onProgress?: Progress;
  readonly signal?: AbortSignal;
}

/** What a training may be asked for. */
export interface TrainingOptions extends Running, AskedTraining {}

/** The training of a home, on its newest build. */
export interface HomeTraining {
  /**
   * Fits and compares the candidates; publishes nothing.
   * @param options.genres Whether the report has a slice for each genre too. Default false.
   */
  evaluate(options?: TrainingOptions & { readonly genres?: boolean }): Promise<TrainingReport>;
  /** Trains, passes the gate, and stores the release; what serves stays as it is. */
  trainAndSave(options?: TrainingOptions): Promise<ReleaseReport>;
}

/** Trains in a worker, on what a home holds. @param of.build The newest build. */
export function trainingOf(of: {
  configuration: Configuration;
  lake: Lake;
  engine: Engine;
  releases: ReleaseStore;
  build: () => Promise<BuildRecord>;
}): HomeTraining {
  const { configuration, lake, engine, releases, build } = of;
  return {
    evaluate: async ({ genres = false, ...training } = {}) => {
      const pinned = await build();
      const set = await readTrainingSet(lake, engine, pinned);
      const items = genres ? await readCatalogue(lake, engine, pinned) : undefined;
      const itemGroups = items && set.items.ids.map((id) => items.get(id)?.genres ?? []);
      const request = { set, ...requestOf(configuration, training) };
      return compareInWorker({ ...request, ...(itemGroups ? { itemGroups } : {}) });
    },
    trainAndSave: async (training = {}) => {
      const pinned = await build();
      const version = await releases.current();
      const present = version === undefined ? undefined : (await releases.report(version)).chosen;
      const trained = await trainInWorker({
        set: await readTrainingSet(lake, engine, pinned),
        ...requestOf(configuration, training),
        ...(present ? { present: present.ranker, presentRater: present.rater } : {}),
      });
      const { onProgress = () => {} } = training;
      const saved = await releases.save(trained, {
        build: { number: pinned.number, tables: { ...pinned.tables } },
        settings: settingsOf(configuration, training),
        onProgress,
      });
      return releases.report(saved);
    },
  };
}

/** The part of a training request that configuration and options decide. */
function requestOf(configuration: Configuration, { onProgress, signal, ...asked }: TrainingOptions) {
  const { models: parameters, seed, algorithms } = settingsOf(configuration, asked);
  return {
    candidates: candidatesWith({ parameters, ...(algorithms ? { algorithms } : {}) }),
    seed,
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  };
}

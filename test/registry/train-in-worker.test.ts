import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { TrainingReport } from "../../src/contracts/release.ts";
import { historyOf } from "../../src/data/interactions.ts";
import { UsherError } from "../../src/errors.ts";
import { compareInWorker, trainInWorker } from "../../src/registry/train-in-worker.ts";
import { trainingSet, twoTastes } from "./small-sets.ts";

const set = twoTastes();

/** The function that the thread runs: the compiled one, so that both sides are of the same build. */
const { trainRelease }: typeof import("../../src/registry/train-release.ts") = await import(
  new URL("../../dist/registry/train-release.js", import.meta.url).href
);
const candidates = [
  { algorithm: "ials", parameters: { factors: 4, epochs: 3 } },
  { algorithm: "biased-mf", parameters: { factors: 2, epochs: 3 } },
];

const errorOf = async (work: Promise<unknown>): Promise<UsherError> => {
  const reason: unknown = await work.then(
    () => "no error",
    (error: unknown) => error,
  );
  if (reason instanceof UsherError) return reason;
  throw new Error(`expected an UsherError, got ${reason}`);
};

describe("trainInWorker", () => {
  it("gives what trainRelease gives here, with its progress, and leaves the ratings usable", async () => {
    const phases: string[] = [];
    const request = {
      set,
      seed: 3,
      candidates,
      onProgress: ({ phase }: { phase: string }) => void phases.push(phase),
    };
    const there = await trainInWorker(request);
    const phasesThere = phases.splice(0);
    const here = await trainRelease(request);
    expect(there.report).toEqual(here.report);
    expect(phasesThere).toEqual(phases);
    expect(there.set).toBe(set);
    const [first, second] = [there.ranker, here.ranker].map((model) => {
      const scores = new Float32Array(model.itemCount);
      model.scoreItems(historyOf(set.ratings, 5), scores);
      return scores;
    });
    expect(first).toEqual(second);
    expect(first?.some((score) => score !== 0)).toBe(true);
  });

  it("keeps this thread answering: timers come while it trains", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    await trainInWorker({ set: twoTastes({ users: 400, items: 200 }), seed: 3 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
  });

  it("aborted in the middle of an epoch ends at once by CANCELLED", async () => {
    const cancel = new AbortController();
    const endless = [{ algorithm: "ials", parameters: { factors: 128, epochs: 1000 } }];
    const work = errorOf(
      trainInWorker({
        set: twoTastes({ users: 1500, items: 500 }),
        seed: 3,
        candidates: endless,
        signal: cancel.signal,
        onProgress: ({ text }) => {
          if (text.startsWith("ials")) cancel.abort();
        },
      }),
    );
    const late = setTimeout(20_000, "still training", { ref: false });
    expect(await Promise.race([work.then(({ code }) => code), late])).toBe("CANCELLED");
  });

  it("aborted before it began does not begin", async () => {
    const signal = AbortSignal.abort();
    const onProgress = () => expect.unreachable();
    expect((await errorOf(trainInWorker({ set, seed: 1, candidates, signal, onProgress }))).code).toBe(
      "CANCELLED",
    );
  });

  it("carries errors over by code, message and details", async () => {
    const wrong = await errorOf(
      trainInWorker({ set, seed: 1, candidates: [{ algorithm: "ials", parameters: { factors: 0.5 } }] }),
    );
    expect(wrong.code).toBe("MODEL_PARAMETER");
    expect(wrong.message).toContain("factors");
    expect(wrong.cause).toBeInstanceOf(Error);
    const present = { algorithm: "ials", parameters: { factors: 8 } };
    const refused = await errorOf(trainInWorker({ set, seed: 1, candidates: [], present }));
    expect(refused.code).toBe("GATE_REFUSED");
    expect((refused.details["report"] as TrainingReport).gate.present).toEqual(present);
    const nothing = trainingSet({
      users: new Int32Array(0),
      items: new Int32Array(0),
      values: new Float32Array(0),
    });
    expect((await errorOf(trainInWorker({ set: nothing, seed: 1 }))).code).toBe("DATA_EMPTY");
  });
});

describe("compareInWorker", () => {
  it("gives the report alone, and reports a refusal instead of throwing it", async () => {
    const phases = new Set<string>();
    const texts: string[] = [];
    const report = await compareInWorker({
      set,
      seed: 1,
      candidates: [],
      present: { algorithm: "ials", parameters: { factors: 8 } },
      onProgress: ({ phase, text }) => {
        phases.add(phase);
        texts.push(text);
      },
    });
    expect(report.gate.decision).toBe("refused");
    expect([...phases]).toEqual(["train", "evaluate"]);
    expect(texts.filter((text) => text.includes("on all data"))).toEqual([]);
  });
});

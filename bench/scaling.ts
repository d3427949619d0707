import { ials } from "../src/models/ials.ts";
import { type OurSide, openJob, peakMemory, runOurs } from "./contest.ts";
import { grownSet } from "./grown.ts";
import { readMatrix } from "./hand-over.ts";
import type { BenchOptions } from "./movielens.ts";
import { publish } from "./report.ts";
import { median } from "./statistics.ts";

const question = "scaling";
const epochs = 3;

/** One cell of the table. */
export interface Cost {
  readonly ratings: number;
  readonly factors: number;
  readonly epochSeconds: number;
  readonly fitSeconds: number;
  readonly memoryBytes: number;
  /** What `memoryBytes` of the algorithm states before the fit, without the interactions themselves. */
  readonly statedBytes: number;
}

/** Fits once and tells the seconds of the whole fit, then those of each epoch. */
export const ours: OurSide = async (job) => {
  const train = readMatrix(job, "train");
  const marks: number[] = [];
  const done = new Set<string>();
  const started = performance.now();
  await ials.fit(train, job.parameters, {
    onProgress(fraction) {
      const epoch = Math.floor(fraction * epochs + 1e-9);
      if (epoch === 0 || done.has(`${epoch}`)) return;
      done.add(`${epoch}`);
      marks.push((performance.now() - started) / 1000);
    },
  });
  const fit = (performance.now() - started) / 1000;
  const each = marks.slice(1).map((mark, at) => mark - marks[at]!);
  const shape = { userCount: train.userCount, itemCount: train.itemCount, entryCount: train.items.length };
  return {
    seconds: [fit, ...each],
    memoryBytes: peakMemory(),
    details: { statedBytes: ials.memoryBytes(shape, job.parameters) },
  };
};

/** How do time and memory of implicit ALS grow with ratings and factors? Tiny: 200 users, 8 and 16 factors. */
export async function run({ dataFolder, tiny, rival = false }: BenchOptions): Promise<Cost[]> {
  const costs: Cost[] = [];
  for (const copies of tiny ? [1] : [1, 5, 25]) {
    const data = await grownSet(dataFolder, { copies, tiny });
    for (const factors of tiny ? [8, 16] : [32, 64, 128, 256]) {
      const job = openJob(data, { factors, epochs, seed: 1 });
      const { seconds, memoryBytes, details } = await runOurs({ question, ours, inProcess: tiny }, job);
      job.close();
      const [fitSeconds = 0, ...each] = seconds;
      const { statedBytes } = details as { statedBytes: number };
      const ratings = data.facts["trainRatings"] as number;
      costs.push({ ratings, factors, epochSeconds: median(each), fitSeconds, memoryBytes, statedBytes });
      console.log(`  ${ratings} ratings, ${factors} factors: ${median(each).toFixed(3)} s an epoch`);
    }
  }
  publish(
    {
      name: question,
      question: "How time and memory of implicit ALS grow.",
      head: [
        "ratings",
        "factors",
        "seconds an epoch",
        "ns a rating and epoch",
        "fit of 3 epochs, s",
        "peak memory",
        "stated before the fit",
      ],
      rows: costs.map(({ ratings, factors, epochSeconds, fitSeconds, memoryBytes, statedBytes }) => [
        ratings.toLocaleString("en-US"),
        `${factors}`,
        epochSeconds.toFixed(3),
        ((epochSeconds / ratings) * 1e9).toFixed(0),
        fitSeconds.toFixed(2),
        `${Math.round(memoryBytes / 1e6)} MB`,
        `${Math.round(statedBytes / 1e6)} MB`,
      ]),
      notes: [
        "MovieLens-1M grown 1, 5 and 25 times over 59,296 items (synthetic), 95 % of the ratings. An epoch is the median of the second and the third; memory is of the whole process with the data, the stated bytes are without them.",
      ],
      versions: {},
    },
    { keep: rival && !tiny },
  );
  return costs;
}

import { join } from "node:path";
import type { RecommendationsBody } from "../contracts/http.ts";
import type { Progress } from "../contracts/progress.ts";
import type { TrainingSet } from "../data/training-set.ts";
import { UsherError } from "../errors.ts";
import { latestBuild, readBuild } from "../lake/build-record.ts";
import { formatEvaluationTable } from "../registry/evaluation-table.ts";
import type { Release } from "../registry/release-store.ts";
import { downloadDataset } from "../sources/download.ts";
import { checkSameSource, importOfBuild, latestImport } from "../sources/import-record.ts";
import type { SourceSpec } from "../sources/source.ts";
import type { Running } from "../training.ts";
import { openUsher, type Usher } from "../usher.ts";
import { addressOptions, type Command, type CommandRun } from "./command.ts";
import { chosenSource } from "./data-set.ts";
import { collectSeldom } from "./heap.ts";
import { buildNotes, ratingsLine, recommendationLines } from "./print.ts";
import { untilStopped } from "./until-stopped.ts";

/** `usher start`: the whole walk, from a data set to a served list; what is done already is not done again. */
export const start: Command = {
  name: "start",
  summary: "prepare data, train, show ten recommendations, and serve (what is done already is kept)",
  options: [
    {
      flags: "--data <source>",
      meaning: "movielens:<folder>, csv:<folder> or demo (default: fetch, else demo)",
      setting: "source",
    },
    {
      flags: "--ratings-file <name>",
      meaning: "ratings file, where there are several",
      setting: "ratings_file",
    },
    ...addressOptions,
    { flags: "--seed <n>", meaning: "seed of split and models", setting: "seed" },
    { flags: "--user <id>", meaning: "whose ten recommendations are shown (default: a typical user)" },
    { flags: "--once", meaning: "do everything, print, and exit instead of serving" },
  ],
  async run(run) {
    const { home, configuration, say, options } = run;
    const wanted = chosenSource(configuration);
    collectSeldom();
    const usher = await openUsher({ home, configuration });
    try {
      // the port opens first, so that whoever looks sees what the start is doing
      const address = options["once"] === true ? undefined : await usher.listen();
      if (address !== undefined) {
        say(`${address} answers; /health/ready says when a release serves`);
        if (run.isJson) process.stderr.write(`${address}\n`); // the result comes only when the server stops
      }
      const closed = await usher.openLiving();
      if (closed) say(`note: no events are taken: ${closed.message}`);
      const release = await prepare(usher, { run, wanted });
      const shown = await show(usher, { run, release });
      if (address === undefined) return shown;
      const { scheduler } = await usher.openUpkeep();
      scheduler.run();
      say(`serving on ${address}: open it in a browser (API page: ${address}/docs); stop with Ctrl+C`);
      await untilStopped(run, usher);
      return { ...shown, address };
    } finally {
      await usher.close();
    }
  },
};

/** Runs a step with its signs of life on the display and in `/health/ready`. */
type Step = <Result>(title: string, task: (running: Running) => Promise<Result>) => Promise<Result>;

function stepsOf(usher: Usher, { work, signal }: CommandRun): Step {
  return (title, task) =>
    work(title, (shown) => {
      const onProgress: Progress = (event) => {
        usher.showProgress(event);
        shown(event);
      };
      return task({ signal, onProgress });
    });
}

/** Everything that is missing for a release: data, lake, training. */
async function prepare(
  usher: Usher,
  { run, wanted }: { run: CommandRun; wanted: SourceSpec | undefined },
): Promise<Release> {
  const lake = usher.paths.lake;
  const build = await latestBuild(lake);
  const present = await usher.serve();
  // what serves decides what the home holds; a newer build that nobody trained on does not
  const used = present ? await readBuild(lake, present.report.build.number) : build;
  const held = used ? await importOfBuild(lake, used) : await latestImport(lake);
  if (wanted && held) await checkSameSource(held, wanted);
  if (present && build && build.number > present.report.build.number) {
    run.say(`note: build ${build.number} is newer than what serves; \`usher train\` makes a release of it`);
  }
  if (present) return present;
  const step = stepsOf(usher, run);
  if (!held) {
    const spec = wanted ?? (await fetchOrDemo(usher, { run, step }));
    const { manifest } = await step(`Importing ${spec.source}`, (running) =>
      usher.importSource(spec, running),
    );
    run.say(`data: ${manifest.dataset_name} ${manifest.dataset_version}. ${manifest.licence}`);
  }
  if (!build) await step("Building silver and gold", (running) => usher.buildLake(running));
  await step("Training", (running) => usher.train(running));
  return (await usher.serve()) as Release;
}

/** MovieLens latest-small where the network gives it, else the built-in demo. */
async function fetchOrDemo(
  usher: Usher,
  { run, step }: { run: CommandRun; step: Step },
): Promise<SourceSpec> {
  const { base_url: baseUrl, timeout_ms: timeoutMs } = run.configuration.download;
  try {
    const { folder } = await step("Fetching MovieLens latest-small", (running) =>
      downloadDataset({
        name: "movielens-latest-small",
        folder: join(usher.paths.downloads, "movielens-latest-small"),
        baseUrl,
        timeoutMs,
        ...running,
      }),
    );
    return { source: "movielens", location: folder };
  } catch (error) {
    // no network is no failure here: there is something to start with all the same
    if (!(error instanceof UsherError) || error.code !== "DOWNLOAD_FAILED") throw error;
    run.say(`MovieLens could not be fetched (${error.message}); going on with the built-in demo`);
    return { source: "demo", location: "" };
  }
}

/** Prints what came in, how the models compare, and ten recommendations for one user. */
async function show(usher: Usher, { run, release }: { run: CommandRun; release: Release }) {
  const { say, options } = run;
  const build = await readBuild(usher.paths.lake, release.report.build.number);
  say(ratingsLine(build));
  for (const note of buildNotes(build)) say(note);
  if (build.source === "demo") say("note: the viewers of the demo and their ratings are synthetic");
  say(formatEvaluationTable(release.report));
  say(`release ${release.version} serves: ${release.report.chosen.reason}`);
  const userId = String(options["user"] ?? typicalUser(release.set));
  const path = `/v1/users/${encodeURIComponent(userId)}/recommendations?k=10`;
  const answer = (await usher.ask(path)) as RecommendationsBody;
  say(`ten recommendations for user ${userId}:`);
  for (const line of recommendationLines(answer)) say(line);
  return { ratings: build.ratings, report: release.report, recommendations: answer };
}

/** The first user with as many ratings as the median user: neither a newcomer nor an expert. */
function typicalUser({ users, ratings: { starts } }: TrainingSet): string {
  const lengths = Array.from(
    { length: users.size },
    (_, user) => (starts[user + 1] ?? 0) - (starts[user] ?? 0),
  );
  const median = [...lengths].sort((left, right) => left - right)[Math.floor(lengths.length / 2)] ?? 0;
  return users.idAt(lengths.indexOf(median));
}

import { UsherError } from "../errors.ts";
import { ownerOf } from "../home/lock.ts";
import { itemsOfServer } from "../simulate/catalogue-items.ts";
import { type PlaySummary, playVisits, type Timing } from "../simulate/play.ts";
import { simulateUsers } from "../simulate/simulate-users.ts";
import type { Command, CommandRun } from "./command.ts";
import { formatCount } from "./print.ts";

const addressDefault = "http://127.0.0.1:8000";
/** Of numbers that an option takes. */
const ranges = {
  rate: { least: 0.1, most: 100_000, usual: 100 },
  duration: { least: 0.1, most: 7 * 86_400, usual: 60 },
  users: { least: 1, most: 10_000_000, usual: 1000, isWhole: true },
  seed: { least: 0, most: 2 ** 31 - 1, usual: 1, isWhole: true },
  malformed: { least: 0, most: 1, usual: 0 },
  speed: { least: 0.01, most: 100_000, usual: 1 },
} as const;

/** `usher simulate`: people who do not exist act on a running server. */
export const simulate: Command = {
  name: "simulate",
  summary:
    "let simulated users with planted tastes act on a running server (their events are kept like others)",
  options: [
    { flags: "--rate <n>", meaning: "events per second (default: 100)" },
    { flags: "--duration <s>", meaning: "seconds (default: 60)" },
    { flags: "--users <n>", meaning: "number of users (default: 1000)" },
    { flags: "--seed <n>", meaning: "seed of tastes and actions (default: 1)" },
    { flags: "--malformed <share>", meaning: "share of events that are spoilt, 0..1 (default: 0)" },
    {
      flags: "--speed <x>",
      meaning: "simulated time in one unit of real time; the last event is now (default: 1)",
    },
    {
      flags: "--address <url>",
      meaning: `server; on this machine only (default: that of the home, else ${addressDefault})`,
    },
    { flags: "--allow-remote", meaning: "let --address name another machine" },
    { flags: "--truth", meaning: "print the planted tastes and send nothing" },
  ],
  async run(run) {
    const options = numbersOf(run.options);
    const address = await addressOf(run);
    const items = await itemsOfServer(address);
    const startMs = Date.now() - 1000 * options.duration * (options.speed - 1);
    const simulation = simulateUsers({
      items,
      users: options.users,
      seed: options.seed,
      rate: options.rate / options.speed,
      startMs: options.speed > 1 ? startMs : Date.now(),
      malformedShare: options.malformed,
    });
    if (run.options["truth"] === true) {
      const truth = simulation.truth();
      for (const { userId, loved, hated } of truth)
        run.say(`${userId}  loves ${loved.join(", ")}${hated.length > 0 ? `; not ${hated.join(", ")}` : ""}`);
      return truth;
    }
    run.say(`${formatCount(options.users)} users, ${formatCount(items.length)} items, ${address}`);
    const summary = await playVisits({
      address,
      visits: simulation.visits(),
      durationMs: 1000 * options.duration,
      speed: options.speed,
      signal: run.signal,
    });
    for (const line of summaryLines(summary)) run.say(line);
    return summary;
  },
  failed: (result) => "isServed" in (result as object) && !(result as PlaySummary).isServed,
};

function numbersOf(given: CommandRun["options"]): Record<keyof typeof ranges, number> {
  const values = Object.entries(ranges).map(([name, { least, most, usual, ...kind }]) => {
    const text = given[name];
    const value = text === undefined ? usual : Number(text);
    const isWhole = "isWhole" in kind;
    if (text === "" || !(value >= least && value <= most) || (isWhole && !Number.isInteger(value))) {
      const expected = `${isWhole ? "an integer" : "a number"} in ${least}..${most}`;
      throw new UsherError("PARAMETER_INVALID", `--${name}: expected ${expected}, got ${text}`);
    }
    return [name, value];
  });
  return Object.fromEntries(values);
}

/** The server that was named, or that of the home. Another machine's only where that was allowed. */
async function addressOf({ home, options }: CommandRun): Promise<string> {
  const text = String(options["address"] ?? (await ownerOf(home))?.address ?? addressDefault);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" || url.pathname !== "/") {
    throw new UsherError(
      "PARAMETER_INVALID",
      `--address: expected an address such as ${addressDefault}, got ${text}`,
    );
  }
  const isHere = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (isHere || options["allowRemote"] === true) return url.origin;
  throw new UsherError(
    "PARAMETER_INVALID",
    `--address: expected this machine, got ${url.hostname}; simulated events stay, so another machine needs --allow-remote`,
  );
}

function summaryLines(summary: PlaySummary): string[] {
  const { events, lists, eventToAnswer } = summary;
  const rejected = Object.entries(events.rejected);
  const rejections = rejected.reduce((sum, [, count]) => sum + count, 0);
  const reasons = rejected.map(([reason, count]) => `${reason} ${formatCount(count)}`);
  return [
    `events: ${formatCount(events.sent)} sent (${Math.round(summary.eventsPerSecond)} /s), ${formatCount(events.accepted)} accepted, ${formatCount(events.duplicates)} duplicates, ${formatCount(rejections)} rejected${reasons.length > 0 ? ` (${reasons.join(", ")})` : ""}, ${formatCount(events.lost)} lost, ${formatCount(events.unexpected)} not as expected`,
    `requests: ${formatCount(lists.asked)} lists, ${formatCount(lists.failed)} failed; ${formatCount(events.posts)} bodies of events, ${formatCount(events.failed)} failed, ${formatCount(events.refused)} sent again after 429`,
    `latency: list ${timingText(summary.listMs)}; events ${timingText(summary.postMs)}`,
    `event to changed answer: ${timingText(eventToAnswer)} (${formatCount(eventToAnswer.count)} looked at, ${formatCount(eventToAnswer.stale)} unchanged)`,
    `models: ${summary.modelVersions.join(", ") || "none"}`,
    ...summary.failures.map((text) => `failure: ${text}`),
    summary.isServed ? "every request was served" : "NOT every request was served",
  ];
}

const timingText = ({ p50, p99 }: Timing) => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;

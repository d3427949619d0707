import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Topic, topics } from "../contracts/events.ts";
import { UsherError } from "../errors.ts";
import type { EventLog, LogRecord, PartitionState } from "../events/event-log.ts";
import { lagOf, type PartitionLag } from "../events/lag.ts";
import { openLmdbEventLog } from "../events/lmdb-event-log.ts";
import { type ReplayStart, replayGroup } from "../events/replay.ts";
import { homePaths } from "../home/home.ts";
import { lockHome } from "../home/lock.ts";
import type { Command, CommandRun } from "./command.ts";
import { formatCount } from "./print.ts";

/** `usher log`: what lies in the event log, and who has read how far. */
export const log: Command = {
  name: "log",
  summary: "look into the event log, or let a group read it again",
  arguments: [["<what>", "topics, lag, tail or replay"]],
  options: [
    { flags: "--topic <name>", meaning: `only this topic: ${topics.join(", ")}` },
    { flags: "--group <name>", meaning: "consumer group, for lag and replay" },
    { flags: "--limit <n>", meaning: "records that tail shows (default: 10)" },
    { flags: "--follow", meaning: "tail goes on with what comes, until it is stopped" },
    {
      flags: "--from <place>",
      meaning: "where replay begins: an offset or a time such as 2026-11-21T13:00:00Z (default: the oldest)",
    },
  ],
  async run(run) {
    const what = run.arguments[0] as string;
    const part = parts[what];
    if (!part) throw new UsherError("USAGE", `expected topics, lag, tail or replay, got ${what}`);
    const chosen = chosenTopics(run);
    if (!existsSync(join(homePaths(run.home).log, "data.mdb"))) {
      throw new UsherError(
        "HOME_EMPTY",
        `${run.home}: expected an event log, found none; \`usher serve\` makes it`,
      );
    }
    return part(run, chosen);
  },
};

const parts: Readonly<Record<string, (run: CommandRun, chosen: readonly Topic[]) => Promise<unknown>>> = {
  topics: (run, chosen) => reading(run, (opened) => printTopics(run, opened, chosen)),
  lag: (run, chosen) => reading(run, (opened) => printLag(run, opened, chosen)),
  tail: (run, chosen) => reading(run, (opened) => printTail(run, opened, chosen)),
  replay,
};

function chosenTopics({ options }: CommandRun): readonly Topic[] {
  const { topic } = options as { topic?: string };
  if (topic === undefined) return topics;
  if ((topics as readonly string[]).includes(topic)) return [topic as Topic];
  throw new UsherError("PARAMETER_INVALID", `--topic: expected one of ${topics.join(", ")}, got ${topic}`);
}

/** Opens the log beside a server that may own the home. */
async function reading<Result>(
  { home }: CommandRun,
  work: (opened: EventLog) => Promise<Result>,
): Promise<Result> {
  const opened = await openLmdbEventLog({ folder: homePaths(home).log, readOnly: true });
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

async function printTopics(
  run: CommandRun,
  opened: EventLog,
  chosen: readonly Topic[],
): Promise<PartitionState[]> {
  const states = (await opened.partitions()).filter(({ topic }) => chosen.includes(topic));
  for (const { topic, partition, first, next } of states) {
    run.say(`${topic}/${partition}  ${formatCount(next - first)} records  offsets ${first}..${next - 1}`);
  }
  return states;
}

async function printLag(
  run: CommandRun,
  opened: EventLog,
  chosen: readonly Topic[],
): Promise<PartitionLag[]> {
  const { group } = run.options as { group?: string };
  const groups = group === undefined ? await opened.groups() : [group];
  const lags: PartitionLag[] = [];
  for (const name of groups) {
    const all = await lagOf(opened, name);
    lags.push(...all.filter(({ topic }) => chosen.includes(topic)));
  }
  if (lags.length === 0) run.say(group === undefined ? "no group has read yet" : `${group} has not read yet`);
  for (const { group: name, topic, partition, position, next, lag } of lags) {
    run.say(`${name}  ${topic}/${partition}  ${formatCount(lag)} behind (reads ${position} next of ${next})`);
  }
  return lags;
}

/** A record as the command line shows it: texts, and the value as JSON where it is JSON. */
const shown = ({ topic, partition, offset, key, id, receivedMs, value }: LogRecord) => {
  const text = Buffer.from(value).toString();
  let event: unknown = text;
  try {
    event = JSON.parse(text);
  } catch {
    // shown as the text that it is
  }
  return { topic, partition, offset, key, id, received_ts: new Date(receivedMs).toISOString(), value: event };
};

async function printTail(run: CommandRun, opened: EventLog, chosen: readonly Topic[]): Promise<unknown[]> {
  const limit = Number(run.options["limit"] ?? 10);
  if (!Number.isInteger(limit) || limit < 0 || limit > 100_000) {
    throw new UsherError("PARAMETER_INVALID", `--limit: expected 0..100000, got ${run.options["limit"]}`);
  }
  const printed: unknown[] = [];
  const print = (records: readonly LogRecord[]) => {
    for (const record of records) {
      const one = shown(record);
      if (run.isJson) printed.push(one);
      else run.say(JSON.stringify(one));
    }
  };
  const places = new Map<string, number>();
  const newest: LogRecord[] = [];
  for (const { topic, partition, first, next } of await opened.partitions()) {
    if (!chosen.includes(topic)) continue;
    newest.push(...(await opened.read(topic, partition, { from: Math.max(first, next - limit), limit })));
    places.set(`${topic}/${partition}`, next);
  }
  print(newest.sort((a, b) => a.receivedMs - b.receivedMs).slice(newest.length - limit));
  while (run.options["follow"] === true && !run.signal.aborted) {
    for (const { topic, partition, next } of await opened.partitions()) {
      const from = places.get(`${topic}/${partition}`);
      if (from === undefined || from >= next) continue;
      print(await opened.read(topic, partition, { from, limit: next - from }));
      places.set(`${topic}/${partition}`, next);
    }
    await setTimeout(followMs, undefined, { signal: run.signal }).catch(() => {}); // ends when the person stops it
  }
  return printed;
}

const followMs = 200;

async function replay(run: CommandRun, chosen: readonly Topic[]): Promise<PartitionLag[]> {
  const { group, from } = run.options as { group?: string; from?: string };
  if (group === undefined)
    throw new UsherError("USAGE", "expected --group <name>: whose reading begins again");
  const start = replayStart(from);
  const lock = await lockHome(run.home); // a running consumer would overwrite the positions
  try {
    const opened = await openLmdbEventLog({ folder: homePaths(run.home).log });
    try {
      const lags = await replayGroup(opened, { group, topics: chosen, start });
      for (const { topic, partition, position, lag } of lags) {
        run.say(`${group}  ${topic}/${partition}  reads on from ${position}: ${formatCount(lag)} records`);
      }
      return lags;
    } finally {
      await opened.close();
    }
  } finally {
    await lock.release();
  }
}

/** An offset, a time, or the oldest record. */
function replayStart(text: string | undefined): ReplayStart {
  if (text === undefined) return { offset: 0 };
  if (/^\d{1,15}$/.test(text)) return { offset: Number(text) };
  const receivedMs = Date.parse(text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(receivedMs)) return { receivedMs };
  throw new UsherError("PARAMETER_INVALID", `--from: expected an offset or a time, got ${text}`);
}

import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Value } from "typebox/value";
import {
  type LineageRecord,
  lineageSchema,
  type RunRecord,
  runRecordSchema,
  type TaskRecord,
} from "../contracts/workflow.ts";
import { writeFileDurable } from "../durable-file.ts";
import { errorKind, UsherError } from "../errors.ts";
import { oneAtATime } from "../one-at-a-time.ts";

/** The history of runs and the lineage, on disk. */
export interface RunStore {
  save(run: RunRecord): Promise<void>;
  /** @throws UsherError `RUN_UNKNOWN`, also where its file is damaged. */
  get(id: string): Promise<RunRecord>;
  /** The newest first. @param options.jobs True: only runs that are jobs. Default false. @param options.lane Only runs of this lane. */
  list(options?: { limit?: number; jobs?: boolean; lane?: string }): Promise<RunRecord[]>;
  /** The last success of each task, by task. */
  lineage(): Promise<Readonly<Record<string, LineageRecord>>>;
  /** Notes a success. */
  record(lineage: LineageRecord): Promise<void>;
  /** When a schedule last fired, or was first there, ms since 1970; `undefined` where neither was noted. */
  lastFired(schedule: string): Promise<number | undefined>;
  fired(schedule: string, atMs: number): Promise<void>;
}

/**
 * So many runs of a lane are remembered, by what their ids begin with; older ones are forgotten. By lane, since what runs each minute must
 * not crowd out what runs each night; and jobs apart.
 */
const runsKept = { run: 500, job: 200 } as const;

const idPattern = /^(run|job)-\d{8}T\d{9}-[0-9a-f]{8}$/;
/** What of an id sorts by time. */
const timeIn = (id: string) => id.slice(id.indexOf("-"));

/**
 * Opens the history in a folder, such as `<home>/runs`. One process writes.
 *
 * @param options.isOwner False: only to read; another process may own the history. Default true.
 *
 * To its owner a run that the last process did not end becomes `interrupted`. A file that is damaged is left out: history is no reason not
 * to start.
 */
export async function openRunStore(
  folder: string,
  { isOwner = true }: { isOwner?: boolean } = {},
): Promise<RunStore> {
  if (isOwner) await mkdir(folder, { recursive: true });
  const files = {
    lineage: await jsonFile<Record<string, LineageRecord>>(join(folder, "lineage.json"), (value) =>
      Object.values(value as object).every((record) => Value.Check(lineageSchema, record)),
    ),
    fired: await jsonFile<Record<string, number>>(join(folder, "schedule.json"), (value) =>
      Object.values(value as object).every((at) => typeof at === "number"),
    ),
  };
  const fileOf = (id: string) => join(folder, `${id}.json`);
  const ids = async () =>
    (await namesIn(folder))
      .filter((name) => name.endsWith(".json") && idPattern.test(name.slice(0, -".json".length)))
      .map((name) => name.slice(0, -".json".length))
      .sort((left, right) => (timeIn(left) < timeIn(right) ? 1 : -1));
  const read = async (id: string): Promise<RunRecord | undefined> => {
    const run = await readJson(fileOf(id));
    return Value.Check(runRecordSchema, run) ? run : undefined;
  };
  const save = (run: RunRecord) => writeFileDurable(fileOf(run.id), `${JSON.stringify(run, undefined, 2)}\n`);

  const lanes = new Map<string, string>(); // by run
  for (const id of isOwner ? await ids() : []) {
    const run = await read(id);
    if (run) lanes.set(id, run.lane);
    if (run?.status === "running") await save(interrupted(run));
  }
  return {
    save: async (run) => {
      await save(run);
      lanes.set(run.id, run.lane);
      const [kind] = run.id.split("-") as [keyof typeof runsKept];
      const alike = (await ids()).filter(
        (id) => id.startsWith(`${kind}-`) && (lanes.get(id) ?? run.lane) === run.lane,
      );
      for (const id of alike.slice(runsKept[kind])) {
        await rm(fileOf(id), { force: true });
        lanes.delete(id);
      }
    },
    get: async (id) => {
      const run = idPattern.test(id) ? await read(id) : undefined;
      if (run) return run;
      throw new UsherError("RUN_UNKNOWN", `expected the id of a run, got ${id.slice(0, 100)}`);
    },
    list: async ({ limit = Number.POSITIVE_INFINITY, jobs = false, lane } = {}) => {
      const found: RunRecord[] = [];
      for (const id of await ids()) {
        if (found.length >= limit) break;
        if (jobs && !id.startsWith("job")) continue;
        const run = await read(id);
        if (run && (lane === undefined || run.lane === lane)) found.push(run);
      }
      return found;
    },
    lineage: async () => files.lineage.value,
    record: (lineage) => files.lineage.write({ ...files.lineage.value, [lineage.task]: lineage }),
    lastFired: async (schedule) => files.fired.value[schedule],
    fired: (schedule, atMs) => files.fired.write({ ...files.fired.value, [schedule]: atMs }),
  };
}

function interrupted(run: RunRecord): RunRecord {
  const isOpen = ({ status }: TaskRecord) => status === "running" || status === "waiting";
  const first = run.tasks.find(isOpen);
  const { code, message } = new UsherError("RUN_INTERRUPTED");
  const error = { code, message: `${message} ${errorKind(code).remedy}` };
  return {
    ...run,
    status: "interrupted",
    tasks: run.tasks.map((task) =>
      isOpen(task) ? { ...task, status: "cancelled", ...(task === first ? { error } : {}) } : task,
    ),
  };
}

/** A small document that is read once and replaced as a whole. */
async function jsonFile<Document extends object>(path: string, isRight: (value: unknown) => boolean) {
  const stored = await readJson(path);
  let value = (typeof stored === "object" && stored !== null && isRight(stored) ? stored : {}) as Document;
  const inTurn = oneAtATime();
  return {
    get value() {
      return value;
    },
    write: (next: Document): Promise<void> => {
      value = next;
      return inTurn(() => writeFileDurable(path, `${JSON.stringify(next)}\n`));
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []; // nothing has been run yet
    throw error;
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

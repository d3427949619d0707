import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../src/data/random.ts";
import { homePaths } from "../src/home/home.ts";
import { openKeys } from "../src/server/access/api-keys.ts";
import { eventMaker } from "./living-events.ts";
import { closedLoop, type LoadResult, openLoop, quantile, withConnections } from "./load.ts";
import { getBytes, postBytes, type RawAnswer, type RawConnection } from "./raw-http.ts";
import { type ServedHome, serveHome, startServer } from "./served-home.ts";

/** What one server was measured to do. */
export interface Served {
  readonly perSecond: number;
  readonly msP50: number;
  readonly msP99: number;
  readonly bytesPerAnswer: number;
  readonly memoryBytes: number | undefined;
  /** What it grew by from one user who is known to all who asked, for each of them: an upper bound, with the heap's garbage in it. */
  readonly memoryBytesPerUser: number | undefined;
}

/** Who asks a server: how often, and which of how many users by Zipf. */
export interface Load {
  readonly count: number;
  readonly users: number;
}

/** What people act on, and the key that their requests carry. */
export interface Acting {
  readonly itemIds: readonly string[];
  readonly key: string;
}

const connections = 16;
const eventsPerSecond = 100;
/** The server on one core, the generator on the other. */
const serverCore = 0;
const rivalFactors = 64;
const pinnedTo = (isPinned: boolean) =>
  process.platform === "linux" && isPinned ? { core: serverCore } : {};

/** Makes a home that needs a key. @returns One that may do everything. */
export async function closeHome(home: string): Promise<string> {
  const settings = { access: { keys: "required" }, limits: { key_per_second: 1_000_000 } };
  await writeFile(join(home, "usher.json"), JSON.stringify(settings));
  const keys = await openKeys(homePaths(home).access);
  const { key } = await keys.create({ name: "bench", scopes: ["read", "events", "admin"] });
  await keys.close();
  return key;
}

/**
 * Serves a home on one core and asks it for lists, once for each load, while people act 100 times a second: with key check, rate limit,
 * headers and a request log.
 *
 * @param more.after What is asked then.
 * @param more.isPinned Whether the server gets one core for itself. Default true.
 */
export async function servedLists(
  home: string,
  loads: readonly Load[],
  more: Acting & { isPinned?: boolean; after?: (server: ServedHome) => Promise<void> },
): Promise<Served[]> {
  const { itemIds, key, isPinned = true, after } = more;
  let lines = 0;
  const server = await serveHome(home, {
    ...pinnedTo(isPinned),
    env: { USHER_LOG_LEVEL: "info" },
    onLog: () => void lines++,
  });
  try {
    await expectClosed(server);
    const request = (user: number) => getBytes(`/v1/users/${user + 1}/recommendations?k=10`, key);
    const served: Served[] = [];
    for (const load of loads) {
      const before = lines;
      served.push(await measured(server, { ...load, request, acting: { itemIds, key } }));
      if (lines - before < load.count)
        throw new Error(`expected a line of log a request, got ${lines - before}`);
    }
    await after?.(server);
    return served;
  } finally {
    await server.stop();
  }
}

/** The same requests to what a site builds by hand: fastify, and every item scored in plain JavaScript. */
export async function servedByRival(
  { users, items }: { users: number; items: number },
  { load, isPinned = true }: { load: Load; isPinned?: boolean },
): Promise<Served> {
  const sizes = [users, items, rivalFactors].map(String);
  const server = await startServer([rivalProgram, ...sizes], pinnedTo(isPinned));
  try {
    return await measured(server, { ...load, request: (user) => getBytes(`/recommend/${user}`) });
  } finally {
    await server.stop();
  }
}

/** This file runs from dist/bench/bench, and in tests from bench. */
const rivalProgram = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "serving-rival.js" : "../../../bench/serving-rival.js",
    import.meta.url,
  ),
);

/** What is measured includes the check of a key, only where one is needed. */
async function expectClosed({ address }: ServedHome): Promise<void> {
  await withConnections(address, 1, async ([connection]) => {
    expectStatus(401, await (connection as RawConnection).send(getBytes("/v1/users/1/recommendations")));
  });
}

/** Asks a server, warm. Without `acting` nobody acts meanwhile. */
async function measured(
  server: ServedHome,
  load: Load & { request: (user: number) => Buffer; acting?: Acting },
): Promise<Served> {
  const { count, request, users, acting } = load;
  const random = seededRandom(7);
  const drawn = Uint32Array.from({ length: count }, () => zipf(random.uniform(), users));
  const requests = new Map<number, Buffer>(); // one that is made counts as work of the generator
  for (const user of drawn) if (!requests.has(user)) requests.set(user, request(user));
  let bytes = 0;
  const ask = (amount: number, userAt: (at: number) => number): Promise<LoadResult> =>
    withConnections(server.address, connections, (opened) =>
      closedLoop({
        connections: opened,
        count: amount,
        send: async (connection, at) => {
          const answer = await connection.send(requests.get(userAt(at)) as Buffer);
          expectStatus(200, answer);
          bytes += answer.body.length;
        },
      }),
    );
  await ask(Math.ceil(count / 10), () => drawn[0] as number);
  const knowingOne = await server.memoryBytes("VmRSS");
  const everybody = (at: number) => drawn[at] as number;
  await ask(Math.ceil(count / 5), everybody); // warm-up
  bytes = 0;
  const people = acting && act(server.address, { ...acting, users });
  const result = await ask(count, everybody);
  await people?.stop();
  const memoryBytes = await server.memoryBytes("VmRSS");
  return {
    perSecond: count / result.seconds,
    msP50: quantile(result, 0.5),
    msP99: quantile(result, 0.99),
    bytesPerAnswer: bytes / count,
    memoryBytes,
    memoryBytesPerUser:
      memoryBytes === undefined || knowingOne === undefined
        ? undefined
        : Math.max(0, memoryBytes - knowingOne) / requests.size,
  };
}

/** People who act, until they are stopped. */
function act(address: string, { itemIds, key, users }: Acting & { users: number }) {
  const maker = eventMaker({ users, itemIds, seed: 5 });
  let isStopped = false;
  const done = withConnections(address, 2, async (opened) => {
    while (!isStopped) {
      await openLoop({
        connections: opened,
        count: eventsPerSecond / 4,
        perSecond: eventsPerSecond,
        send: async (connection) => {
          const { user_id, ...event } = maker.make();
          const user = String(Number(user_id?.replace("bench-", "")) + 1);
          const body = JSON.stringify({ ...event, user_id: user });
          expectStatus(202, await connection.send(postBytes("/v1/events", body, key)));
        },
      });
    }
  });
  return {
    stop: () => {
      isStopped = true;
      return done;
    },
  };
}

/** The rank 0..count−1 of a draw by Zipf with exponent 1: by inversion of the harmonic sum, which grows like the logarithm. */
const zipf = (uniform: number, count: number) => Math.min(count - 1, Math.floor((count + 1) ** uniform) - 1);

function expectStatus(status: number, answer: RawAnswer): void {
  if (answer.status === status) return;
  throw new Error(`expected ${status}, got ${answer.status} ${answer.body.subarray(0, 300)}`);
}

const whole = (value: number) => Math.round(value).toLocaleString("en-US");

/** Prints one row. */
export function printServed(name: string, served: Served): void {
  const { perSecond, msP50, msP99, bytesPerAnswer, memoryBytes, memoryBytesPerUser } = served;
  const shown = (bytes: number | undefined, unit: number) =>
    bytes === undefined ? "?" : whole(bytes / unit);
  console.log(
    `${name.padEnd(34)}${whole(perSecond).padStart(7)} lists/s   p50 ${msP50.toFixed(1)} ms   p99 ${msP99.toFixed(1)} ms   ` +
      `${whole(bytesPerAnswer)} bytes an answer   ${shown(memoryBytes, 1e6)} MB resident, ${shown(memoryBytesPerUser, 1e3)} KB of it a user`,
  );
}

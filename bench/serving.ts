import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../src/data/random.ts";
import { homePaths } from "../src/home/home.ts";
import { openKeys } from "../src/server/access/api-keys.ts";
import { eventMaker } from "./living-events.ts";
import { closedLoop, type LoadResult, openLoop, quantile, withConnections } from "./load.ts";
import type { BenchOptions } from "./movielens.ts";
import { prepareHome } from "./prepared-home.ts";
import { getBytes, postBytes, type RawAnswer, type RawConnection } from "./raw-http.ts";
import { type ServedHome, serveHome, startServer } from "./served-home.ts";

/** What one server was measured to do. */
interface Served {
  readonly perSecond: number;
  readonly msP50: number;
  readonly msP99: number;
  readonly bytesPerAnswer: number;
  readonly memoryBytes: number | undefined;
}

export interface ServingResult {
  readonly usher: Served;
  /** The same requests to what a site builds by hand; absent where nothing else was asked for. */
  readonly rival: Served;
  readonly users: number;
  readonly items: number;
}

const connections = 16;
const askedUsers = 1000;
const eventsPerSecond = 100;
/** The server on one core, the generator on the other. */
const serverCore = 0;
const rivalFactors = 64;

/**
 * Lists for 1,000 users drawn by Zipf while people act 100 times a second: with key check, rate limit, headers and a request log, on
 * one core. Beside it a server built by hand, asked the same way. Tiny: the built-in demo and few requests.
 */
export async function run({ dataFolder, tiny }: BenchOptions): Promise<ServingResult> {
  const home = await mkdtemp(join(tmpdir(), "usher-serving-"));
  try {
    const { users, itemIds, key } = await prepare(home, tiny ? undefined : join(dataFolder, "ml-1m"));
    const count = tiny ? 300 : 40_000;
    const pinned = process.platform === "linux" && !tiny ? { core: serverCore } : {};
    const log: string[] = [];
    const env = { USHER_LOG_LEVEL: "info" };
    const server = await serveHome(home, { ...pinned, env, onLog: (line) => log.push(line) });
    await expectClosed(server);
    const list = (user: number) => getBytes(`/v1/users/${user + 1}/recommendations?k=10`, key);
    const usher = await measured(server, { count, request: list, users, acting: { itemIds, key } });
    if (log.length < count) throw new Error(`expected a line of log a request, got ${log.length}`);
    const sizes = [users, itemIds.length, rivalFactors].map(String);
    const plain = await startServer([rivalProgram, ...sizes], pinned);
    const rival = await measured(plain, {
      count: count / 4,
      request: (user) => getBytes(`/recommend/${user}`),
      users,
    });
    const result = { usher, rival, users, items: itemIds.length };
    print(result);
    return result;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** This file runs from dist/bench/bench, and in tests from bench. */
const rivalProgram = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "serving-rival.js" : "../../../bench/serving-rival.js",
    import.meta.url,
  ),
);

/** A home with a release and a key that the requests carry. */
async function prepare(home: string, folder: string | undefined) {
  const settings = { access: { keys: "required" }, limits: { key_per_second: 1_000_000 } };
  await writeFile(join(home, "usher.json"), JSON.stringify(settings));
  const keys = await openKeys(homePaths(home).access);
  const { key } = await keys.create({ name: "bench", scopes: ["read", "events"] });
  await keys.close();
  const itemIds = await prepareHome(home, { folder });
  return { users: askedUsers, itemIds, key };
}

/** What is measured includes the check of a key, only where one is needed. */
async function expectClosed({ address }: ServedHome): Promise<void> {
  await withConnections(address, 1, async ([connection]) => {
    expectStatus(401, await (connection as RawConnection).send(getBytes("/v1/users/1/recommendations")));
  });
}

interface Acting {
  /** What people act on. */
  readonly itemIds: readonly string[];
  readonly key: string;
}

/** Asks a server, warm, and stops it. Without `acting` nobody acts meanwhile. */
async function measured(
  server: ServedHome,
  load: { count: number; request: (user: number) => Buffer; users: number; acting?: Acting },
): Promise<Served> {
  const { count, request, users, acting } = load;
  const random = seededRandom(7);
  const requests = Array.from({ length: users }, (_, user) => request(user));
  const drawn = Uint32Array.from({ length: count }, () => zipf(random.uniform(), users));
  let bytes = 0;
  const ask = (amount: number): Promise<LoadResult> =>
    withConnections(server.address, connections, (opened) =>
      closedLoop({
        connections: opened,
        count: amount,
        send: async (connection, at) => {
          const answer = await connection.send(requests[drawn[at] as number] as Buffer);
          expectStatus(200, answer);
          bytes += answer.body.length;
        },
      }),
    );
  try {
    await ask(Math.ceil(count / 5)); // warm-up
    bytes = 0;
    const people = acting && act(server.address, { ...acting, users });
    const result = await ask(count);
    await people?.stop();
    return {
      perSecond: count / result.seconds,
      msP50: quantile(result, 0.5),
      msP99: quantile(result, 0.99),
      bytesPerAnswer: bytes / count,
      memoryBytes: await server.memoryBytes("VmRSS"),
    };
  } finally {
    await server.stop();
  }
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
          expectStatus(
            202,
            await connection.send(postBytes("/v1/events", JSON.stringify({ ...event, user_id: user }), key)),
          );
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

function print({ usher, rival, users, items }: ServingResult): void {
  const whole = (value: number) => Math.round(value).toLocaleString("en-US");
  const row = (name: string, { perSecond, msP50, msP99, bytesPerAnswer, memoryBytes }: Served) =>
    console.log(
      `${name.padEnd(34)}${whole(perSecond).padStart(7)} lists/s   p50 ${msP50.toFixed(1)} ms   p99 ${msP99.toFixed(1)} ms   ` +
        `${whole(bytesPerAnswer)} bytes an answer   ${memoryBytes === undefined ? "?" : whole(memoryBytes / 1e6)} MB resident`,
    );
  console.log(`${users} users by Zipf, ${items} items, ${connections} connections, server on one core`);
  row("usher, profiles change at 100/s", usher);
  row("fastify and plain JavaScript", rival);
  console.log(`ratio ${(usher.perSecond / rival.perSecond).toFixed(1)} (≥ 5,000 lists/s, p99 < 15 ms)`);
}

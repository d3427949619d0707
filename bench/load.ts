import { setImmediate } from "node:timers/promises";
import { type RawConnection, rawConnection } from "./raw-http.ts";

/** What a load measured. */
export interface LoadResult {
  readonly count: number;
  readonly seconds: number;
  /** Of each piece of work, ms, ascending. */
  readonly ms: Float64Array;
}

/** The time that a share (0..1) of all does not exceed, ms. */
export const quantile = ({ ms }: LoadResult, share: number): number =>
  ms[Math.min(ms.length - 1, Math.ceil(share * ms.length) - 1)] ?? Number.NaN;

/** Opens connections, lets `work` use them, and closes them. */
export async function withConnections<Result>(
  address: string,
  count: number,
  work: (connections: readonly RawConnection[]) => Promise<Result>,
): Promise<Result> {
  const connections = await Promise.all(Array.from({ length: count }, () => rawConnection(address)));
  try {
    return await work(connections);
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** As fast as it goes: each connection sends the next piece when it has the answer to the one before. */
export async function closedLoop(of: {
  connections: readonly RawConnection[];
  count: number;
  send: (connection: RawConnection, at: number) => Promise<void>;
}): Promise<LoadResult> {
  const { connections, count, send } = of;
  const ms = new Float64Array(count);
  let next = 0;
  const began = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      for (let at = next++; at < count; at = next++) {
        const sentAt = performance.now();
        await send(connection, at);
        ms[at] = performance.now() - sentAt;
      }
    }),
  );
  return { count, seconds: (performance.now() - began) / 1000, ms: ms.sort() };
}

/**
 * At a stated rate, whatever the server does: a piece counts from the moment at which it was due, so that waiting for a free connection
 * counts too (no coordinated omission).
 */
export async function openLoop(of: {
  connections: readonly RawConnection[];
  count: number;
  perSecond: number;
  send: (connection: RawConnection, at: number) => Promise<void>;
}): Promise<LoadResult> {
  const { connections, count, perSecond, send } = of;
  const ms = new Float64Array(count);
  const free = [...connections];
  const queue: number[] = [];
  const running: Promise<void>[] = [];
  const began = performance.now();
  const dueMs = (at: number) => (1000 * at) / perSecond;
  const pump = () => {
    while (free.length > 0 && queue.length > 0) {
      const [connection, at] = [free.shift() as RawConnection, queue.shift() as number];
      running.push(
        send(connection, at).then(() => {
          ms[at] = performance.now() - began - dueMs(at);
          free.push(connection);
          pump();
        }),
      );
    }
  };
  for (let at = 0; at < count; ) {
    for (; at < count && dueMs(at) <= performance.now() - began; at++) queue.push(at);
    pump();
    if (at < count) await untilMs(began + dueMs(at));
  }
  while (queue.length > 0) await setImmediate();
  await Promise.all(running);
  return { count, seconds: (performance.now() - began) / 1000, ms: ms.sort() };
}

/** Waits without taking the core from the server: a timer for whole milliseconds, late by at most one. */
function untilMs(moment: number): Promise<void> {
  const waitMs = moment - performance.now();
  return waitMs <= 0 ? setImmediate() : new Promise((resolve) => setTimeout(resolve, waitMs));
}

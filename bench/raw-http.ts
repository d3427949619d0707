import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** What came back for one request. */
export interface RawAnswer {
  readonly status: number;
  /** Valid until the next request of the connection. */
  readonly body: Buffer;
}

/**
 * One connection that is kept, for requests that are ready as bytes: a generator on the same two cores as the server must cost little.
 * One request at a time; answers must have a Content-Length.
 */
export interface RawConnection {
  send(request: Buffer): Promise<RawAnswer>;
  close(): void;
}

const headEnd = "\r\n\r\n";

/** Connects to an address such as `http://127.0.0.1:8000`. */
export async function rawConnection(address: string): Promise<RawConnection> {
  const { hostname, port } = new URL(address);
  const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, "connect");
  let waiting: { resolve: (answer: RawAnswer) => void; reject: (error: Error) => void } | undefined;
  let received: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const end = received.indexOf(headEnd);
    if (end < 0) return;
    const head = received.toString("latin1", 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    const from = end + headEnd.length;
    if (Number.isNaN(length)) return fail(new Error(`expected Content-Length, got ${head}`));
    if (received.length < from + length) return;
    const answer = { status: Number(head.slice(9, 12)), body: received.subarray(from, from + length) };
    received = Buffer.alloc(0);
    const { resolve } = waiting ?? {};
    waiting = undefined;
    resolve?.(answer);
  });
  const fail = (error: Error) => {
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("the server closed the connection")));
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) throw new Error("the server closed the connection while it rested");
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

/** A header by which a request shows its key; nothing without one. */
const keyHeader = (key: string | undefined) => (key === undefined ? "" : `Authorization: Bearer ${key}\r\n`);

/** The bytes of a request with a JSON body. */
export function postBytes(path: string, body: string, key?: string, method = "POST"): Buffer {
  const length = Buffer.byteLength(body);
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${keyHeader(key)}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`,
  );
}

/** The bytes of a GET. */
export const getBytes = (path: string, key?: string): Buffer =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${keyHeader(key)}\r\n`);

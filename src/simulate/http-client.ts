import { Agent, request } from "node:http";

/** An answer with its whole body. */
export interface Answer {
  readonly status: number;
  /** Seconds after which to come again; absent where the answer does not say. */
  readonly retryAfter?: number;
  readonly text: string;
  /** From the first byte sent to the last one received, ms. */
  readonly elapsedMs: number;
}

/** A client that keeps its connections to one address. */
export interface HttpClient {
  /** @throws Error of the socket: nobody listens, the connection broke, or no answer came within 10 s. */
  send(path: string, body?: { type: string; text: string }): Promise<Answer>;
  close(): void;
}

const timeoutMs = 10_000;

/** @param address Such as `http://127.0.0.1:8000`. */
export function httpClient(address: string, connections: number): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    send: (path, body) =>
      new Promise((resolve, reject) => {
        const began = performance.now();
        const headers = body && { "content-type": body.type, "content-length": Buffer.byteLength(body.text) };
        const outgoing = request(new URL(path, address), {
          agent,
          timeout: timeoutMs,
          method: body ? "POST" : "GET",
          ...(headers ? { headers } : {}),
        });
        outgoing.on("error", reject);
        outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
        outgoing.on("response", (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () => {
            const wait = Number(incoming.headers["retry-after"]);
            resolve({
              status: incoming.statusCode ?? 0,
              ...(wait >= 0 ? { retryAfter: wait } : {}),
              text: Buffer.concat(chunks).toString(),
              elapsedMs: performance.now() - began,
            });
          });
        });
        outgoing.end(body?.text);
      }),
    close: () => agent.destroy(),
  };
}

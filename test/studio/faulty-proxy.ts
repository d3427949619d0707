import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What may become of an answer on its way: its second half is lost, or it waits until the fault is over. */
export type Fault = "cut" | "held";

/** A proxy before a real server that passes everything on, but for what it is told to spoil. */
export interface FaultyProxy {
  readonly address: string;
  /** Spoils the answers of paths that begin so. */
  spoil(path: string, fault: Fault): void;
  /** From now on everything arrives, what was held too. */
  mend(): void;
  close(): Promise<void>;
}

/** @param target Address of the real server, such as `http://127.0.0.1:8000`. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const faults = new Map<string, Fault>();
  const held = new Set<() => void>();
  const faultOf = (url: string) => [...faults].find(([path]) => url.startsWith(path))?.[1];
  const server = createServer((asked, answer) => {
    const { url = "/", method = "GET" } = asked;
    // what the browser keeps alive would outlive the fault
    const headers = { ...asked.headers, connection: "close" };
    const onward = request(new URL(url, target), { method, headers }, (came) => {
      const fault = faultOf(url);
      if (fault === "cut") void sendHalf(came, answer);
      else if (fault === "held") held.add(() => sendAll(came, answer));
      else sendAll(came, answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spoil: (path, fault) => void faults.set(path, fault),
    mend: () => {
      faults.clear();
      for (const send of held) send();
      held.clear();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sendAll(came: IncomingMessage, answer: ServerResponse): void {
  answer.writeHead(came.statusCode ?? 502, came.headers);
  answer.flushHeaders();
  came.pipe(answer);
}

async function sendHalf(came: IncomingMessage, answer: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of came) pieces.push(piece as Buffer);
  const whole = Buffer.concat(pieces);
  const { "transfer-encoding": _, ...headers } = came.headers;
  answer.writeHead(came.statusCode ?? 502, { ...headers, "content-length": whole.length });
  answer.write(whole.subarray(0, whole.length / 2), () => answer.destroy());
}

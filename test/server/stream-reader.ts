import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

/** One event as it came. */
export interface Heard {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** A reader of `/v1/stream`, over a socket of its own. */
export interface StreamReader {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly heard: readonly Heard[];
  /** The end of what came, comments too. */
  text(): string;
  /** Resolves when so many events have come. @throws Error after 5 s. */
  until(count: number): Promise<readonly Heard[]>;
  /** How it ended: `end` in order, `cut` without the last chunk. */
  readonly ended: Promise<"end" | "cut">;
  /** Takes no more from the socket. */
  pause(): void;
  resume(): void;
  close(): void;
}

export async function openStream(
  address: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<StreamReader> {
  const asked = request(`${address}${path}`, { headers, agent: false }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  let text = "";
  const heard: Heard[] = [];
  answer.setEncoding("utf8");
  let rest = "";
  answer.on("data", (piece: string) => {
    text = (text + piece).slice(-10_000);
    const blocks = (rest + piece).split("\n\n");
    rest = blocks.pop() ?? "";
    heard.push(...blocks.flatMap(heardOf));
  });
  const ended = new Promise<"end" | "cut">((resolve) => {
    answer.on("end", () => resolve("end"));
    answer.on("error", () => resolve("cut"));
    answer.on("close", () => resolve(answer.complete ? "end" : "cut"));
  });
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    heard,
    text: () => text,
    until: async (count) => {
      for (let tries = 0; heard.length < count; tries++) {
        if (tries > 500)
          throw new Error(`expected ${count} events, got ${heard.length}: ${text.slice(-500)}`);
        await wait(10);
      }
      return heard;
    },
    ended,
    pause: () => void answer.pause(),
    resume: () => void answer.resume(),
    close: () => void asked.destroy(),
  };
}

function heardOf(block: string): Heard[] {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
  const [event, data] = [field("event"), field("data")];
  return event && data ? [{ id: field("id") ?? "", event, data: JSON.parse(data) }] : [];
}

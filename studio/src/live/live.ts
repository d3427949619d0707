import type { HelloBody, Notice, NoticeKind } from "../../../src/contracts/notices.ts";
import { refreshShown } from "../api/answers.ts";
import { credentials, Failure, send } from "../api/client.ts";
import { cell } from "../cell.ts";
import { namesOf } from "../person.ts";
import { eventReader } from "./event-stream.ts";

/** `resting`: nobody looks at the page, so it holds no connection. */
export type Connection = "connecting" | "live" | "lost" | "resting";

export const connection = cell<Connection>("connecting");
/** The newest notice of each kind. */
export const newest = cell<
  Readonly<Partial<{ [Kind in NoticeKind]: Extract<Notice, { kind: Kind }>["data"] }>>
>({});

/** Waits after failures in a row, ms; the last one stays. A third of it is chance, so that not all come back at once. */
const backOffMs = [500, 1000, 2000, 5000, 10_000];

/** A stream without even a heartbeat for so long is dead, whatever the connection says. */
const silenceMs = 40_000;

let userId: string | undefined;
let lastId: string | undefined;
let failures = 0;
let reading: AbortController | undefined;
let waiting: number | undefined;

/** Follows what changes for a person from now on. The stream is read by fetch: an EventSource could not send a key. */
export function follow(person: string): void {
  if (person === userId && reading) return;
  userId = person;
  lastId = undefined;
  connectNow();
}

/** Tries at once, such as when somebody asks for it. */
export function connectNow(): void {
  clearTimeout(waiting);
  reading?.abort();
  if (document.hidden) {
    connection.set("resting");
    return;
  }
  const own = new AbortController();
  reading = own;
  if (connection.value !== "lost") connection.set("connecting");
  read(own).then(
    () => comeBack(own),
    (error: unknown) => comeBack(own, error),
  );
}

function comeBack(ended: AbortController, error?: unknown): void {
  if (ended !== reading) return; // another took its place
  if (error instanceof Failure && ["key-needed", "key-refused", "forbidden"].includes(error.kind)) {
    connection.set("resting"); // what would be told may not be known here
    return;
  }
  connection.set("lost");
  const pause = backOffMs[Math.min(failures++, backOffMs.length - 1)] ?? 0;
  waiting = window.setTimeout(connectNow, pause * (1 + Math.random() / 3));
}

async function read(own: AbortController): Promise<void> {
  const query = userId === undefined ? "" : `?${new URLSearchParams(namesOf(userId))}`;
  const headers = { ...credentials(), ...(lastId === undefined ? {} : { "last-event-id": lastId }) };
  const answer = await send(`v1/stream${query}`, { headers, signal: own.signal });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const take = eventReader();
  let silence: number | undefined;
  for (;;) {
    clearTimeout(silence);
    silence = window.setTimeout(() => own.abort(), silenceMs);
    const piece = await reader?.read().finally(() => clearTimeout(silence));
    if (!piece || piece.done || own !== reading) return;
    for (const { event, data, id } of take(piece.value)) {
      lastId = id ?? lastId;
      heard(event, JSON.parse(data));
    }
  }
}

function heard(event: string, data: unknown): void {
  if (event !== "hello") {
    newest.set({ ...newest.value, [event]: data });
    refreshShown(event as NoticeKind);
    return;
  }
  // without the id of the last event nobody can know what was missed
  const mayHaveMissed = failures > 0 || connection.value === "lost" || (data as HelloBody).missed;
  failures = 0;
  connection.set("live");
  if (mayHaveMissed) refreshShown();
}

/** A page that nobody looks at gives its connection back: a browser has only six for one server. */
document.addEventListener("visibilitychange", () => {
  if (userId === undefined) return;
  connectNow();
});

import { type FileHandle, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { asUsherError, UsherError } from "../errors.ts";

/** A file to fetch. */
export interface FileRequest {
  readonly url: string;
  /** Where the bytes go. What is there already is continued; beside it, `<path>.json` remembers what it is a part of. */
  readonly path: string;
  /** Longest wait for the server's answer, in ms; for the next bytes of the answer ten times as long. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Called as bytes arrive; `total` where the server says it. */
  readonly onBytes?: (received: number, total: number | undefined) => void;
}

/** What is known of a file of which a part is here. */
interface PartState {
  readonly url: string;
  /** ETag or Last-Modified: tells whether the server still has the same file. */
  readonly validator?: string;
  readonly total?: number;
}

/** One answer of the server: where its bytes belong. */
interface Answer {
  readonly response: Response;
  readonly start: number;
  readonly state: PartState;
}

/**
 * Fetches a file, and goes on where an earlier call or a dropped connection stopped.
 *
 * A dropped connection is taken up again as long as each attempt brings bytes. A server that does not know ranges, or whose file
 * changed, starts over. Bytes are durable when the call resolves; a partial file is kept when it rejects.
 *
 * @throws UsherError `DOWNLOAD_FAILED`, with the address and the reason; `CANCELLED`; `DISK_FULL`.
 */
export async function fetchFile(request: FileRequest): Promise<void> {
  for (;;) {
    const before = await sizeOf(request.path);
    try {
      await fetchRest(request, before);
      await rm(statePath(request.path), { force: true });
      return;
    } catch (error) {
      if (request.signal?.aborted) throw new UsherError("CANCELLED", "the download was cancelled");
      if (error instanceof OtherFile) {
        await rm(request.path, { force: true });
        continue;
      }
      const hasProgress = (await sizeOf(request.path)) > before;
      if (!(error instanceof ConnectionLost)) throw asUsherError(error);
      if (!hasProgress) throw failed(request.url, error.message, error.cause);
    }
  }
}

/** Fetches a small text, such as a checksum. @throws UsherError as {@link fetchFile}. */
export async function fetchText(
  request: Omit<FileRequest, "path" | "onBytes">,
  bytesMax: number,
): Promise<string> {
  try {
    const watch = watchdog(request);
    try {
      const response = await answerTo(request.url, { watch });
      if (!response.ok) throw failed(request.url, `the server answered ${response.status}`);
      watch.restart(request.timeoutMs);
      let text = "";
      for await (const bytes of bodyOf(response, watch)) {
        text += Buffer.from(bytes).toString("latin1");
        if (text.length > bytesMax) throw failed(request.url, `expected at most ${bytesMax} bytes`);
      }
      return text;
    } finally {
      watch.stop();
    }
  } catch (error) {
    if (request.signal?.aborted) throw new UsherError("CANCELLED", "the download was cancelled");
    throw error instanceof ConnectionLost ? failed(request.url, error.message, error.cause) : error;
  }
}

/** The connection failed, which another attempt may cure. */
class ConnectionLost extends Error {}

/** The part on disk is not a part of the file that the server has. */
class OtherFile extends Error {}

function failed(url: string, reason: string, cause?: unknown): UsherError {
  return new UsherError("DOWNLOAD_FAILED", `could not fetch ${url}: ${reason}`, { cause });
}

const statePath = (path: string) => `${path}.json`;

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (stats) => stats.size,
    () => 0,
  );
}

async function readState(request: FileRequest): Promise<PartState | undefined> {
  try {
    const state = JSON.parse(await readFile(statePath(request.path), "utf8")) as PartState;
    return state.url === request.url ? state : undefined;
  } catch {
    return undefined; // without a readable record the part cannot be trusted, and the file is fetched from its start
  }
}

/** One attempt: asks for what is missing and appends it. */
async function fetchRest(request: FileRequest, have: number): Promise<void> {
  const known = await readState(request);
  const watch = watchdog(request);
  try {
    const answer = await askFor(request, { from: known ? have : 0, known, watch });
    if (answer === "complete") return;
    await writeFile(statePath(request.path), JSON.stringify(answer.state));
    const file = await open(request.path, answer.start > 0 ? "r+" : "w");
    try {
      await receive(file, { answer, request, watch });
      await file.sync();
    } finally {
      await file.close();
    }
  } finally {
    watch.stop();
  }
}

async function receive(
  file: FileHandle,
  { answer, request, watch }: { answer: Answer; request: FileRequest; watch: Watchdog },
): Promise<void> {
  let at = answer.start;
  const { total } = answer.state;
  for await (const bytes of bodyOf(answer.response, watch)) {
    watch.restart(10 * request.timeoutMs);
    await file.write(bytes, 0, bytes.length, at);
    at += bytes.length;
    request.onBytes?.(at, total);
  }
  if (total !== undefined && at < total) throw new ConnectionLost(`${at} of ${total} bytes arrived`);
  if (total !== undefined && at > total) {
    throw failed(request.url, `expected ${total} bytes, got ${at}`);
  }
}

async function askFor(
  request: FileRequest,
  { from, known, watch }: { from: number; known: PartState | undefined; watch: Watchdog },
): Promise<Answer | "complete"> {
  const { url } = request;
  const headers: Record<string, string> = {};
  if (from > 0) {
    headers["range"] = `bytes=${from}-`;
    if (known?.validator) headers["if-range"] = known.validator;
  }
  const response = await answerTo(url, { watch, headers });
  const { status } = response;
  const contentRange = response.headers.get("content-range") ?? "";
  if (status === 206) {
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(contentRange) ?? [];
    const isSameFile = known?.total === undefined || known.total === Number(total);
    if (Number(start) === from && isSameFile) {
      return { response, start: from, state: stateOf(url, response, Number(total)) };
    }
  }
  if (status === 416 && contentRange === `bytes */${from}`) {
    watch.abort();
    return "complete";
  }
  if (from > 0 && (status === 206 || status === 416)) {
    watch.abort();
    throw new OtherFile();
  }
  if (status !== 200) throw failed(url, `the server answered ${status}`);
  const length = response.headers.get("content-length");
  return {
    response,
    start: 0,
    state: stateOf(url, response, length === null ? undefined : Number(length)),
  };
}

function stateOf(url: string, response: Response, total: number | undefined): PartState {
  const etag = response.headers.get("etag");
  // a weak ETag does not promise equal bytes (RFC 9110, section 13.1.5)
  const validator = etag && !etag.startsWith("W/") ? etag : response.headers.get("last-modified");
  return {
    url,
    ...(validator ? { validator } : {}),
    ...(total === undefined ? {} : { total }),
  };
}

async function answerTo(
  url: string,
  { watch, headers = {} }: { watch: Watchdog; headers?: Record<string, string> },
): Promise<Response> {
  try {
    // the bytes of the file itself are counted and continued, so the server must not compress them again
    return await fetch(url, { headers: { "accept-encoding": "identity", ...headers }, signal: watch.signal });
  } catch (error) {
    throw new ConnectionLost(reasonOf(error, watch), { cause: error });
  }
}

async function* bodyOf(response: Response, watch: Watchdog): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      let part: { done: boolean; value?: Uint8Array | undefined };
      try {
        part = await reader.read();
      } catch (error) {
        throw new ConnectionLost(reasonOf(error, watch), { cause: error });
      }
      if (part.done || !part.value) return;
      yield part.value;
    }
  } finally {
    await reader.cancel().catch(() => {}); // the connection is given up either way
  }
}

function reasonOf(error: unknown, watch: Watchdog): string {
  if (watch.waitedMs !== undefined) return `no answer within ${watch.waitedMs} ms`;
  const cause = (error as Error).cause as (Error & { code?: string }) | undefined;
  return cause?.code ?? cause?.message ?? (error as Error).message;
}

/** Ends a request on which nothing happens for too long. */
interface Watchdog {
  signal: AbortSignal;
  /** Set once the time was up. */
  waitedMs: number | undefined;
  restart(ms: number): void;
  abort(): void;
  stop(): void;
}

function watchdog(request: Pick<FileRequest, "timeoutMs" | "signal">): Watchdog {
  const controller = new AbortController();
  const onAbort = () => controller.abort();
  if (request.signal?.aborted) onAbort();
  request.signal?.addEventListener("abort", onAbort, { once: true });
  let timer: NodeJS.Timeout | undefined;
  const watch: Watchdog = {
    signal: controller.signal,
    waitedMs: undefined,
    restart(ms) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        watch.waitedMs = ms;
        controller.abort();
      }, ms);
    },
    abort: () => controller.abort(),
    stop() {
      clearTimeout(timer);
      request.signal?.removeEventListener("abort", onAbort);
    },
  };
  watch.restart(request.timeoutMs);
  return watch;
}

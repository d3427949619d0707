import { randomUUID } from "node:crypto";
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { type ErrorCode, UsherError } from "../errors.ts";
import { problemOf, problemType } from "./problem.ts";

/** How long a client that was refused may take to close its side. */
const lingerMs = 1000;
/** Longest time for the rest of a body that is refused. */
export const drainTimeoutMs = 10_000;

/** The newest answer of a connection, to know whether one more may follow it. */
const lastAnswers = new WeakMap<Socket, ServerResponse>();

/** Answers what Node refuses or hands over before a route can see it. Broken requests come to {@link answerBrokenHttp}. */
export function answerBelowRoutes(server: Server): void {
  server.on("request", (request, response) => void lastAnswers.set(request.socket, response));
  server.on("connect", refuseTunnel);
  server.on("checkExpectation", refuseExpectation);
}

/** Connections whose present request may take longer than others, as long as its body keeps coming. */
const longReceived = new WeakSet<Socket>();

/**
 * Lets the body of a request take as long as it needs, as long as it keeps coming.
 *
 * @param standstillSecondsMax How long it may stand still.
 * @returns `standstill` rejects with `REQUEST_TIMEOUT` where it does. `end` has to be called when the handler is done with the body: what
 * still comes then is thrown away, for a while.
 */
export function receiveLong(
  request: IncomingMessage,
  standstillSecondsMax: number,
): { standstill: Promise<never>; end(): void } {
  const { socket } = request;
  longReceived.add(socket);
  let quietSeconds = 0;
  const onData = () => {
    quietSeconds = 0;
  };
  request.on("data", onData);
  let watch: NodeJS.Timeout | undefined;
  const standstill = new Promise<never>((_, reject) => {
    watch = setInterval(() => {
      if (request.complete || ++quietSeconds < standstillSecondsMax) return;
      reject(
        new UsherError("REQUEST_TIMEOUT", `body: expected more of it within ${standstillSecondsMax} seconds`),
      );
    }, 1000).unref();
  });
  return {
    standstill,
    end: () => {
      clearInterval(watch);
      longReceived.delete(socket);
      request.off("data", onData);
      if (request.complete) return;
      request.unpipe();
      request.resume();
      setTimeout(() => {
        if (!request.complete) socket.destroy();
      }, drainTimeoutMs + lingerMs).unref();
    },
  };
}

const codeOfParserError: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: "HEAD_TOO_LARGE",
  ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_TIMEOUT",
};

/** Answers what Node's parser refuses. There is no request then, and the connection cannot be used again. */
export function answerBrokenHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  // Node tells this once a request, and then lets it go on
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT" && longReceived.has(socket)) return;
  const last = lastAnswers.get(socket);
  const isOver = last === undefined || (last.writableFinished && last.req.complete);
  // a request gets one answer: what has begun must not be mixed with another, nor a refusal be followed by a second one
  if (last?.headersSent && !isOver) return void socket.destroy();
  const code = codeOfParserError[error.code ?? ""];
  writeAnswer(
    socket,
    code
      ? new UsherError(code)
      : new UsherError("PARAMETER_INVALID", "request: expected well-formed HTTP/1.1, got something else"),
  );
}

/** `Expect` may only ask for 100-continue, which Node answers by itself. */
function refuseExpectation({ headers }: IncomingMessage, response: ServerResponse): void {
  const error = new UsherError(
    "EXPECTATION_FAILED",
    `Expect: expected 100-continue or nothing, got ${JSON.stringify(headers.expect?.slice(0, 128))}`,
  );
  const requestId = randomUUID();
  const problem = problemOf(error, requestId);
  response.writeHead(problem.status, {
    "content-type": problemType,
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
    connection: "close",
  });
  response.end(JSON.stringify(problem));
}

/** Node gives CONNECT a way of its own, past every handler. */
function refuseTunnel(_request: unknown, socket: Socket): void {
  const allow = "GET, HEAD, OPTIONS, POST";
  const error = new UsherError("METHOD_NOT_ALLOWED", `method: expected one of ${allow}, got CONNECT`);
  writeAnswer(socket, error, `Allow: ${allow}\r\n`);
}

function writeAnswer(socket: Socket, error: UsherError, more = ""): void {
  socket.on("error", () => socket.destroy()); // the other side may be gone already; there is nobody to tell
  if (!socket.writable) return void socket.destroy();
  const requestId = randomUUID();
  const problem = problemOf(error, requestId);
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nConnection: close\r\nContent-Type: ${problemType}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nX-Request-Id: ${requestId}\r\n` +
      `X-Content-Type-Options: nosniff\r\n${more}\r\n${body}`,
  );
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

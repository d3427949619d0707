import { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import {
  type HelloBody,
  type Notice,
  noticeKinds,
  noticeNames,
  StreamHeaders,
  StreamQuery,
} from "../../contracts/notices.ts";
import { UsherError } from "../../errors.ts";
import type { Asker } from "../access/guard.ts";
import type { ServerContext } from "../context.ts";
import type { NumberedNotice } from "../notices.ts";
import { personNamed } from "../person-list.ts";
import { type App, answersOf } from "./schema.ts";

/** Streams at once of all, and of one asker. */
const streamsMax = 256;
const streamsOfOneMax = 16;
/** A reader that leaves more than this unread is let go; it comes back and asks for everything again. */
const bufferedBytesMax = 256 * 1024;
/** A sign of life, so that nobody on the way takes the stream for dead. */
const heartbeatMs = 15_000;
/** When a browser shall come back by itself, ms. */
const retryMs = 2000;

const isAdmin = (asker: Asker | undefined): boolean =>
  asker?.kind === "loopback" ||
  asker?.kind === "owner" ||
  (asker?.kind === "key" && asker.scopes.includes("admin"));

/** What is counted together. */
const nameOf = (asker: Asker | undefined): string => {
  if (asker?.kind === "key") return `key ${asker.id}`;
  return asker?.kind === "user" ? `user ${asker.userId}` : (asker?.kind ?? "");
};

/** What changes, told as it happens: server-sent events. */
export function streamRoute(app: App, context: ServerContext): void {
  const open = new Map<string, number>();
  app.addHook("preClose", async () => context.notices?.close());
  app.get(
    "/v1/stream",
    {
      config: { scope: "read", self: "user_id" },
      exposeHeadRoute: false, // a head of something without an end
      schema: {
        tags: ["operation"],
        operationId: "stream",
        summary: "What changes, told as it happens, as server-sent events",
        description: [
          "Stays open. The first event is `hello`; each other one says that something changed, not what it is now:",
          ...noticeNames.map((name) => {
            const { meaning, isForAdmin } = noticeKinds[name];
            return `- \`${name}\`: ${meaning}${isForAdmin ? " (administrators)" : ""}`;
          }),
        ].join("\n"),
        querystring: StreamQuery,
        headers: StreamHeaders,
        response: {
          ...answersOf(Type.Any(), ["NOT_READY"]),
          200: { description: "Events", content: { "text/event-stream": { schema: Type.String() } } },
        },
      },
    },
    (request, reply): never => {
      const { notices } = context;
      if (!notices) throw new UsherError("NOT_READY", "this server tells no changes");
      personNamed(request.query); // refused before it takes a place
      const release = takePlace(open, nameOf(request.asker));
      const stream = eventStream(request, { context, notices });
      stream.once("close", release);
      return reply
        .type("text/event-stream; charset=utf-8")
        .header("x-accel-buffering", "no") // proxies that collect answers before they pass them on
        .send(stream as never) as never; // a reply is answered by itself
    },
  );
}

/** @returns What gives the place back. @throws UsherError `RATE_LIMITED`. */
function takePlace(open: Map<string, number>, name: string): () => void {
  const own = open.get(name) ?? 0;
  const all = [...open.values()].reduce((sum, count) => sum + count, 0);
  if (own >= streamsOfOneMax || all >= streamsMax) {
    const limit = `${streamsOfOneMax} streams of one asker and ${streamsMax} in all`;
    throw new UsherError("RATE_LIMITED", `streams: expected at most ${limit} at once, close one first`);
  }
  open.set(name, own + 1);
  return () => {
    const left = (open.get(name) ?? 1) - 1;
    if (left > 0) open.set(name, left);
    else open.delete(name);
  };
}

function eventStream(
  request: FastifyRequest<{ Querystring: { user_id?: string; session_id?: string } }>,
  { context, notices }: { context: ServerContext; notices: NonNullable<ServerContext["notices"]> },
): Readable {
  const { user_id, session_id } = request.query;
  // a notice names a user or a session, so a stream that names neither is told of nobody
  const isOfPerson = (data: { user_id?: string; session_id?: string }) =>
    data.user_id === user_id && data.session_id === session_id;
  const forAdmin = isAdmin(request.asker);
  const isFor = ({ kind, data }: Notice) =>
    (forAdmin || !noticeKinds[kind].isForAdmin) && (kind !== "profile" || isOfPerson(data));
  const stream = new Readable({ read() {}, highWaterMark: bufferedBytesMax });
  const write = (text: string) => {
    if (stream.readableLength > bufferedBytesMax) stream.destroy();
    else stream.push(text);
  };
  const tell = ({ id, notice }: NumberedNotice) => {
    if (isFor(notice)) write(eventText(notice.kind, notice.data, id));
  };
  const after = request.headers["last-event-id"];
  const heard = notices.listen({
    after: typeof after === "string" ? after : undefined,
    onNotice: tell,
    onEnd: () => stream.push(null),
  });
  const version = context.serving()?.version;
  const hello: HelloBody = { ...(version === undefined ? {} : { version }), missed: heard.missed };
  write(`retry: ${retryMs}\n${eventText("hello", hello, heard.last)}`);
  for (const numbered of heard.earlier) tell(numbered);
  const heartbeat = setInterval(() => write(":\n\n"), heartbeatMs).unref();
  stream.once("close", () => {
    clearInterval(heartbeat);
    heard.end();
  });
  return stream;
}

const eventText = (event: string, data: object, id: string) =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

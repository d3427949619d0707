import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Recommendations } from "../recommend/recommender.ts";

/** Where lines of the log go, and the least severe of them. */
export interface Logger {
  readonly level: string;
  readonly stream: { write(line: string): void };
}

declare module "fastify" {
  interface FastifyRequest {
    /** What the line of this request in the log says of the lists that it answered, as JSON without braces. */
    shown: string | undefined;
  }
}

type LoggedList = Pick<Recommendations, "surface" | "surfaceVersion" | "items">;

/** Levels at which each request has its line. */
const chatty: readonly string[] = ["info", "debug", "trace"];
/** The number that stands for `info` in a line. */
const infoLevel = 30;

const logsRequests = (logger: Logger | false | undefined): logger is Logger =>
  logger !== false && logger !== undefined && chatty.includes(logger.level);

/**
 * Writes one line a request, with what was shown, and with the template of the route and not its path, which holds ids of persons.
 *
 * In the form of all other lines, but put together here: the logger would write out the same lists again for each answer, a fifth of its
 * cost.
 */
export function logRequests(app: FastifyInstance, logger: Logger | false | undefined): void {
  app.decorateRequest("shown", undefined);
  if (!logsRequests(logger)) return;
  app.addHook("onResponse", (request, reply, done) => {
    logger.stream.write(lineOf(request, reply));
    done();
  });
}

function lineOf(request: FastifyRequest, reply: FastifyReply): string {
  const { id, method, route, shown } = request;
  const ms = Math.round(reply.elapsedTime * 10) / 10;
  return (
    `{"level":${infoLevel},"time":${Date.now()},"request_id":"${id}","method":${JSON.stringify(method)},` +
    `"route":${JSON.stringify(route?.url ?? "unrouted")},"status":${reply.statusCode},"ms":${ms},` +
    `${shown === undefined ? "" : `${shown},`}"msg":"answered"}\n`
  );
}

/** Notes for the log what a request was shown: with the propensities a new policy can be judged on it. No person is named. */
export function noteShown(
  { context, request }: { context: { readonly logger?: Logger | false }; request: FastifyRequest },
  { version, lists }: { version: string; lists: readonly LoggedList[] },
): void {
  if (!logsRequests(context.logger)) return;
  request.shown = `"model_version":${JSON.stringify(version)},"lists":[${lists.map(listText).join(",")}]`;
}

/** Lists that are answered again are the same items. */
const texts = new WeakMap<Recommendations["items"], string>();

function listText({ surface, surfaceVersion, items }: LoggedList): string {
  const known = texts.get(items);
  if (known !== undefined) return known;
  const text = JSON.stringify({
    ...{ surface, surface_version: surfaceVersion },
    items: items.map(({ item }) => item.itemId),
    propensities: items.map(({ propensity }) => propensity),
  });
  texts.set(items, text);
  return text;
}

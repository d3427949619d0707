import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { TSchema } from "typebox";
import { Problem } from "../../contracts/http.ts";
import { type ErrorCode, errorKind } from "../../errors.ts";
import { problemType } from "../problem.ts";

/** The application with types of requests and answers taken from the schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** Longest time that a handler which waits for something may take; longer than a request may take to arrive. */
export const handlerTimeoutMs = 60_000;

/** What a list of a surface can be refused for. */
export const listErrors = ["NOT_READY", "FILTER_INVALID", "ITEM_UNKNOWN"] as const satisfies ErrorCode[];

/**
 * The answers of a route for its schema: the good one, and a problem for each error that the route itself can produce.
 *
 * Every route can also answer 400, 401, 403, 429, 431 and 500.
 */
export function answersOf<Good extends TSchema>(good: Good, codes: readonly ErrorCode[] = []) {
  return { 200: good, ...problemsOf(codes) } as { 200: Good };
}

/** The answers of a route that takes something: 202 with what became of it, and the problems. */
export function acceptedOf<Good extends TSchema>(good: Good, codes: readonly ErrorCode[] = []) {
  return { 202: good, ...problemsOf(codes) } as { 202: Good };
}

function problemsOf(codes: readonly ErrorCode[]) {
  const all: ErrorCode[] = [
    "PARAMETER_INVALID",
    "KEY_REQUIRED",
    "SCOPE_MISSING",
    "RATE_LIMITED",
    "HEAD_TOO_LARGE",
    "INTERNAL",
    ...codes,
  ];
  return Object.fromEntries(all.map((code) => [errorKind(code).status, problemAnswer(code)]));
}

/** A problem of this code as an answer in a schema. */
export function problemAnswer(code: ErrorCode, schema: TSchema = Problem) {
  return { description: errorKind(code).message, content: { [problemType]: { schema } } };
}

import type { FastifyError } from "fastify";
import type { ProblemBody } from "../contracts/http.ts";
import type { FieldError } from "../contracts/mismatch.ts";
import { asUsherError, type ErrorCode, errorKind, UsherError } from "../errors.ts";

/** Media type of RFC 9457. */
export const problemType = "application/problem+json";

const passing: ReadonlySet<ErrorCode> = new Set(["NOT_READY", "TOO_BUSY", "RATE_LIMITED", "LOG_UNAVAILABLE"]);

/** Whether a refusal passes by itself, so that the client is told when to ask again. */
export const isPassing = (code: ErrorCode): boolean => passing.has(code);

/** How fastify's own refusals are called here. Those that are not named are sorted by their status. */
const codeOfFrameworkError: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "BODY_TOO_LARGE",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "MEDIA_TYPE_UNSUPPORTED",
  FST_ERR_BAD_URL: "PARAMETER_INVALID",
  FST_ERR_MAX_PARAM_LENGTH: "PARAMETER_INVALID",
  FST_ERR_NOT_FOUND: "ROUTE_UNKNOWN",
  FST_ERR_HANDLER_TIMEOUT: "TOO_SLOW",
};

/** Refusals whose own words are for the developers of fastify, in ours. */
const messageOfFrameworkError: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE:
    "body: expected Content-Type: application/json (application/x-ndjson too for events, multipart/form-data for imports), got another or none",
  FST_ERR_CTP_EMPTY_JSON_BODY: "body: expected JSON, got nothing",
  FST_ERR_CTP_INVALID_JSON_BODY:
    "body: expected JSON without the keys __proto__ and constructor, got something else",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH:
    "body: expected as many bytes as Content-Length says, got another number",
  FST_ERR_BAD_URL: "path: expected percent-encoded UTF-8, got something else",
};

/**
 * Any failure as an error of ours: known ones by their code, a refusal of fastify by its status, all else as `INTERNAL`.
 *
 * @param request.hasBody Whether a body can be what was refused. Default true.
 * @param request.bodyBytesMax Largest body that the route takes, in bytes, for the words of a refusal.
 * @param request.isComplete Whether all of the request has arrived: if not, it is the client that was slow. Default true.
 */
export function asServerError(
  error: unknown,
  {
    hasBody = true,
    isComplete = true,
    bodyBytesMax,
  }: { hasBody?: boolean; isComplete?: boolean; bodyBytesMax?: number | undefined } = {},
): UsherError {
  if (error instanceof UsherError) return error;
  const { code, statusCode } = error as Partial<FastifyError>;
  const known = codeOfFrameworkError[code ?? ""];
  const isRefusal = statusCode !== undefined && statusCode >= 400 && statusCode < 500;
  if (!known && !isRefusal) return asUsherError(error);
  if (known === "TOO_SLOW" && !isComplete)
    return new UsherError("REQUEST_TIMEOUT", undefined, { cause: error });
  const message =
    known === "BODY_TOO_LARGE" && bodyBytesMax !== undefined
      ? `body: expected at most ${bodyBytesMax / 1024 / 1024} MiB, got more`
      : messageOfFrameworkError[code ?? ""];
  const isOfBody = hasBody || code?.startsWith("FST_ERR_CTP_");
  const byStatus = statusCode === 404 ? "ROUTE_UNKNOWN" : isOfBody ? "BODY_INVALID" : "PARAMETER_INVALID";
  return new UsherError(known ?? byStatus, message, { cause: error });
}

/**
 * The answer to an error, as RFC 9457 wants it. A defect of ours is told in general words only: its message may name what
 * is nobody's business (paths, ids of others), and stands in the log beside the request id.
 */
export function problemOf(error: UsherError, requestId: string): ProblemBody {
  const kind = errorKind(error.code);
  const isOurs = kind.status >= 500 && error.code !== "NOT_READY";
  const fields = error.details["errors"] as FieldError[] | undefined;
  const field = error.details["field"];
  const errors = fields ?? (typeof field === "string" ? [{ field, message: error.message }] : undefined);
  return {
    type: `urn:usher:error:${error.code}`,
    title: kind.message,
    status: kind.status,
    detail: isOurs ? `${kind.message} ${kind.remedy}` : error.message,
    code: error.code,
    request_id: requestId,
    ...(errors && !isOurs ? { errors } : {}),
  };
}

import type { ProblemBody } from "../../../src/contracts/http.ts";
import { cell, keptCell } from "../cell.ts";

/** Why something could not be had. Each kind has its picture, its words and what repairs it (`design/state-view.tsx`). */
export type FailureKind =
  | "unreachable"
  | "key-needed"
  | "key-refused"
  | "forbidden"
  | "not-ready"
  | "not-found"
  | "invalid"
  | "busy"
  | "cut-off"
  | "other";

/** What every question to the server may end with. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly problem: Partial<ProblemBody> | undefined;

  constructor(kind: FailureKind, detail: string, problem?: Partial<ProblemBody>) {
    super(detail);
    this.kind = kind;
    this.problem = problem;
  }
}

const kindOfStatus: Readonly<Record<number, FailureKind>> = {
  400: "invalid",
  403: "forbidden",
  404: "not-found",
  409: "busy",
  412: "busy",
  422: "invalid",
  429: "busy",
  503: "not-ready",
};

/** Longest wait for a whole answer. */
const timeoutMs = 20_000;

/** The key of this session, where the server needs one. It is kept in this tab only, and forgotten with it. */
export const key = keptCell<string>("usher.key", "", () => sessionStorage);

/** Set where an answer said that who asks is not known: the sign-in takes the place of every page. */
export const refused = cell<Failure | undefined>(undefined);

/** @param path Without a slash in front: `v1/home?user_id=143`. It is meant beside the page, whatever path that has. */
export const addressOf = (path: string): string => new URL(path, document.baseURI).href.replace(/#.*$/, "");

export const credentials = (): Record<string, string> =>
  key.value === "" ? {} : { authorization: `Bearer ${key.value}` };

/**
 * Asks the API. Bodies have the types of `src/contracts/`; the server holds its answers to the same schemas.
 *
 * @throws Failure
 */
export async function ask<Body>(
  path: string,
  { method = "GET", body, signal }: { method?: string; body?: unknown; signal?: AbortSignal } = {},
): Promise<Body> {
  const answer = await send(path, {
    method,
    headers: { ...credentials(), ...(body === undefined ? {} : { "content-type": "application/json" }) },
    signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return readBody<Body>(answer);
}

/** Sends a request and gives an answer that is good. @throws Failure */
export async function send(path: string, request: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(addressOf(path), { cache: "no-store", ...request });
  } catch (error) {
    if (request.signal?.aborted && (error as Error).name === "AbortError") throw error;
    throw new Failure("unreachable", (error as Error).message);
  }
  if (answer.ok) return answer;
  const problem = await readProblem(answer);
  const failure = failureOf(answer.status, problem);
  if (answer.status === 401) refused.set(failure);
  throw failure;
}

async function readBody<Body>(answer: Response): Promise<Body> {
  try {
    return (await answer.json()) as Body;
  } catch (error) {
    throw new Failure("cut-off", (error as Error).message);
  }
}

function failureOf(status: number, problem: Partial<ProblemBody>): Failure {
  const detail = problem.detail ?? `HTTP ${status}`;
  if (status === 401)
    return new Failure(problem.code === "KEY_REQUIRED" ? "key-needed" : "key-refused", detail, problem);
  return new Failure(kindOfStatus[status] ?? "other", detail, problem);
}

async function readProblem(answer: Response): Promise<Partial<ProblemBody>> {
  try {
    return (await answer.json()) as Partial<ProblemBody>;
  } catch {
    return {}; // something on the way answered, and not Usher
  }
}

import type { InjectOptions, LightMyRequestResponse } from "fastify";
import { Compile } from "typebox/schema";
import { expect } from "vitest";
import type { ReleaseReport } from "../../src/contracts/release.ts";
import { createApp } from "../../src/server/app.ts";
import { type ServerContext, servingOf } from "../../src/server/context.ts";
import { smallCatalogue, smallRelease } from "../recommend/small-release.ts";

const choice = (algorithm: string) => ({ algorithm, parameters: { factors: 8 } });

export const report: ReleaseReport = {
  format: 1,
  version: "v0001",
  created_at: "2026-01-02T03:04:05.000Z",
  code_version: "0.1.0",
  build: { number: 1, tables: { silver_ratings: 0 } },
  seed: 42,
  data: { fingerprint: "ab", users: 6, items: 12, ratings: 12 },
  split: { share: 0.2, order: "random", train_ratings: 10, test_ratings: 2, users_evaluated: 2 },
  k: 10,
  note: "of the 80 % fit",
  rankers: [
    { ...choice("near"), ndcg: 0.4, recall: 0.3, map: 0.2, coverage: 0.1, ndcg_against_popularity: null },
    {
      ...choice("popularity"),
      ndcg: 0.4,
      recall: 0.3,
      map: 0.2,
      coverage: 0.1,
      ndcg_against_popularity: { difference: 0.1, low: 0.05, high: 0.15 },
    },
  ],
  raters: [{ ...choice("mean"), rmse: 0.9, mae: 0.7, rmse_against_baseline: null }],
  chosen: { ranker: choice("near"), rater: choice("mean"), reason: "best" },
  gate: { decision: "accepted", reason: "the first release" },
};

/** A context that serves the small release. */
export function smallContext(changes: Partial<ServerContext> = {}): ServerContext {
  const serving = servingOf({ release: smallRelease, catalogue: smallCatalogue });
  return {
    serving: () => serving,
    releases: async () => [report],
    status: () => ({}),
    allowedHosts: ["usher.example", "proxy.example:8443"],
    ...changes,
  };
}

interface Operation {
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

/** The application, and a way to ask it that holds each answer against the document that the application itself gives. */
export async function checkedApp(changes: Partial<ServerContext> = {}) {
  const app = createApp(smallContext(changes));
  const routes: string[] = [];
  app.addHook(
    "onRoute",
    ({ method, url }) => void routes.push(...[method].flat().map((name) => `${name} ${url}`)),
  );
  await app.ready();
  const { paths } = app.swagger() as unknown as { paths: Record<string, Record<string, Operation>> };
  const seen = new Set<string>();
  const ask = async (options: InjectOptions | string): Promise<LightMyRequestResponse> => {
    const request = typeof options === "string" ? { url: options } : options;
    const answer = await app.inject({ ...request, headers: { host: "localhost:8000", ...request.headers } });
    const method = (request.method ?? "GET").toLowerCase();
    // `..` and `\` are resolved on the way
    const { pathname: path } = new URL(`http://localhost${request.url}`);
    expect(answer.headers["x-request-id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(answer.body).not.toMatch(/node_modules|\.ts:\d|at \w+ \(/); // no stack, ever
    const template = Object.keys(paths).find((known) =>
      new RegExp(`^${known.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(path),
    );
    const operation = template && paths[template]?.[method];
    const isElsewhere = answer.body.includes('"code":"ROUTE_UNKNOWN"'); // such as /v1/items/.. is
    if (operation && !isElsewhere) {
      checkAnswer(operation, answer);
      seen.add(`${method} ${template} ${answer.statusCode}`);
    }
    return answer;
  };
  return { app, ask, routes, seen };
}

function checkAnswer(operation: Operation, answer: LightMyRequestResponse): void {
  const described = operation.responses[answer.statusCode];
  expect(described, `${answer.statusCode} is a documented answer`).toBeDefined();
  const [[mediaType, content] = ["", undefined]] = Object.entries(described?.content ?? {});
  if (!content) return;
  expect(answer.headers["content-type"]?.toString().split(";")[0]).toBe(mediaType);
  const body = mediaType.startsWith("text/") ? answer.body : answer.json();
  const [fits, errors] = [Compile(content.schema).Check(body), Compile(content.schema).Errors(body)];
  expect(fits, JSON.stringify(errors)).toBe(true);
}

/** Expects a problem and gives its body. */
export function problem(answer: LightMyRequestResponse, status: number, code: string) {
  expect([answer.statusCode, answer.body]).toEqual([status, expect.stringContaining(`"code":"${code}"`)]);
  expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
  const body = answer.json();
  expect(body.status).toBe(status);
  expect(body.type).toBe(`urn:usher:error:${code}`);
  expect(body.request_id).toBe(answer.headers["x-request-id"]);
  return body as { detail: string; title: string; errors?: { field: string; message: string }[] };
}

export type CheckedApp = Awaited<ReturnType<typeof checkedApp>>;

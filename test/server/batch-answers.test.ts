import { describe, expect, it } from "vitest";
import { createApp } from "../../src/server/app.ts";
import { servingOf } from "../../src/server/context.ts";
import { asServerError } from "../../src/server/problem.ts";
import { smallCatalogue, smallRelease } from "../recommend/small-release.ts";

const serving = servingOf({ release: smallRelease, catalogue: smallCatalogue });
const app = createApp({
  serving: () => serving,
  releases: async () => [],
  status: () => ({}),
  allowedHosts: [],
});
const post = (payload: object | string, url = "/v1/recommendations/batch") =>
  app.inject({
    method: "POST",
    url,
    headers: { host: "localhost", "content-type": "application/json" },
    payload,
  });

describe("the batch", () => {
  it("takes the surface by name, and refuses what it does not know", async () => {
    const answer = await post({ user_ids: ["1", "nobody"], k: 2, surface: "for-you" });
    expect(answer.statusCode).toBe(200);
    expect(answer.json().results.map(({ user_id }: { user_id: string }) => user_id)).toEqual(["1", "nobody"]);
    expect((await post({ user_ids: ["1"], surface: "magic" })).statusCode).toBe(400);
    expect((await post({ user_ids: ["1"] }, "/v1/recommendations/batch?k=5")).statusCode).toBe(400);
  });

  it.each(["12345678901234567890", "1e21"])("refuses %s, which lost digits in JSON", async (id) => {
    expect((await post(`{"user_ids":[${id}]}`)).statusCode).toBe(400);
  });
});

describe("failures of the framework", () => {
  it("a handler that takes too long is TOO_SLOW, not a defect", () => {
    const error = Object.assign(new Error("x"), { code: "FST_ERR_HANDLER_TIMEOUT", statusCode: 503 });
    expect(asServerError(error).code).toBe("TOO_SLOW");
  });

  it("without a body nothing is said of a body", () => {
    const error = Object.assign(new Error("x"), { code: "FST_ERR_X", statusCode: 403 });
    expect(asServerError(error, { hasBody: false }).code).toBe("PARAMETER_INVALID");
    expect(asServerError({ ...error, statusCode: 404 }, { hasBody: false }).code).toBe("ROUTE_UNKNOWN");
  });
});

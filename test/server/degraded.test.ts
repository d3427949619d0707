import { describe, expect, it } from "vitest";
import { checkedApp, problem } from "./checked-app.ts";

describe("a part that has failed", () => {
  it("is named by every answer that was made without it, and by /health/ready, and not by /health/live", async () => {
    let status: "ready" | "failed" = "ready";
    const dependencies = () => ({
      events: { status, detail: "no disk" },
      workflow: { status: "ready" as const },
    });
    const server = await checkedApp({ dependencies });
    const list = async () => (await server.ask("/v1/users/1/recommendations")).json().degraded;
    const batch = async () =>
      (
        await server.ask({ method: "POST", url: "/v1/recommendations/batch", payload: { user_ids: ["1"] } })
      ).json().degraded;
    expect([await list(), await batch()]).toEqual([[], []]);
    expect((await server.ask("/health/ready")).json().dependencies).toEqual({
      ...{
        release: { status: "ready" },
        workflow: { status: "ready" },
        events: { status: "ready", detail: "no disk" },
      },
    });
    status = "failed";
    expect([await list(), await batch()]).toEqual([["events"], ["events"]]);
    expect(problem(await server.ask("/health/ready"), 503, "NOT_READY").detail).toBe("events is failed");
    expect((await server.ask("/health/live")).statusCode).toBe(200);
    await server.app.close();
  });
});

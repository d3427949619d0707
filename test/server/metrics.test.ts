import { describe, expect, it } from "vitest";
import { serverMetrics } from "../../src/server/metrics.ts";
import { checkedApp } from "./checked-app.ts";

/** The value of a line such as `name{labels} 3`. */
const figureOf = (text: string, line: string) =>
  text
    .split("\n")
    .find((one) => one.startsWith(`${line} `))
    ?.split(" ")[1];

describe("GET /metrics", () => {
  it("counts requests by the template of their route, never by an id", async () => {
    const { app, ask } = await checkedApp();
    await ask("/v1/users/secret-person/recommendations");
    await ask("/v1/users/other-person/recommendations?k=0");
    await ask("/v1/nowhere/secret-person");
    const answer = await ask("/metrics");
    expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    const route = '{method="GET",route="/v1/users/:user_id/recommendations"';
    expect(figureOf(answer.body, `usher_http_requests_total${route},status="200"}`)).toBe("1");
    expect(figureOf(answer.body, `usher_http_requests_total${route},status="400"}`)).toBe("1");
    expect(figureOf(answer.body, `usher_http_request_seconds_count${route}}`)).toBe("2");
    expect(answer.body).toContain('route="unrouted",status="404"');
    expect(answer.body).not.toMatch(/secret-person|other-person/);
    await app.close();
  });

  it("shows what the parts tell", async () => {
    const metrics = serverMetrics();
    metrics.onEvents({ accepted: { events_views: 3 }, duplicates: 2, rejected: { malformed_json: 1 } });
    metrics.onEventAnswered(0.003);
    const task = {
      attempts: 1,
      started_at: "2026-01-01T00:00:00.000Z",
      ended_at: "2026-01-01T00:00:07.000Z",
    };
    metrics.onRun({
      id: "run-1",
      lane: "main",
      trigger: "t",
      status: "failed",
      started_at: task.started_at,
      tasks: [
        { ...task, name: "train", status: "failed" },
        { name: "publish", status: "blocked", attempts: 0 },
      ],
    });
    const { app, ask } = await checkedApp({ metrics });
    const { body } = await ask("/metrics");
    expect(figureOf(body, 'usher_events_accepted_total{topic="events_views"}')).toBe("3");
    expect(figureOf(body, "usher_events_duplicate_total")).toBe("2");
    expect(figureOf(body, 'usher_events_rejected_total{reason="malformed_json"}')).toBe("1");
    expect(figureOf(body, 'usher_event_to_answer_seconds_bucket{le="0.0025"}')).toBe("0");
    expect(figureOf(body, 'usher_event_to_answer_seconds_bucket{le="0.005"}')).toBe("1");
    expect(figureOf(body, 'usher_task_seconds_sum{task="train"}')).toBe("7");
    expect(figureOf(body, 'usher_tasks_total{task="publish",status="blocked"}')).toBe("1");
    await app.close();
  });

  it("asks for its gauges at each look; one that cannot be asked hides no other", async () => {
    let lag = 5;
    const metrics = serverMetrics([
      { name: "usher_log_lag", meaning: "m", label: "group", values: () => ({ live: lag }) },
      { name: "usher_log_bytes", meaning: "m", values: async () => ({ size: 7 }) },
      { name: "usher_broken", meaning: "m", values: () => Promise.reject(new Error("gone")) },
    ]);
    const { app, ask } = await checkedApp({ metrics });
    expect(figureOf((await ask("/metrics")).body, 'usher_log_lag{group="live"}')).toBe("5");
    lag = 0;
    const { body } = await ask("/metrics");
    expect(figureOf(body, 'usher_log_lag{group="live"}')).toBe("0");
    expect(figureOf(body, "usher_log_bytes")).toBe("7");
    await app.close();
  });
});

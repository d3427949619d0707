import { describe, expect, it } from "vitest";
import { clientOfAddress, rateLimiter } from "../../../src/server/access/rate-limit.ts";
import { problem } from "../checked-app.ts";
import { closedApp, tokenOf } from "./closed-app.ts";

const list = "/v1/users/1/recommendations";

describe("a token bucket", () => {
  it("gives the burst at once and then as many a second as it says", () => {
    let nowMs = 0;
    const limiter = rateLimiter({ perSecond: 10, burst: 20 }, { now: () => nowMs });
    const burst = Array.from({ length: 25 }, () => limiter.take("a").isAllowed);
    expect(burst.filter(Boolean)).toHaveLength(20);
    expect(limiter.take("a")).toEqual({
      isAllowed: false,
      limit: 20,
      remaining: 0,
      resetSeconds: 2,
      retrySeconds: 1,
    });
    expect(limiter.isEmpty("a")).toBe(true);
    nowMs += 100;
    expect([limiter.take("a").isAllowed, limiter.take("a").isAllowed]).toEqual([true, false]);
    expect(limiter.take("b").isAllowed).toBe(true);
    nowMs += 3_600_000;
    expect(limiter.take("a")).toMatchObject({ isAllowed: true, remaining: 19 });
  });

  it("remembers a bounded number of clients, and of those who go on asking each", () => {
    const limiter = rateLimiter({ perSecond: 1, burst: 5 }, { clientsMax: 1000, now: () => 0 });
    for (let taken = 0; taken < 5; taken++) limiter.take("busy");
    for (let client = 0; client < 100_000; client++) {
      limiter.take(`client-${client}`);
      if (client % 100 === 0) expect(limiter.take("busy").isAllowed).toBe(false);
      if (client % 1000 === 0) expect(limiter.size()).toBeLessThanOrEqual(1000);
    }
  });

  it("takes an IPv6 network as one client", () => {
    expect(clientOfAddress("2001:db8:1:2:3:4:5:6")).toBe(clientOfAddress("2001:DB8:1:2::9"));
    expect(clientOfAddress("2001:db8:1:3::1")).not.toBe(clientOfAddress("2001:db8:1:2::1"));
    expect(clientOfAddress("::ffff:10.0.0.1")).toBe("10.0.0.1");
    expect(clientOfAddress("::1")).toBe("0:0:0:0::/64");
  });
});

describe("limits", () => {
  it("hold for each key, each user and each address by itself, and say when to come again", async () => {
    const limits = { key_per_second: 1, user_per_second: 1, address_per_second: 1, burst_seconds: 2 };
    const server = await closedApp({ limits });
    const token = await tokenOf("1");
    const { read, admin } = server.keys;
    for (const credential of [read, token, admin]) {
      const first = await server.ask(list, credential);
      expect(first.headers).toMatchObject({
        "ratelimit-limit": "2",
        "ratelimit-remaining": "1",
        "ratelimit-reset": "1",
      });
      await server.ask(list, credential);
      const third = await server.ask(list, credential);
      problem(third, 429, "RATE_LIMITED");
      expect(third.headers).toMatchObject({ "retry-after": "1", "ratelimit-remaining": "0" });
    }
    const codes = [];
    for (const url of [list, "/nowhere", list]) codes.push((await server.ask(url)).statusCode);
    expect(codes).toEqual([401, 404, 429]);
    for (let probe = 0; probe < 20; probe++) expect((await server.ask("/health/live")).statusCode).toBe(200);
    await server.close();
  });

  it("count the address that a trusted proxy names, and believe nobody else", async () => {
    const limits = { address_per_second: 1, burst_seconds: 1 };
    const asked = async (server: Awaited<ReturnType<typeof closedApp>>, forwarded: string) =>
      (await server.ask({ url: list, headers: { "x-forwarded-for": forwarded } })).statusCode;
    const trusting = await closedApp({ limits, access: { trusted_proxies: ["127.0.0.1"] } });
    expect([
      await asked(trusting, "10.0.0.1"),
      await asked(trusting, "10.0.0.2"),
      await asked(trusting, "10.0.0.1"),
    ]).toEqual([401, 401, 429]);
    // what a client wrote before the proxy's own entry does not make it another client
    expect(await asked(trusting, "1.2.3.4, 10.0.0.2")).toBe(429);
    await trusting.close();
    const direct = await closedApp({ limits });
    expect([await asked(direct, "10.0.0.1"), await asked(direct, "10.0.0.2")]).toEqual([401, 429]);
    await direct.close();
  });
});

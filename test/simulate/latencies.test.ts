import { expect, it } from "vitest";
import { latencies } from "../../src/simulate/latencies.ts";

it("latencies tell quantiles at most 5 % too high, and 0 without any", () => {
  const times = latencies();
  expect(times.quantile(0.99)).toBe(0);
  for (let ms = 1000; ms >= 1; ms--) times.add(ms);
  expect(times.count).toBe(1000);
  for (const share of [0.001, 0.5, 0.99, 1]) {
    expect(times.quantile(share) / (1000 * share)).toBeGreaterThanOrEqual(1 - 1e-9);
    expect(times.quantile(share) / (1000 * share)).toBeLessThan(1.051);
  }
});

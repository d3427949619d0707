import fc from "fast-check";
import { expect, it } from "vitest";
import { eventTimeMs } from "../../src/events/event-time.ts";

it("agrees with Date for every moment from 1970 to 9999", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) }), (ms) => {
      expect(eventTimeMs(new Date(ms).toISOString())).toBe(ms);
    }),
    { numRuns: 5000 },
  );
});

it.each([
  "2026-02-29T00:00:00.000Z",
  "1900-02-29T00:00:00.000Z",
  "2100-02-29T00:00:00.000Z",
  "2026-04-31T00:00:00.000Z",
  "2026-00-10T00:00:00.000Z",
  "2026-13-10T00:00:00.000Z",
  "2026-01-00T00:00:00.000Z",
  "2026-01-10T24:00:00.000Z",
  "2026-01-10T00:60:00.000Z",
  "2016-12-31T23:59:60.000Z",
  "1969-12-31T23:59:59.999Z",
  "2026-01-10T00:00:00Z",
  "2026-01-10T00:00:00.000z",
  "2026-01-10 00:00:00.000Z",
  "2026-01-10T00:00:00.000+00:00",
  "2026-01-10T00:00:00.00٣Z",
  "+026-01-10T00:00:00.000Z",
  "2026-01-10T00:00:00.000Z\n",
  "",
])("%j is no moment", (text) => {
  expect(eventTimeMs(text)).toBeNaN();
});

it("knows the leap days that there were", () => {
  expect(eventTimeMs("2000-02-29T00:00:00.000Z")).toBe(Date.UTC(2000, 1, 29));
  expect(eventTimeMs("2024-02-29T23:59:59.999Z")).toBe(Date.UTC(2024, 1, 29, 23, 59, 59, 999));
});

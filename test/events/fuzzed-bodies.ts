import fc from "fast-check";
import { anyEvent } from "./sample-events.ts";

const poison = fc.constantFrom(
  '{"__proto__":{"event_type":"view"}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '[{"__proto__":[]}]',
  `{"event_type":"view","a":${"[".repeat(3000)}${"]".repeat(3000)}}`,
  `[${"{}".repeat(3)}]`,
  '{"event_type":"view","event_ts":1e999}',
  "\u0000",
  "\ufeff[]",
  `{"event_id":"${"9".repeat(5000)}"}`,
);
const oddEvent = fc
  .tuple(
    anyEvent,
    fc.array(
      fc.tuple(
        fc.oneof(
          fc.constantFrom(
            "event_type",
            "event_id",
            "event_ts",
            "user_id",
            "item_id",
            "rating",
            "item_ids",
            "__proto__",
          ),
          fc.string({ maxLength: 12 }),
        ),
        fc.jsonValue({ maxDepth: 3 }),
      ),
      { maxLength: 3 },
    ),
  )
  .map(([event, changes]) => {
    const changed = { ...event };
    for (const [name, value] of changes)
      Object.defineProperty(changed, name, { value, enumerable: true, configurable: true });
    return changed;
  });
const values = fc.oneof(anyEvent, oddEvent, fc.jsonValue({ maxDepth: 3 }));
const text = fc.oneof(
  { weight: 4, arbitrary: values.map((value) => JSON.stringify(value)) },
  {
    weight: 3,
    arbitrary: fc.array(values, { maxLength: 4 }).map((list) => JSON.stringify([...list, ...list.slice(2)])),
  },
  {
    weight: 3,
    arbitrary: fc
      .array(values, { maxLength: 4 })
      .map((list) => list.map((value) => JSON.stringify(value)).join("\n")),
  },
  { weight: 1, arbitrary: poison },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
);
/** A body of events as nobody should send it, with, sometimes, a piece cut out or a byte changed. */
export const fuzzedBody: fc.Arbitrary<Buffer> = fc
  .tuple(text, fc.option(fc.tuple(fc.nat(400), fc.nat(255)), { freq: 3 }), fc.boolean())
  .map(([body, damage, isCut]) => {
    const bytes = Buffer.from(body);
    if (!damage || bytes.length === 0) return bytes;
    const at = damage[0] % bytes.length;
    if (isCut) return bytes.subarray(0, at);
    bytes[at] = damage[1];
    return bytes;
  });
/** Its media type. */
export const fuzzedType: fc.Arbitrary<string> = fc.constantFrom(
  "application/json",
  "application/x-ndjson",
  "application/json; charset=utf-8",
  "text/plain",
);

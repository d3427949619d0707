import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsherError } from "../../src/errors.ts";
import { type BodyForm, eventBatch } from "../../src/events/event-batch.ts";
import { Unreadable } from "../../src/events/validate-event.ts";

const batch = (text: string, form: BodyForm = "json") => eventBatch(Buffer.from(text), form);
const textsOf = ({ values, text }: ReturnType<typeof batch>) => values.map((_, index) => text(index));

function refusal(body: string | Uint8Array, form: BodyForm = "json"): [code: string, message: string] {
  try {
    eventBatch(Buffer.from(body as string), form);
  } catch (error) {
    expect(error).toBeInstanceOf(UsherError);
    return [(error as UsherError).code, (error as UsherError).message];
  }
  throw new Error("was taken");
}

describe("JSON", () => {
  it("is one event or an array of events", () => {
    expect(batch(' {"a":1} ').values).toEqual([{ a: 1 }]);
    expect(batch('[{"a":1},{"b":2}]').values).toEqual([{ a: 1 }, { b: 2 }]);
    expect(batch("[]").values).toEqual([]);
    expect(batch('\ufeff{"a":1}').values).toEqual([{ a: 1 }]);
  });

  it("gives each element to the character", () => {
    const elements = [
      '{ "a" : 1.0, "x":"],[\\"" }',
      "[1,[2]]",
      '"a,b"',
      "5e0",
      "null",
      '{"__proto__":{}}',
      '"\\\\"',
    ];
    expect(textsOf(batch(`[ ${elements.join(" ,\n")} ]`))).toEqual(elements);
    fc.assert(
      fc.property(fc.array(fc.json(), { maxLength: 8 }), (texts) => {
        expect(textsOf(batch(`[${texts.join(",")}]`))).toEqual(texts.map((text) => text.trim()));
      }),
      { numRuns: 300 },
    );
  });

  it.each(["", " ", "{", '{"a":1}{"b":2}', "nothing", "5", "null", '"text"', "true", "[1,", "{'a':1}"])(
    "%j does not split into events",
    (text) => {
      const [code, message] = refusal(text);
      expect([code, message]).toEqual([
        "BODY_INVALID",
        expect.stringContaining("body: expected an event or an array"),
      ]);
    },
  );

  it("must be UTF-8", () => {
    expect(refusal(Buffer.from([0x7b, 0xff, 0x7d]))).toEqual([
      "BODY_INVALID",
      "body: expected UTF-8, got something else",
    ]);
  });

  it("holds at most 1,000 events", () => {
    expect(batch(`[${Array(1000).fill("1").join()}]`).values.length).toBe(1000);
    expect(refusal(`[${Array(1001).fill("1").join()}]`)[0]).toBe("BODY_TOO_LARGE");
  });

  it("may be nested deeper than any stack", () => {
    const deep = `[${"[".repeat(200_000)}${"]".repeat(200_000)}]`;
    expect(batch(deep).text(0).length).toBe(400_000);
  });
});

describe("lines", () => {
  it("are an event each; empty ones are passed over", () => {
    const lines = batch('{"a":1}\r\n\n  \n{"b": 2}\n', "lines");
    expect(lines.values).toEqual([{ a: 1 }, { b: 2 }]);
    expect(textsOf(lines)).toEqual(['{"a":1}', '{"b": 2}']);
  });

  it("that are no JSON fail alone", () => {
    const { values, text } = batch('{"a":1}\n{"a":\n[1]', "lines");
    expect(values[0]).toEqual({ a: 1 });
    expect(values[1]).toBeInstanceOf(Unreadable);
    expect((values[1] as Unreadable).detail).toContain("line: expected an event as JSON, got");
    expect(text(1)).toBe('{"a":');
    expect(values[2]).toEqual([1]);
  });

  it("that are no UTF-8 fail alone", () => {
    const body = Buffer.concat([Buffer.from('{"a":"é"}\n{"a":"'), Buffer.from([0xff]), Buffer.from('"}\n')]);
    const { values } = eventBatch(body, "lines");
    expect(values[0]).toEqual({ a: "é" });
    expect((values[1] as Unreadable).detail).toBe("line: expected UTF-8, got something else");
  });

  it("hold at most 1,000 events, and at least one", () => {
    expect(batch("{}\n\n".repeat(1000), "lines").values.length).toBe(1000);
    expect(refusal("{}\n".repeat(1001), "lines")[0]).toBe("BODY_TOO_LARGE");
    expect(refusal("\n \n", "lines")).toEqual([
      "BODY_INVALID",
      "body: expected an event a line, got no line",
    ]);
  });
});

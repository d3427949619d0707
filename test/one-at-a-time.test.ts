import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { oneAtATime } from "../src/one-at-a-time.ts";

/** Work that takes some turns of the event loop, and notes when it begins and ends. */
const noting = (notes: string[]) => (name: string, turns: number) => async () => {
  notes.push(`${name} begins`);
  for (let turn = 0; turn < turns; turn++) await setImmediate();
  notes.push(`${name} ends`);
  return name;
};

describe("one at a time", () => {
  it("runs works in the order of the calls, and none before the one before it has ended", async () => {
    const notes: string[] = [];
    const inTurn = oneAtATime();
    const work = noting(notes);
    const results = [inTurn(work("long", 5)), inTurn(work("short", 0)), inTurn(work("middle", 2))];
    expect(await Promise.all(results)).toEqual(["long", "short", "middle"]);
    expect(notes).toEqual(["long", "short", "middle"].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  it("tells an error to its caller alone, thrown at once or later", async () => {
    const inTurn = oneAtATime();
    const thrown = inTurn(() => {
      throw new Error("at once");
    });
    const rejected = inTurn(() => Promise.reject(new Error("later")));
    const next = inTurn(async () => "goes on");
    await expect(thrown).rejects.toThrow("at once");
    await expect(rejected).rejects.toThrow("later");
    expect(await next).toBe("goes on");
  });

  it("is idle when work that does nothing has had its turn, whatever became of those before", async () => {
    const notes: string[] = [];
    const inTurn = oneAtATime();
    const failing = inTurn(async () => {
      await noting(notes)("failing", 3)();
      throw new Error("fails");
    });
    failing.catch(() => {});
    void inTurn(noting(notes)("last", 3));
    await inTurn(() => {});
    expect(notes).toEqual(["failing begins", "failing ends", "last begins", "last ends"]);
  });

  it("keeps queues apart", async () => {
    const notes: string[] = [];
    const [one, other] = [oneAtATime(), oneAtATime()];
    await Promise.all([one(noting(notes)("one", 3)), other(noting(notes)("other", 0))]);
    expect(notes).toEqual(["one begins", "other begins", "other ends", "one ends"]);
  });
});

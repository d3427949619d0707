import { describe, expect, it } from "vitest";
import { turns } from "../src/turns.ts";

/** The moments, in ms, at which others had their turn while a work of pieces of 3 ms went on; each turn of others takes 100 ms. */
async function given(pieces: number, options: { isDue?: boolean } = {}): Promise<number[]> {
  let clock = 0;
  const gaveWay: number[] = [];
  const giveWay = async () => {
    gaveWay.push(clock);
    clock += 100;
  };
  const turn = turns({ turnMs: 8, giveWay, now: () => clock, ...options });
  for (let piece = 0; piece < pieces; piece++) {
    const [before, did] = [gaveWay.length, await turn()];
    expect(did).toBe(gaveWay.length > before);
    clock += 3;
  }
  return gaveWay;
}

describe("turns", () => {
  it("gives way when the turn is over, and measures the next one from the end of that of the others", async () => {
    expect(await given(7)).toEqual([9, 118]);
  });

  it("gives way at once where it is due", async () => {
    expect(await given(4, { isDue: true })).toEqual([0, 109]);
  });

  it("lets the event loop turn", async () => {
    let hasTurned = false;
    setImmediate(() => {
      hasTurned = true;
    });
    await turns({ turnMs: 1000 })();
    expect(hasTurned).toBe(false);
    await turns({ turnMs: 0 })();
    expect(hasTurned).toBe(true);
  });
});

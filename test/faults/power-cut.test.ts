import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DiskModel } from "./disk-model.ts";
import type { PlantedBug } from "./planted-bugs.ts";
import { cutEverywhere, traceWriter } from "./power-cut.ts";
import { canTrace, pathOf } from "./strace.ts";

/** Calls whose acknowledgement came while some of their bytes were not synced, or that wrote nothing at all. */
function ackedTooEarly(
  settings: Record<string, unknown>,
  bug?: PlantedBug,
): { acks: number; early: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "usher-acks-"));
  try {
    const home = join(folder, "home");
    const model = new DiskModel(home);
    const early: string[] = [];
    let acks = 0;
    let changes = 0;
    for (const call of traceWriter(home, settings, { bug })) {
      const { printed, changed } = model.apply(call);
      if (changed) changes++;
      for (const [, what, number] of (printed ?? "").matchAll(/^(recv|ack) (\d+)$/gm)) {
        if (what === "recv") changes = 0;
        else {
          acks++;
          const isSynced = changes > 0 && model.isDurable(join(home, "state", "log", "data.mdb"));
          if (!isSynced) early.push(`ack ${number}`);
        }
      }
    }
    return { acks, early };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(!canTrace)("accepted means durable", { timeout: 180_000 }, () => {
  it("every acknowledgement comes after everything was synced", () => {
    expect(ackedTooEarly({ calls: 12, batch: 3 })).toEqual({ acks: 12, early: [] });
  });

  it("the same look catches a planted noSync", () => {
    const { acks, early } = ackedTooEarly({ calls: 12, batch: 3 }, "noSync");
    expect(acks).toBe(12);
    expect(early.length).toBe(12);
  });
});

describe.skipIf(!canTrace)("power cuts, a seeded sample", { timeout: 180_000 }, () => {
  it("loses nothing acknowledged, tears nothing, opens every disk", () => {
    const verdict = cutEverywhere({ calls: 24, batch: 3, torn: 3, seed: 20261121, disksMax: 150 });
    expect(verdict).toMatchObject({ lost: 0, torn: 0, unopened: 0, faults: [] });
    expect(verdict.homes).toBeGreaterThan(100);
  });

  it("the same look catches folders that nobody syncs", () => {
    const { lost } = cutEverywhere({
      ...{ calls: 24, batch: 3, torn: 0, seed: 20261121, disksMax: 30 },
      without: ({ name, text }) => name === "fsync" && !/\.mdb$/.test(pathOf(text)),
    });
    expect(lost).toBeGreaterThan(10);
  });

  it("the same look catches a planted noSync", () => {
    const { lost, torn, unopened } = cutEverywhere({
      ...{ calls: 24, batch: 3, torn: 3, seed: 20261121, disksMax: 40 },
      bug: "noSync",
    });
    expect(lost + torn + unopened).toBeGreaterThan(10);
  });

  it("the same look catches a large write that is not kept whole before it is carried out", () => {
    const { torn } = cutEverywhere({
      ...{ calls: 24, batch: 3, torn: 0, seed: 20261121, disksMax: 60 },
      bug: "noRedo",
    });
    expect(torn).toBeGreaterThan(5);
  });
});

describe.skipIf(!canTrace)("power cuts of tables and releases, a seeded sample", { timeout: 180_000 }, () => {
  const settings = { subject: "lake", calls: 3, batch: 0, torn: 1, seed: 20261121 } as const;

  it("loses nothing acknowledged, tears nothing, opens every disk, and the next version can be written", () => {
    const verdict = cutEverywhere({ ...settings, disksMax: 80 });
    expect(verdict).toMatchObject({ lost: 0, torn: 0, unopened: 0, faults: [] });
    expect(verdict.homes).toBeGreaterThan(50);
  });

  it.each(["noFileSync", "noFolderSync"] as const)("the same look catches a planted %s", (bug) => {
    const { lost, torn, unopened } = cutEverywhere({ ...settings, disksMax: 40, bug });
    expect(lost + torn + unopened).toBeGreaterThan(10);
  });
});

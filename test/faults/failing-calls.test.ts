import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import { failAt, type Site, sites } from "./failing-calls.ts";
import type { Subject } from "./power-cut.ts";
import { canTrace } from "./strace.ts";

describe.skipIf(!canTrace)("a call on the disk fails, a seeded sample", { timeout: 180_000 }, () => {
  const random = seededRandom(20261121);
  const some = (of: readonly Site[], count: number) =>
    Array.from({ length: count }, () => of[random.below(of.length)]!);
  const known = new Map<Subject, Site[]>();
  const sitesOf = (subject: Subject) => {
    const found = known.get(subject) ?? sites(subject);
    known.set(subject, found);
    return found;
  };

  it("each append is answered or the process ends, in time; nothing acknowledged is lost, nothing is torn", () => {
    const all = sitesOf("log");
    expect(all.length).toBeGreaterThan(100);
    // the sites that taught us something, and some by chance
    const taught = all.filter(
      ({ isFresh, name, when }) => !isFresh && when === 3 && ["pwrite64", "fdatasync"].includes(name),
    );
    const chosen = [...taught, ...some(all, 6)];
    const { outcomes, verdict } = failAt(chosen);
    expect(outcomes.filter(({ faults }) => faults.length > 0)).toEqual([]);
    expect(verdict).toMatchObject({ lost: 0, torn: 0, unopened: 0, faults: [] });
    expect(outcomes.filter(({ isHit }) => isHit).length).toBeGreaterThan(chosen.length / 2);
  });

  it("so is each version of a table and each release", () => {
    const all = sitesOf("lake");
    expect(all.length).toBeGreaterThan(300);
    const chosen = some(all, 8);
    const { outcomes, verdict } = failAt(chosen);
    expect(outcomes.filter(({ faults }) => faults.length > 0)).toEqual([]);
    expect(verdict).toMatchObject({ lost: 0, torn: 0, unopened: 0, faults: [] });
    expect(outcomes.filter(({ isHit }) => isHit).length).toBeGreaterThan(chosen.length / 2);
  });

  it("the same look catches a failed commit that counts all the same", () => {
    const synced = sitesOf("log").filter(({ isFresh, name }) => !isFresh && name === "fdatasync");
    const { outcomes, verdict } = failAt(some(synced, 4), "swallowedFailure");
    expect(outcomes.filter(({ faults }) => faults.length > 0).length + verdict.lost).toBeGreaterThan(0);
  });

  it("and a failed sync that nobody is told of", () => {
    const synced = sitesOf("lake").filter(({ name, isForever }) => name === "fsync" && !isForever);
    const { outcomes } = failAt(some(synced, 3), "swallowedSync");
    expect(outcomes.flatMap(({ faults }) => faults)).toContain("nobody was told of the failed fsync");
  });
});

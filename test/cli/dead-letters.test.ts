import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { eventBatch } from "../../src/events/event-batch.ts";
import { createApp } from "../../src/server/app.ts";
import { listen } from "../../src/server/listen.ts";
import { livingParts } from "../events/living-parts.ts";
import { sampleEvent } from "../events/sample-events.ts";
import { smallContext } from "../server/checked-app.ts";

const { living, log } = await livingParts();
const app = createApp(smallContext({ living }));
const wrong = sampleEvent("rating", { rating: 6 });
let home: string;
beforeAll(async () => {
  // a server of this process, which the lock of the home names
  const address = await listen(app, { host: "127.0.0.1", port: 0 });
  home = await mkdtemp(join(tmpdir(), "usher-letters-"));
  const lock = { pid: process.pid, started_at: new Date().toISOString(), address };
  await writeFile(join(home, "usher.lock"), JSON.stringify(lock));
  await living.intake.take(eventBatch(Buffer.from(JSON.stringify([wrong, 5])), "json"));
});
afterAll(() => app.close());

/** Runs `usher dead-letters …`: the exit code, and what it printed. */
async function run(...words: string[]) {
  const printed: string[] = [];
  const catching = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation((text) => printed.push(String(text)) > 0),
  );
  try {
    const code = await main(["dead-letters", ...words, "--home", home]);
    return { code, out: printed.join("") };
  } finally {
    for (const stream of catching) stream.mockRestore();
  }
}

describe("usher dead-letters", () => {
  it("lists, by reason and page by page", async () => {
    const { code, out } = await run("list", "--limit", "1");
    expect(code).toBe(0);
    expect(out).toContain("schema_validation_failed  event: expected a JSON object, got 5");
    const cursor = /more: --cursor (\S+)/.exec(out)?.[1] ?? "";
    expect((await run("list", "--cursor", cursor)).out).toContain("invalid_rating_value");
    const { items } = JSON.parse((await run("--reason", "invalid_rating_value", "--json")).out);
    expect(items.map(({ error_reason }: { error_reason: string }) => error_reason)).toEqual([
      "invalid_rating_value",
    ]);
    expect((await run("--reason", "malformed_json")).out).toBe("no dead letters here\n");
  });

  it("shows one, and submits it corrected", async () => {
    const { items } = JSON.parse((await run("--reason", "invalid_rating_value", "--json")).out);
    const [{ id }] = items as [{ id: string }];
    expect((await run("show", id)).out).toContain(JSON.stringify(wrong));
    const refused = await run("resubmit", id);
    expect(refused).toMatchObject({ code: 1, out: expect.stringContaining("[EVENT_REJECTED]") });
    const file = join(home, "corrected.json");
    await writeFile(file, JSON.stringify({ ...wrong, rating: 5 }));
    expect(await run("resubmit", id, "--body", file)).toEqual({
      code: 0,
      out: `accepted: event ${wrong["event_id"]}\n`,
    });
    expect(log.records("events_ratings").length).toBe(1);
    expect((await run("show", id)).out).toContain(`as event ${wrong["event_id"]}`);
    expect((await run("list")).out).toContain("resubmitted");
  });

  it.each([
    [["dance"], 2, "expected list, show or resubmit"],
    [["show"], 2, "expected the id of a letter"],
    [["show", "0-999"], 1, "LETTER_UNKNOWN"],
    [["list", "--limit", "0"], 2, "limit: expected an integer in 1..200"],
    [["list", "--reason", "mood"], 2, "reason: expected one of"],
    [["resubmit", "0-0", "--body", "no-such-file"], 2, "expected a file with one event as JSON"],
  ])("%j is refused", async (words, code, message) => {
    expect(await run(...words)).toEqual({ code, out: expect.stringContaining(message) });
  });
});

it("a mistyped home is refused and not made", async () => {
  const nowhere = join(home, "nowhere");
  const printed: string[] = [];
  const catching = vi
    .spyOn(process.stderr, "write")
    .mockImplementation((text) => printed.push(String(text)) > 0);
  const code = await main(["dead-letters", "--home", nowhere]);
  catching.mockRestore();
  expect([code, printed.join("")]).toEqual([1, expect.stringContaining("[HOME_EMPTY]")]);
});

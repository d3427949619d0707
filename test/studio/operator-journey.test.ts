import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { again, canOpenPages, newHome, openBrowser, openPage, startStudio } from "./opened-page.ts";

/** People of two tastes; as many ratings as the gate asks for: at least half of those that were there. */
function ratingsOf(users: number): string {
  const rows = Array.from({ length: users }, (_, user) =>
    Array.from({ length: 30 }, (__, at) => {
      const item = (user % 2) * 825 + ((user * 7 + at * 3) % 825);
      return `u${user},i${item},${3 + ((user + at) % 5) / 2},${1_600_000_000 + user * 1000 + at * 50}`;
    }),
  );
  return ["user_id,item_id,rating,timestamp", ...rows.flat(), "broken,i1,eleven,1600000000"].join("\n");
}
const items = ["item_id,title,year,genres"]
  .concat(
    Array.from(
      { length: 1650 },
      (_, at) => `i${at},Film ${at},${1990 + (at % 20)},${at < 825 ? "Drama" : "Comedy"}`,
    ),
  )
  .join("\n");

/** How a person gets at things: by pointer, or by keyboard alone. */
interface Hand {
  reach(wanted: Locator): Promise<void>;
  press(wanted: Locator): Promise<void>;
}
const pointer: Hand = { reach: (wanted) => wanted.click(), press: (wanted) => wanted.click() };

/** Nothing is focused by a script: what no key reaches is not reached. */
async function reachByKeys(wanted: Locator): Promise<boolean> {
  await wanted.waitFor();
  const { keyboard: keys } = wanted.page();
  const isTab = (await wanted.getAttribute("role")) === "tab";
  const isThere = () => wanted.evaluate((element) => element === document.activeElement);
  for (let steps = 0; !(await isThere()); steps++) {
    expect(steps, `${wanted} is reached by Tab`).toBeLessThan(150);
    const isAmongTabs = isTab && (await wanted.page().evaluate(() => document.activeElement?.role === "tab"));
    await keys.press(isAmongTabs ? "ArrowRight" : "Tab");
  }
  return isTab;
}
const keyboard: Hand = {
  reach: async (wanted) => void (await reachByKeys(wanted)),
  press: async (wanted) => {
    const isTab = await reachByKeys(wanted);
    if (!isTab) await wanted.page().keyboard.press("Enter"); // arrows have shown a tab already
  },
};

type Role = "button" | "link" | "tab";
const named = (inside: Page | Locator, role: Role, name: string | RegExp) =>
  inside.getByRole(role, { name }).first();

/** Chooses files: the window in which a browser lets choose is its own, not the page's. */
async function choose(hand: Hand, page: Page, paths: string[]): Promise<void> {
  const field = page.getByLabel("Upload files", { exact: true }).last();
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), hand.press(field)]);
  await chooser.setFiles(paths);
}

/** Lets the browser send so many bytes a second. @param bytes -1: as many as it can. */
async function limitSending(page: Page, bytes: number): Promise<void> {
  const network = await page.context().newCDPSession(page);
  await network.send("Network.emulateNetworkConditions", {
    ...{ offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytes },
  });
}

/** Sees the bar of an upload go on, and how long it still takes. */
async function seeProgress(page: Page): Promise<void> {
  const bar = page.getByRole("progressbar", { name: "Upload files" });
  const share = async () => Number(await bar.getAttribute("value"));
  await expect.poll(share).toBeGreaterThan(0);
  const before = await share();
  await page.getByText(/ratings\.csv.*: \d+ % sent · about \d.* left$/).waitFor();
  await expect.poll(share).toBeGreaterThan(before);
  expect(await share()).toBeLessThanOrEqual(1);
}

/** Sends a file, cancels it on its way, and sees that nothing of it is left. */
async function cancelOne(hand: Hand, page: Page, of: { path: string; home: string }): Promise<void> {
  const received = () => readdirSync(join(of.home, "uploads"));
  const jobs = page.locator(".op-cards li");
  const before = await jobs.count();
  await limitSending(page, 40_000);
  await choose(hand, page, [of.path]);
  await seeProgress(page);
  expect(received()).toHaveLength(1);
  await hand.press(named(page, "button", "Cancel"));
  await page.getByText("The upload was cancelled. Nothing of it was kept.").waitFor();
  expect(await page.getByRole("progressbar").count()).toBe(0);
  await limitSending(page, -1);
  await expect.poll(received).toEqual([]);
  await Promise.all([page.waitForResponse("**/v1/jobs"), page.keyboard.press("r")]);
  expect(await jobs.count()).toBe(before);
  expect(await page.getByLabel("Upload files", { exact: true }).last().isEnabled()).toBe(true);
}

describe.skipIf(!canOpenPages)("the operator's journey", again, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  it.each([
    ["by pointer", pointer],
    ["by keyboard alone", keyboard],
  ] as const)(
    "%s: upload, cancel another, train, compare, promote, look at figures, repair a dead letter",
    async (_, hand) => {
      const home = newHome();
      const server = await startStudio({ home });
      const folder = mkdtempSync(join(tmpdir(), "usher-journey-"));
      writeFileSync(join(folder, "ratings.csv"), ratingsOf(600));
      writeFileSync(join(folder, "items.csv"), items);
      const other = join(mkdtempSync(join(tmpdir(), "usher-journey-")), "ratings.csv");
      writeFileSync(other, ratingsOf(601));
      const rejected = {
        event_type: "rating",
        event_id: crypto.randomUUID(),
        event_ts: new Date().toISOString(),
      };
      await fetch(`${server.address}/v1/events`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...rejected, user_id: "u1", item_id: "i2", rating: 9 }),
      });
      const opened = await openPage(browser, `${server.address}/#/system`);
      const { page } = opened;
      await page.getByRole("heading", { name: "How it goes" }).waitFor();

      await hand.press(named(page, "link", /^Data$/));
      await limitSending(page, 100_000);
      await choose(hand, page, [join(folder, "ratings.csv"), join(folder, "items.csv")]);
      await seeProgress(page);
      await limitSending(page, -1);
      const job = page.locator(".op-cards li").filter({ hasText: "Import" });
      await job.getByText("succeeded").waitFor({ timeout: 15_000 });
      await cancelOne(hand, page, { path: other, home });

      await hand.press(named(page, "button", "Build and train"));
      await page.getByRole("heading", { name: "Workflow" }).waitFor();
      await page.getByRole("heading", { name: /^Run of/ }).waitFor();
      await page.locator(".op-section .badge.is-succeeded").first().waitFor({ timeout: 30_000 });
      await page.getByText("Train", { exact: true }).first().waitFor();

      await hand.press(named(page, "link", /^Models$/));
      await hand.press(named(page, "button", "Show both"));
      await page.getByRole("heading", { name: "v0001 beside v0002" }).waitFor();
      await page.getByText("They were judged on different ratings").waitFor();
      await hand.press(named(page, "button", "Promote v0002"));
      await page.getByText("v0001 stays stored: it can serve again.").waitFor();
      await hand.press(named(page.locator("dialog"), "button", "Promote v0002"));
      await page.locator("tr", { hasText: "v0002" }).getByText("serves").waitFor();

      await hand.press(named(page, "link", /^Statistics$/));
      await page.locator(".tile", { hasText: "Ratings" }).getByText("18,000").waitFor();

      await hand.press(named(page, "link", /^Data$/));
      await hand.press(named(page, "tab", "Dead letters"));
      await hand.press(named(page, "button", "Look and repair"));
      await hand.reach(page.getByLabel("What came"));
      await page.keyboard.press("Control+a");
      await page.keyboard.type(JSON.stringify({ ...rejected, user_id: "u1", item_id: "i2", rating: 4 }));
      await hand.press(named(page, "button", "Submit again"));
      await page.getByText("repaired").waitFor();
      expect(opened.wrong).toEqual([]);
      await opened.close();
      server.child.kill("SIGTERM");
      await server.finished;
    },
  );
});

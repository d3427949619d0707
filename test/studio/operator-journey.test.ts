import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { again, canOpenPages, openBrowser, openPage, startStudio } from "./opened-page.ts";

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

type Role = "button" | "link" | "tab";

/** How a person gets at things: by pointer, or by keyboard alone. */
interface Hand {
  press(page: Page, role: Role, name: string | RegExp, inside?: Locator): Promise<void>;
}
const pointer: Hand = {
  press: (page, role, name, inside) => (inside ?? page).getByRole(role, { name }).first().click(),
};
const keyboard: Hand = {
  press: async (page, role, name, inside) => {
    const wanted = (inside ?? page).getByRole(role, { name }).first();
    await wanted.waitFor();
    const isThere = () => wanted.evaluate((element) => element === document.activeElement);
    for (let steps = 0; !(await isThere()); steps++) {
      expect(steps, `${name} is reached by Tab`).toBeLessThan(150);
      const isTab = role === "tab" && (await page.evaluate(() => document.activeElement?.role === "tab"));
      await page.keyboard.press(isTab ? "ArrowRight" : "Tab");
    }
    if (role !== "tab") await page.keyboard.press("Enter");
  },
};

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
    "%s: upload, train, compare, promote, look at figures, repair a dead letter",
    async (_, hand) => {
      const server = await startStudio();
      const folder = mkdtempSync(join(tmpdir(), "usher-journey-"));
      writeFileSync(join(folder, "ratings.csv"), ratingsOf(600));
      writeFileSync(join(folder, "items.csv"), items);
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

      await hand.press(page, "link", /^Data$/);
      // the window in which a browser lets choose is its own, not the page's
      await page
        .getByLabel("Upload files", { exact: true })
        .last()
        .setInputFiles([join(folder, "ratings.csv"), join(folder, "items.csv")]);
      const job = page.locator(".op-cards li").filter({ hasText: "Import" });
      await job.getByText("succeeded").waitFor({ timeout: 15_000 });

      await hand.press(page, "button", "Build and train");
      await page.getByRole("heading", { name: "Workflow" }).waitFor();
      await page.getByRole("heading", { name: /^Run of/ }).waitFor();
      await page.locator(".op-section .badge.is-succeeded").first().waitFor({ timeout: 30_000 });
      await page.getByText("Train", { exact: true }).first().waitFor();

      await hand.press(page, "link", /^Models$/);
      await hand.press(page, "button", "Show both");
      await page.getByRole("heading", { name: "v0001 beside v0002" }).waitFor();
      await page.getByText("They were judged on different ratings").waitFor();
      await hand.press(page, "button", "Promote v0002");
      await page.getByText("v0001 stays stored: it can serve again.").waitFor();
      await hand.press(page, "button", "Promote v0002", page.locator("dialog"));
      await page.locator("tr", { hasText: "v0002" }).getByText("serves").waitFor();

      await hand.press(page, "link", /^Statistics$/);
      await page.locator(".tile", { hasText: "Ratings" }).getByText("18,000").waitFor();

      await hand.press(page, "link", /^Data$/);
      await hand.press(page, "tab", "Dead letters");
      await hand.press(page, "button", "Look and repair");
      const text = page.getByLabel("What came");
      await text.focus();
      await page.keyboard.press("Control+a");
      await page.keyboard.type(JSON.stringify({ ...rejected, user_id: "u1", item_id: "i2", rating: 4 }));
      await hand.press(page, "button", "Submit again");
      await page.getByText("repaired").waitFor();
      expect(opened.wrong).toEqual([]);
      await opened.close();
      server.child.kill("SIGTERM");
      await server.finished;
    },
  );
});

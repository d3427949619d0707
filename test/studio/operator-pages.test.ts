import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { again, canOpenPages, expectAccessible, openedStudio, openPage, themes } from "./opened-page.ts";

const places = [
  ["#/system", ".badge.is-ready"],
  ["#/system/models?version=v0001", ".top-list"],
  ["#/system/data", ".op-drop"],
  ["#/system/data?view=quality", ".op-details .badge"],
  ["#/system/data?view=rejected", ".op-nothing"],
  ["#/system/data?view=letters", ".op-nothing"],
  ["#/system/data?view=lineage", ".graph-node"],
  ["#/system/events", ".plot"],
  ["#/system/workflow", ".graph-node"],
  ["#/system/statistics?user=viewer-0007", ".op-section .plot"],
  ["#/system/settings", ".op-nothing"],
] as const;

describe.skipIf(!canOpenPages)("the operator's pages", again, () => {
  const studio = openedStudio();

  it.each(themes)("are accessible and fit a small window, in %s", async (theme) => {
    const opened = await openPage(studio.browser, studio.server.address, { theme, width: 360, height: 740 });
    const { page } = opened;
    for (const [place, sign] of places) {
      await page.goto(`${studio.server.address}/${place}`);
      await page.locator(sign).first().waitFor();
      await expectAccessible(page);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect([place, Math.max(0, over)]).toEqual([place, 0]);
    }
    expect(opened.wrong).toEqual([]);
    await opened.close();
  });

  it("charts are read by keyboard, by pointer, as a table and as a file", async () => {
    const opened = await openPage(studio.browser, `${studio.server.address}/#/system/statistics`);
    const { page } = opened;
    const chart = page.locator("figure", { hasText: "Ratings given" }).first();
    const plot = chart.locator(".plot");
    await plot.focus();
    await page.keyboard.press("End");
    const tip = chart.locator(".chart-tip");
    expect(await tip.textContent()).toMatch(/^5: 6,051 \(17\.6 %\)$/);
    await page.keyboard.press("ArrowLeft");
    expect(await tip.textContent()).toMatch(/^4\.5: 6,050/);
    await plot.hover({ position: { x: 60, y: 60 } });
    expect(await tip.textContent()).toMatch(/^0\.5: 26/);
    await chart.getByRole("button", { name: "Table" }).click();
    expect(await chart.locator("tbody tr").count()).toBe(10);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      chart.getByRole("button", { name: "CSV" }).click(),
    ]);
    expect(file.suggestedFilename()).toBe("usher-ratings-given.csv");
    expect(opened.wrong).toEqual([]);
    await opened.close();
  });

  const answers = async (page: Page, path: string, status: number, body: object) =>
    page.route(`**/${path}*`, (route) =>
      route.fulfill({ status, contentType: "application/json", body: JSON.stringify(body) }),
    );

  it("a key is shown once and can be revoked", async () => {
    const opened = await openPage(studio.browser, `${studio.server.address}/#/system/settings`);
    const { page } = opened;
    await page.getByLabel("Name", { exact: true }).fill("shop");
    await page.getByRole("button", { name: "Make a key" }).click();
    expect(await page.locator(".op-secret code").textContent()).toMatch(/\w{20,}/);
    await page.getByRole("button", { name: "Close" }).first().click();
    await page.getByRole("button", { name: "Revoke shop" }).click();
    await page.getByText("It cannot be brought back").waitFor();
    await expectAccessible(page);
    await page.locator("dialog").getByRole("button", { name: "Revoke shop" }).click();
    await page.getByText("There is no key.").waitFor();
    expect(opened.wrong).toEqual([]);
    await opened.close();
  });

  it.each([
    ["#/system/models", "v1/models", "Nothing was trained yet."],
    ["#/system/data", "v1/jobs", "Nothing was imported or trained here yet."],
    ["#/system/data?view=quality", "v1/quality-reports", "No build was checked yet."],
    ["#/system/data?view=lineage", "v1/lineage", "Nothing was made yet."],
    ["#/system/workflow", "v1/runs", "Nothing has run here yet."],
    ["#/system/settings", "v1/audit", "Nobody has changed anything yet."],
  ])("%s tells empty from forbidden and from broken", async (place, path, nothing) => {
    const opened = await openPage(studio.browser, `${studio.server.address}/#/shortcuts`);
    const { page } = opened;
    for (const [status, body, said] of [
      [200, { items: [] }, nothing],
      [403, { code: "FORBIDDEN", detail: "no" }, "Your key does not open this"],
      [500, { code: "INTERNAL", detail: "it broke" }, "it broke"],
    ] as const) {
      await page.unrouteAll();
      await answers(page, path, status, body);
      await page.goto("about:blank");
      await page.goto(`${studio.server.address}/${place}`);
      await page.getByText(said).first().waitFor();
    }
    await opened.close();
  });
});

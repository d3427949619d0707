import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page, Route } from "playwright-core";
import { describe, expect, it } from "vitest";
import {
  again,
  canOpenPages,
  expectAccessible,
  newHome,
  openedStudio,
  openPage,
  themes,
} from "./opened-page.ts";

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

/** Views of the operator: what each asks for, what shows that it came, and what else is on the page without it. */
const views = [
  { place: "#/system", asks: "health/ready", sign: ".badge.is-ready", rest: ".top-list" },
  { place: "#/system", asks: "metrics", sign: ".top-list", rest: ".badge.is-ready" },
  { place: "#/system/models", asks: "v1/models", sign: "table", rest: ".button" },
  { place: "#/system/models", asks: "v1/jobs", sign: "table", rest: "table" },
  { place: "#/system/data", asks: "v1/jobs", sign: ".op-drop", rest: ".op-drop" },
  {
    place: "#/system/data?view=quality",
    asks: "v1/quality-reports?*",
    sign: ".op-details",
    rest: "[role=tab]",
  },
  { place: "#/system/data?view=lineage", asks: "v1/lineage", sign: ".graph-node", rest: "[role=tab]" },
  { place: "#/system/workflow", asks: "v1/tasks", sign: ".graph-node", rest: "h1" },
  { place: "#/system/statistics", asks: "v1/statistics/overview", sign: ".tile", rest: ".plot" },
  { place: "#/system/settings", asks: "health/ready", sign: ".badge.is-ready", rest: ".op-nothing" },
] as const;

describe.skipIf(!canOpenPages)("the states of the operator's views", again, () => {
  const studio = openedStudio();

  it.each(views)("$place without $asks: loading, partial, ready, stale, ready", async (view) => {
    const { place, asks, sign, rest } = view;
    const { page, close } = await openPage(studio.browser, `${studio.server.address}/#/shortcuts`);
    let letGo: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const broken = (route: Route) => route.abort();
    /** What becomes of the question now; what is answered is the server's own. */
    let answered: (route: Route) => Promise<void> = async (route) => {
      await held;
      await broken(route);
    };
    await page.route(`**/${asks}`, (route) => answered(route));
    await page.goto(`${studio.server.address}/${place}`);
    await page.locator(rest).first().waitFor();
    await expect.poll(() => page.locator("main [aria-busy=true]").count()).toBe(1);
    letGo();
    const notice = page.locator(".notice.is-part", { hasText: "The server does not answer" });
    await notice.waitFor();
    expect(await page.locator(rest).count()).toBeGreaterThan(0);
    expect(await page.locator("h1").count()).toBe(1);
    answered = (route) => route.continue();
    await notice.getByRole("button", { name: "Try again" }).click();
    await page.locator(sign).first().waitFor();
    await notice.waitFor({ state: "detached" });
    answered = broken;
    await page.keyboard.press("r");
    const line = page.locator(".state-line", { hasText: "This may be old" });
    await line.waitFor();
    expect(await page.locator(sign).count()).toBeGreaterThan(0);
    answered = (route) => route.continue();
    await line.getByRole("button", { name: "Try again" }).click();
    await line.waitFor({ state: "detached" });
    await close();
  });

  it("no events: one line at nought, not five", async () => {
    const { page, close } = await openPage(studio.browser, `${studio.server.address}/#/system/events`);
    await page.locator(".plot").waitFor();
    expect(await page.locator(".plot .chart-label[text-anchor=end]").allTextContents()).toContain("0");
    expect(await page.locator(".plot .chart-line").count()).toBe(1);
    await close();
  });
});

describe.skipIf(!canOpenPages)("a server whose disk has too little room", again, () => {
  const home = newHome();
  mkdirSync(home);
  writeFileSync(join(home, "usher.json"), JSON.stringify({ disk: { free_bytes_min: 2 ** 50 } }));
  const studio = openedStudio({ home });

  it.each(["#/system", "#/system/settings"])(
    "%s says what has failed; gone, what was shown stays",
    async (place) => {
      const { page, close } = await openPage(studio.browser, `${studio.server.address}/${place}`);
      const line = page.locator(".state-line");
      await line.getByText("Answered without: Disk").waitFor();
      await line.getByRole("button", { name: "Try again" }).waitFor();
      await page.locator("tr", { hasText: "Disk" }).getByText("failed").waitFor();
      await expectAccessible(page);
      if (place === "#/system/settings") {
        await studio.stop("SIGKILL");
        await page.getByText("Connection lost.").waitFor();
        await page.getByRole("button", { name: "Try now" }).waitFor();
        await page.keyboard.press("r");
        await page.locator(".state-line", { hasText: "This may be old" }).first().waitFor();
        await page.locator("tr", { hasText: "Disk" }).waitFor();
      }
      await close();
    },
  );
});

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canOpenPages, expectAccessible, openBrowser, openPage, startStudio, themes } from "./opened-page.ts";

describe.skipIf(!canOpenPages)("every page of the foundation", () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof startStudio>>;
  beforeAll(async () => {
    [browser, server] = await Promise.all([openBrowser(), startStudio()]);
  });
  const stop = async () => {
    server.child.kill("SIGTERM");
    await server.finished;
  };
  afterAll(async () => {
    await browser?.close();
    await stop();
  });

  it.each(themes)("is accessible, in %s", async (theme) => {
    const opened = await openPage(browser, server.address, { theme });
    const { page } = opened;
    for (const [place, sign] of [
      ["#/search?query=star", ".grid .card"],
      ["#/item/pulp-fiction-1994", ".hero-rated"],
      ["#/system", ".badge"],
      ["#/shortcuts", "kbd"],
      ["#/nowhere", ".notice"],
    ] as const) {
      await page.goto(`${server.address}/${place}`);
      await page.locator(sign).first().waitFor();
      await expectAccessible(page);
    }
    expect(opened.wrong).toEqual([]);
    await opened.close();
  });

  it.each([360, 768])("fits a window of %i px", async (width) => {
    const opened = await openPage(browser, server.address, { width, height: 740 });
    await opened.page.locator(".card").first().waitFor();
    const over = await opened.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(over).toBeLessThanOrEqual(0);
    const small = await opened.page.evaluate(() =>
      [...document.querySelectorAll("button, a, input, [role=slider]")]
        .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()] as const)
        .filter(([, { width: w, height: h }]) => w > 1 && (w < 24 || h < 24))
        .map(([html]) => html),
    );
    expect(small).toEqual([]);
    expect(await opened.layoutShift()).toBeLessThan(0.05);
    await opened.close();
  });
});

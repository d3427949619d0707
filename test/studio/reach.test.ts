import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { placesOf, readRoutes } from "../../scripts/studio-places.js";
import { again, canOpenPages, expectAccessible, openedStudio, openPage, themes } from "./opened-page.ts";

const names = readRoutes().map(({ name }) => name);

/** Whether anything reaches out of the window to the side; what scrolls by itself may. */
const reachesOut = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Texts that are cut off although nobody asked for it: no ellipsis, no clamp, no scrolling. */
const cutTexts = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("button, h1, h2, h3, dt, dd, td, th, label, legend, a")]
      .filter((element) => {
        const { overflowX, overflowY, textOverflow } = getComputedStyle(element);
        const isCut =
          (overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1) ||
          (overflowY !== "visible" && element.scrollHeight > element.clientHeight + 1);
        const isMeant =
          textOverflow === "ellipsis" || [overflowX, overflowY].some((how) => /auto|scroll/.test(how));
        return isCut && !isMeant && element.clientWidth > 1;
      })
      .map((element) => element.outerHTML.slice(0, 120)),
  );

/** Texts as wide as people may set them: WCAG 2.2, 1.4.12. */
const textSpacing = `* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
  p { margin-bottom: 2em !important; }`;

/** Runs in the page: everything that can be pressed and is smaller than 24 px, unless it stands in a line of text or is one with its label. */
const smallTargets = (page: Page) =>
  page.evaluate(() =>
    [
      ...document.querySelectorAll<HTMLElement>(
        "button, a[href], input, select, summary, textarea, [role=slider], [role=tab], [role=option]",
      ),
    ]
      .filter((element) => element.checkVisibility() && !element.closest("p, .for-readers"))
      .map((element) => [element.outerHTML.slice(0, 100), element.getBoundingClientRect()] as const)
      .filter(([, { width, height }]) => width > 1 && (width < 24 || height < 24))
      .map(([html, { width, height }]) => `${html} ${width}×${height}`),
  );

describe.skipIf(!canOpenPages)("every page of the table of routes", again, () => {
  const studio = openedStudio();
  let places: Record<string, string>;
  beforeAll(async () => {
    places = await placesOf(studio.server.address);
  });

  /** Leads to a page and waits until it is there. */
  async function visit(page: Page, name: string): Promise<void> {
    await page.goto(`${studio.server.address}/${places[name]}`);
    await page.locator("main h1").first().waitFor({ state: "attached" });
    await expect.poll(() => page.locator("[aria-busy=true]").count(), { timeout: 15_000 }).toBe(0);
    expect([name, await page.locator(".notice[role=alert]").count()]).toEqual([name, 0]);
  }

  it.each(themes)("is accessible and has no error, in %s", async (theme) => {
    const { page, wrong, close } = await openPage(studio.browser, studio.server.address, { theme });
    for (const name of names) {
      await visit(page, name);
      await expectAccessible(page);
      expect([name, wrong]).toEqual([name, []]);
    }
    await page.goto(`${studio.server.address}/#/nowhere`);
    await page.getByRole("heading", { name: "There is no such thing here" }).waitFor();
    await expectAccessible(page);
    await close();
  });

  it.each([360, 768])(
    "fits a window of %i px, and has nothing to press that is smaller than 24",
    async (width) => {
      const { page, close } = await openPage(studio.browser, studio.server.address, { width, height: 740 });
      for (const name of names) {
        await visit(page, name);
        expect([name, await reachesOut(page)]).toEqual([name, 0]);
        expect([name, await smallTargets(page)]).toEqual([name, []]);
      }
      await close();
    },
  );

  it("loses nothing at 200 %, nor with wide text", async () => {
    // a window of 1280 px at 200 % is one of 640 px
    const { page, close } = await openPage(studio.browser, studio.server.address, {
      width: 640,
      height: 450,
    });
    for (const name of names) {
      await visit(page, name);
      expect([name, await reachesOut(page), await cutTexts(page)]).toEqual([name, 0, []]);
      const sheet = await page.evaluateHandle((text) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(text);
        document.adoptedStyleSheets = [sheet];
        return sheet;
      }, textSpacing);
      await sheet.dispose();
      expect([name, "wide", await reachesOut(page), await cutTexts(page)]).toEqual([name, "wide", 0, []]);
      await page.evaluate(() => {
        document.adoptedStyleSheets = [];
      });
    }
    await close();
  });

  it("moves nothing for people who want no motion", async () => {
    const { page, close } = await openPage(studio.browser, studio.server.address);
    await page.emulateMedia({ reducedMotion: "reduce" });
    for (const name of names) {
      await visit(page, name);
      await page.keyboard.press("Control+k");
      await page.locator("dialog[open]").waitFor();
      const moving = await page.evaluate(() => {
        const longest = (text: string) =>
          Math.max(...text.split(",").map((time) => Number.parseFloat(time) * (/ms/.test(time) ? 1 : 1000)));
        const styled = [...document.querySelectorAll("*")].filter((element) => {
          const { animationName, animationDuration, transitionDuration } = getComputedStyle(element);
          return (
            (animationName !== "none" && longest(animationDuration) > 1) || longest(transitionDuration) > 1
          );
        });
        const running = document
          .getAnimations()
          .filter(({ effect }) => Number(effect?.getComputedTiming().duration) > 1);
        return [...styled.map((element) => element.outerHTML.slice(0, 80)), ...running.map(({ id }) => id)];
      });
      expect([name, moving]).toEqual([name, []]);
      await page.keyboard.press("Escape");
    }
    await close();
  });

  it("shows the focus on everything that can have it", async () => {
    const { page, close } = await openPage(studio.browser, studio.server.address, { height: 700 });
    for (const name of names) {
      await visit(page, name);
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      const seen = new Set<string>();
      for (let count = 0; count < 60; count++) {
        await page.keyboard.press("Tab");
        const focused = await page.evaluate(() => {
          const element = document.activeElement;
          if (!element || element === document.body) return undefined;
          // a choice shows it on its face
          const shown = [element, element.nextElementSibling].some((one) => {
            if (!one) return false;
            const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(one);
            return (
              outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2 && !/, 0\)$/.test(outlineColor)
            );
          });
          const { top, bottom, width, height } = element.getBoundingClientRect();
          const isInView = width > 1 && height > 1 && bottom > 0 && top < innerHeight;
          return { html: element.outerHTML.slice(0, 110), isShown: shown && isInView };
        });
        if (!focused) break;
        seen.add(focused.html);
        expect([name, focused]).toEqual([name, { html: focused.html, isShown: true }]);
      }
      expect([name, seen.size > 1]).toEqual([name, true]);
    }
    await close();
  });
});

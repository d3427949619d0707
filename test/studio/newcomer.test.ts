import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { again, canOpenPages, expectAccessible, openedStudio, openPage, themes } from "./opened-page.ts";

describe.skipIf(!canOpenPages)("a newcomer", again, () => {
  const studio = openedStudio();
  const forYou = (page: Page) => page.getByRole("region", { name: "For you", exact: true });
  const titlesOf = (page: Page) =>
    forYou(page)
      .locator(".card-title")
      .evaluateAll((all) => all.map((title) => title.textContent));

  it("picks, rates three, sees the rails change and why, searches, bookmarks, takes it back, finds it all, becomes a user", async () => {
    const opened = await openPage(studio.browser, studio.server.address);
    const { page } = opened;
    expect(await page.locator(".rail").first().locator(".card-reason").count()).toBe(0); // nothing before it came
    await page.locator(".rail").first().locator(".card-reason").nth(9).waitFor({ state: "attached" });
    const picks = page.getByRole("region", { name: "Pick some that you like" });
    await picks
      .getByRole("button", { name: /^Like / })
      .nth(2)
      .click();
    await picks.getByText("1 title picked").waitFor();
    await forYou(page).waitFor();
    expect(await picks.locator("[aria-pressed='true']").count()).toBe(1);
    let before = await titlesOf(page);
    for (let count = 0; count < 3; count++) {
      const card = forYou(page).locator(".card").nth(count);
      await card.getByRole("button", { name: /^Rate / }).click();
      await page.getByRole("slider").press("End");
      await page.getByRole("slider").press("Enter");
      await page.getByText(/^You gave .* 5 of 5$/).waitFor();
      await expect.poll(() => titlesOf(page)).not.toEqual(before);
      before = await titlesOf(page);
    }
    const first = forYou(page).locator(".card").first();
    expect(await first.locator(".card-reason").textContent()).toMatch(/because you liked/);
    expect(await opened.layoutShift()).toBeLessThan(0.05);
    await first.getByRole("link").click();
    const why = page.getByRole("region", { name: "Why this?" });
    await why.getByText("because you liked").waitFor();
    expect(await why.getByRole("listitem").count()).toBeGreaterThan(0);
    expect(await why.locator("dt").allTextContents()).toEqual(["What you liked", "Score", "Expected of you"]);
    await page.getByRole("img", { name: /ratings?, .* of 5 on average/ }).waitFor();
    await page.getByRole("combobox").pressSequentially("pulp fic");
    await page.getByRole("option", { name: /Pulp Fiction/ }).waitFor();
    await page.getByRole("combobox").press("ArrowDown");
    await page.getByRole("combobox").press("Enter");
    await page.getByRole("heading", { name: "Pulp Fiction", level: 1 }).waitFor();
    const bookmark = page.locator(".is-item").getByRole("button", { name: "Bookmark Pulp Fiction" });
    await bookmark.click();
    await page.getByText("Pulp Fiction is in your bookmarks").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => bookmark.getAttribute("aria-pressed")).toBe("false");
    await page.locator(".is-item").getByRole("button", { name: "Mark Pulp Fiction as seen" }).click();
    await page.getByText("You know Pulp Fiction now").waitFor();
    await why.getByText("it is not recommended to you").waitFor();
    await page.getByRole("link", { name: "My list" }).click();
    await page.locator(".library li").nth(4).waitFor(); // a like, three ratings, one seen
    expect(await page.locator(".library li").count()).toBe(5);
    await page.getByRole("button", { name: "Undo: Known to its end, Pulp Fiction" }).click();
    await expect.poll(() => page.locator(".library li").count()).toBe(4);
    await page.getByRole("tab", { name: "Favourites" }).click();
    await page.locator(".library li").nth(2).waitFor(); // what was liked may be among what was rated
    await page.getByRole("tab", { name: "Bookmarks" }).click();
    await page.getByText("Nothing here yet").waitFor();
    await page.keyboard.press("p");
    await page.getByLabel("User id").fill("somebody-new");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /What somebody-new did/ }).waitFor();
    await page.getByRole("tab", { name: "History" }).click();
    await page.locator(".library li").nth(3).waitFor();
    expect(opened.wrong).toEqual([]);
    await opened.close();
  });

  it("needs no mouse", async () => {
    const opened = await openPage(studio.browser, studio.server.address);
    const { page } = opened;
    const { keyboard } = page;
    await page.locator(".pick").first().waitFor();
    /** Goes on with Tab until what has the focus fits, as somebody would who looks for it. */
    const tabTo = async (name: RegExp) => {
      for (let count = 0; count < 90; count++) {
        await keyboard.press("Tab");
        const focused = await page.evaluate(() => {
          const { activeElement: element } = document;
          return `${element?.className ?? ""} ${element?.getAttribute("aria-label") ?? element?.textContent}`;
        });
        if (name.test(focused)) return;
      }
      throw new Error(`no Tab leads to ${name}`);
    };
    await tabTo(/^pick Like /);
    await keyboard.press("Space");
    await page.getByText("1 title picked").waitFor();
    await forYou(page).waitFor();
    await keyboard.press("/");
    await keyboard.type("quentin tar");
    await page.getByRole("option", { name: /Quentin Tarantino/ }).waitFor();
    await keyboard.press("ArrowDown");
    await keyboard.press("Escape");
    expect(await page.getByRole("option").count()).toBe(0);
    await keyboard.type("a");
    await page.getByRole("option").first().waitFor();
    await keyboard.press("ArrowDown");
    await keyboard.press("Enter");
    await page.getByRole("heading", { name: /titles for “Quentin Tarantino”/ }).waitFor();
    await tabTo(/^card-link/);
    await keyboard.press("Enter");
    await page.locator(".own-rating").waitFor();
    await tabTo(/^stars/);
    await keyboard.press("ArrowRight");
    await keyboard.press("Enter");
    await page.getByText(/^You gave .* 0\.5 of 5$/).waitFor();
    await tabTo(/Take back my rating/);
    await keyboard.press("Enter");
    await page.getByText("Taken back").waitFor();
    await tabTo(/Bookmark /);
    await keyboard.press("Enter");
    await page.getByText(/is in your bookmarks/).waitFor();
    await keyboard.press("l");
    await page.locator(".library li").nth(1).waitFor();
    await tabTo(/^button is-quiet Undo: Bookmarked/);
    await keyboard.press("Enter");
    await expect.poll(() => page.locator(".library li").count()).toBe(1);
    expect(opened.wrong).toEqual([]);
    await opened.close();
  });

  it.each(themes)("finds every page accessible, in %s", async (theme) => {
    const opened = await openPage(studio.browser, studio.server.address, { theme });
    const { page } = opened;
    await page.locator(".pick").first().waitFor();
    await expectAccessible(page);
    await page.locator(".rail .card-link").first().click();
    await page.locator(".why-terms").waitFor();
    await page.locator(".rating-bars[aria-label*='average']").waitFor();
    await page
      .locator(".is-item")
      .getByRole("button", { name: /^Like / })
      .click();
    await page.getByText(/^You like /).waitFor();
    await expectAccessible(page);
    await page.getByRole("combobox").fill("star");
    await page.getByRole("option").first().waitFor();
    await expectAccessible(page);
    await page.goto(`${studio.server.address}/#/library`);
    await page.locator(".library li").waitFor();
    await expectAccessible(page);
    expect(await opened.layoutShift()).toBeLessThan(0.05);
    expect(opened.wrong).toEqual([]);
    await opened.close();
  });
});

import { describe, expect, it } from "vitest";
import { again, canOpenPages, expectAccessible, openedStudio, openPage, themes } from "./opened-page.ts";

describe.skipIf(!canOpenPages)("the home page", again, () => {
  const studio = openedStudio();

  it.each(themes)("shows a newcomer rails with reasons before they do anything, in %s", async (theme) => {
    const opened = await openPage(studio.browser, studio.server.address, { theme });
    const { page } = opened;
    await page.getByRole("region", { name: "The best rated", exact: true }).waitFor();
    expect(await page.locator("html").getAttribute("data-theme")).toBe(theme);
    expect(await page.title()).toBe("Home · Usher");
    expect(await page.locator(".rail").count()).toBeGreaterThan(1);
    expect(await page.locator(".card").count()).toBeGreaterThan(9);
    expect(await page.locator(".card-reason:text('rated')").count()).toBeGreaterThan(9);
    await expectAccessible(page);
    expect(opened.requests()).toBeLessThan(25);
    expect(await opened.layoutShift()).toBeLessThan(0.05);
    expect(opened.wrong).toEqual([]);
    await opened.close();
  });

  it("changes at once when somebody likes and rates, says why, and takes it back", async () => {
    const opened = await openPage(studio.browser, studio.server.address);
    const { page } = opened;
    const likes = page.locator(".rail").getByRole("button", { name: /^Like / });
    await likes.first().waitFor();
    for (let count = 0; count < 3; count++) {
      const name = await likes.evaluateAll((all) => {
        const next = all.find((button) => button.ariaPressed !== "true") as HTMLButtonElement;
        next.click(); // by itself: the row changes while it is looked at
        return next.ariaLabel;
      });
      await page.getByText(`You ${String(name).replace("L", "l")}`, { exact: true }).waitFor();
    }
    const forYou = page.getByRole("region", { name: "For you", exact: true });
    await forYou.locator(".card-reason:text('because you liked')").first().waitFor();
    const pressed = page.locator(".card [aria-pressed='true']");
    const before = await pressed.count();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Taken back").waitFor();
    await expect.poll(() => pressed.count()).toBe(before - 1);
    expect(opened.wrong).toEqual([]);
    await opened.close();
  });

  it("is rated by keyboard alone, and the focus stays where the title stood", async () => {
    const opened = await openPage(studio.browser, `${studio.server.address}/#/?user_id=viewer-0039`);
    const { page } = opened;
    const rail = page.getByRole("region", { name: "For you", exact: true });
    const links = rail.getByRole("link");
    await links.first().waitFor();
    const first = String(await links.nth(1).getAttribute("aria-label"));
    await links.nth(0).focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.locator(":focus").getAttribute("aria-label")).toBe(first);
    await page.keyboard.press("Tab"); // like
    await page.keyboard.press("Tab"); // rate
    const card = rail.locator(".card").nth(1);
    const before = await card.boundingBox();
    await page.keyboard.press("Enter");
    const stars = page.getByRole("slider");
    await stars.waitFor();
    expect(await card.boundingBox()).toEqual(before);
    expect(await card.locator(".cover").evaluate((cover) => cover.clientWidth)).toBeLessThanOrEqual(
      before?.width ?? 0,
    );
    expect(await stars.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    expect(await stars.getAttribute("aria-valuetext")).toBe("4.5 of 5");
    await page.keyboard.press("Enter");
    await page.getByText(/^You gave .* 4\.5 of 5$/).waitFor();
    await expect
      .poll(() => links.evaluateAll((all) => all.map((link) => link.getAttribute("aria-label"))))
      .not.toContain(first);
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.closest(".rail") !== null))
      .toBe(true);
    expect(opened.wrong).toEqual([]);
    await opened.close();
  });
});

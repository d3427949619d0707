import { describe, expect, it } from "vitest";
import { again, canOpenPages, expectAccessible, openedStudio, openPage } from "./opened-page.ts";

describe.skipIf(!canOpenPages)("around every page", again, () => {
  const studio = openedStudio();

  it("the palette offers pages and actions, and the shortcuts stand on their page", async () => {
    const opened = await openPage(studio.browser, studio.server.address);
    const { page } = opened;
    await page.locator(".card").first().waitFor();
    await page.keyboard.press("Control+k");
    const names = await page
      .locator("[role=option]")
      .evaluateAll((all) => all.map((one) => one.getAttribute("data-entry")));
    expect(names).toEqual(
      expect.arrayContaining(["route home", "route system", "action theme", "action newcomer"]),
    );
    await expectAccessible(page);
    await page.keyboard.type("shortc");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Everything by keyboard" }).waitFor();
    await expectAccessible(page);
    await page.keyboard.press("t");
    expect(await page.locator("html").getAttribute("data-theme")).toBe("light");
    await page.keyboard.press("h");
    await page.locator(".hero").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("star");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /titles for “star”/ }).waitFor();
    await page.goBack();
    await page.locator(".hero").waitFor();
    expect(opened.wrong).toEqual([]);
    await opened.close();
  });

  it("another person, another language: kept when the page is opened again", async () => {
    const opened = await openPage(studio.browser, studio.server.address);
    const { page } = opened;
    await page.locator(".card").first().waitFor();
    await page.keyboard.press("p");
    await page.getByLabel("User id").fill("viewer-0007");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Recommendations for viewer-0007" }).waitFor();
    await page.getByRole("button", { name: "Menu" }).click();
    await expectAccessible(page);
    await page.getByRole("radio", { name: "Русский" }).click({ force: true });
    await page.getByRole("region", { name: "Для вас", exact: true }).waitFor();
    await page.reload();
    await page.getByRole("region", { name: "Для вас", exact: true }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("ru");
    expect(await page.getByText("viewer-0007").count()).toBeGreaterThan(0);
    expect(opened.wrong).toEqual([]);
    await opened.close();
  });
});

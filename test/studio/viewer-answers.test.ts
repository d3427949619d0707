import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { SimilarItemsBody } from "../../src/contracts/catalogue-http.ts";
import type { UsherEvent } from "../../src/contracts/events.ts";
import { again, canOpenPages, openedStudio, openPage } from "./opened-page.ts";

describe.skipIf(!canOpenPages)("what the viewer's pages ask for and show", again, () => {
  const studio = openedStudio();
  const forYou = (page: Page) => page.getByRole("region", { name: "For you", exact: true });
  const send = async (method: string, path: string, body: object) => {
    const headers = { "content-type": "application/json" };
    const address = `${studio.server.address}/${path}`;
    const answer = await fetch(address, { method, headers, body: JSON.stringify(body) });
    expect([path, answer.ok]).toEqual([path, true]);
  };

  it("posters stand on the cards of search and of similar titles", async () => {
    const poster = "https://posters.example/one.svg";
    const like = await fetch(`${studio.server.address}/v1/items/pulp-fiction-1994/similar?k=1`);
    const [item] = ((await like.json()) as SimilarItemsBody).items;
    await send("PATCH", `v1/items/${item?.item_id}`, { poster_url: poster });
    const opened = await openPage(studio.browser, studio.server.address);
    const { page } = opened;
    const picture = '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="3"/>';
    await page.route(poster, (route) => route.fulfill({ contentType: "image/svg+xml", body: picture }));
    const search = `#/search?query=${encodeURIComponent(item?.title ?? "")}`;
    for (const place of [search, "#/item/pulp-fiction-1994"]) {
      await page.goto(`${studio.server.address}/${place}`);
      const card = page.locator(".card", { has: page.locator(`a[href*="${item?.item_id}"]`) });
      expect(await card.locator("img.cover-poster").getAttribute("src")).toBe(poster);
    }
    expect(opened.wrong).toEqual([]);
    await opened.close();
  });

  it("a newcomer who becomes a user takes along each event once, and that user's open page follows", async () => {
    const [userId, { address }] = [`joiner-${crypto.randomUUID().slice(0, 8)}`, studio.server];
    const theirs = await openPage(studio.browser, `${address}/#/?user_id=${userId}`);
    await theirs.page.locator(".hero-reason").waitFor();
    await theirs.page.locator(".bar-face.is-live").waitFor();
    expect(await forYou(theirs.page).count()).toBe(0);
    const { page, wrong, close } = await openPage(studio.browser, address);
    for (const at of [0, 1]) {
      await page.locator(".pick").nth(at).click();
      await page.locator(".pick[aria-pressed=true]").nth(at).waitFor();
    }
    await page.keyboard.press("p");
    await page.getByLabel("User id").fill(userId);
    await page.keyboard.press("Enter");
    await page
      .getByRole("heading", { name: `Recommendations for ${userId}` })
      .first()
      .waitFor();
    await forYou(theirs.page).waitFor(); // nothing was pressed there
    const history = await fetch(`${address}/v1/users/${userId}/events`);
    const { events } = (await history.json()) as { events: UsherEvent[] };
    expect(events.map(({ event_type, user_id }) => [event_type, user_id])).toEqual([
      ["like", undefined],
      ["like", undefined],
    ]);
    await page.goto(`${address}/#/library`);
    await page
      .getByRole("button", { name: /^Undo: Liked/ })
      .first()
      .click();
    await expect.poll(() => page.locator(".library li").count()).toBe(1);
    expect([...wrong, ...theirs.wrong]).toEqual([]);
    await Promise.all([close(), theirs.close()]);
  });
});

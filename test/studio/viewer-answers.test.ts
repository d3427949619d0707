import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { CatalogueItemBody, SimilarItemsBody } from "../../src/contracts/catalogue-http.ts";
import type { UsherEvent } from "../../src/contracts/events.ts";
import { again, canOpenPages, openedStudio, openPage } from "./opened-page.ts";

type ListBody = { readonly items: readonly CatalogueItemBody[] };

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

  it("a history of many lines asks for its titles at once, and says what is not there by its id", async () => {
    const { address } = studio.server;
    const found = await fetch(`${address}/v1/items?sort=title&page_size=50`);
    const { items } = (await found.json()) as ListBody;
    const user_id = `busy-${crypto.randomUUID().slice(0, 8)}`;
    const ids = ["gone, and with a comma", ...items.map(({ item_id }) => item_id)];
    const bookmarks = ids.map((item_id, at) => ({
      ...{ event_type: "bookmark", event_id: crypto.randomUUID(), user_id, item_id },
      event_ts: new Date(Date.now() - at * 1000).toISOString(),
    }));
    await send("POST", "v1/events", bookmarks);
    const opened = await openPage(studio.browser, address);
    const { page } = opened;
    const asked: string[] = [];
    page.on("request", (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (pathname.startsWith("/v1/items")) asked.push(`${pathname} ${searchParams.getAll("ids").length}`);
    });
    await page.goto(`${address}/#/library?user_id=${user_id}`);
    await page.getByText("11 older lines are not shown.").waitFor();
    const titles = page.locator(".library-item strong");
    await expect.poll(() => titles.nth(39).textContent()).not.toBe(ids[39]);
    expect(await titles.count()).toBe(40);
    expect(await titles.first().textContent()).toBe("gone, and with a comma");
    expect(asked).toEqual(["/v1/items 40"]);
    await page.getByRole("tab", { name: "Bookmarks" }).click();
    await expect.poll(() => titles.nth(1).textContent()).not.toBe(ids[1]);
    expect(asked).toHaveLength(1);
    await opened.close();
  });

  it("why this: a title that is left out is said to be known, put away, or without anything that speaks for it", async () => {
    const opened = await openPage(studio.browser, studio.server.address);
    const { page } = opened;
    await page.goto(`${studio.server.address}/#/item/fight-club-1999`);
    const why = page.locator(".is-why");
    const own = page.locator(".is-item");
    await own.getByRole("button", { name: "Not for me: Fight Club" }).click();
    await page.getByText("Fight Club will not be recommended to you again").waitFor();
    await why.getByText("You have put it away").waitFor();
    await own.getByRole("button", { name: "Not for me: Fight Club" }).click();
    await own.getByRole("button", { name: "Mark Fight Club as seen" }).click();
    await why.getByText("You know it already").waitFor();
    await send("PUT", "v1/items/nobody-knows", { title: "Nobody knows" });
    await page.goto(`${studio.server.address}/#/item/nobody-knows`);
    await why.getByText("Nothing that is known of you, or of it, speaks for it yet.").waitFor();
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

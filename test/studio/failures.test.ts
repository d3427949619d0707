import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FaultyProxy, startFaultyProxy } from "./faulty-proxy.ts";
import {
  again,
  canOpenPages,
  expectAccessible,
  newHome,
  openedStudio,
  openPage,
  startStudio,
} from "./opened-page.ts";

const json = (body: unknown, headers: Record<string, string> = {}) => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

/** The ids of the catalogue. */
async function allIds(address: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const next = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await fetch(`${address}/v1/items?page_size=200${next}`);
    const body = (await answer.json()) as { items: { item_id: string }[]; next_cursor?: string };
    ids.push(...body.items.map(({ item_id }) => item_id));
    cursor = body.next_cursor;
  }
  return ids;
}

const expectNothingBlank = (page: Page) =>
  expect.poll(async () => (await page.locator("main").innerText()).trim().length).toBeGreaterThan(10);
const expectNothingBeside = async (page: Page) =>
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);

describe.skipIf(!canOpenPages)("a server that is killed while somebody uses it", again, () => {
  const home = newHome();
  const studio = openedStudio({ home });

  it("is told plainly on every page; what was known stays, and all comes back by itself", async () => {
    const { page, close } = await openPage(studio.browser, `${studio.server.address}/#/?user_id=viewer-0003`);
    await page.locator(".bar-face.is-live").waitFor();
    const cards = page.locator(".card:not(.is-skeleton)");
    await cards.first().waitFor();
    const known = await cards.count();
    const { port } = new URL(studio.server.address);
    await studio.stop("SIGKILL");
    await page.getByText("Connection lost.").waitFor();
    expect(await cards.count()).toBe(known);

    await cards.first().getByRole("link").click(); // a page whose script has not come yet
    await page.getByRole("heading", { name: "The server does not answer" }).waitFor();
    await expectAccessible(page);
    await page.goBack();
    await cards.first().waitFor();
    expect(await cards.count()).toBe(known);
    await page.getByText("This may be old").first().waitFor();
    await page.goForward();
    await page.getByRole("heading", { name: "The server does not answer" }).waitFor();

    studio.server = await startStudio({ home, port });
    await page.locator(".hero-rated").waitFor();
    await page.locator(".bar-face.is-live").waitFor();
    expect(await page.locator(".notice, .lost-line, .state-line").count()).toBe(0);
    await page.goBack();
    await page.getByRole("region", { name: "For you", exact: true }).waitFor();
    await expect.poll(() => page.locator(".state-line").count()).toBe(0);
    await close();
  });
});

describe.skipIf(!canOpenPages)("an answer that does not come as it should", again, () => {
  const studio = openedStudio();
  let proxy: FaultyProxy;
  beforeAll(async () => {
    proxy = await startFaultyProxy(studio.server.address);
  });
  afterAll(async () => {
    await proxy?.close();
  });

  it("cut in half, it is not shown: the page says so, and asks again when told to", async () => {
    proxy.spoil("/v1/home", "cut");
    const { page, close } = await openPage(studio.browser, proxy.address);
    await page.getByRole("heading", { name: "The answer broke off" }).waitFor();
    expect(await page.locator(".card").count()).toBe(0);
    await expectAccessible(page);
    proxy.mend();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".card").first().waitFor();

    proxy.spoil("/v1/home", "cut");
    const known = await page.locator(".card").count();
    await page.keyboard.press("r");
    await page.getByText("This may be old").waitFor();
    expect(await page.locator(".card").count()).toBe(known);
    proxy.mend();
    await page.getByRole("button", { name: "Try again" }).click();
    await expect.poll(() => page.locator(".state-line").count()).toBe(0);
    await close();
  });

  it("very slow, it is waited for: the page has its shape, then says that it takes long", async () => {
    proxy.spoil("/v1/home", "held");
    const { page, close, wrong, layoutShift } = await openPage(studio.browser, proxy.address);
    await page.locator(".card.is-skeleton").first().waitFor();
    expect(await page.locator("[role=status]:text-is('Loading')").count()).toBe(1);
    await page.getByText("This takes longer than it should").waitFor();
    await expectAccessible(page);
    proxy.mend();
    await page.locator(".card-title").first().waitFor();
    expect(await page.getByText("This takes longer than it should").count()).toBe(0);
    expect(await layoutShift()).toBeLessThan(0.05);
    expect(wrong).toEqual([]);
    await close();
  });
});

/** Titles that a page could trip over. */
const titles = {
  image: `<img src=x onerror="window.executed='image'"> & <b>bold</b>`,
  script: `</script><script>window.executed='script'</script>`,
  template: "$" + "{window.executed='template'} {title} {{title}} %s",
  hebrew: "מלחמת הכוכבים: התקווה (1977)",
  arabic: "لورنس العرب – الفيلم",
  override: "\u202egnihton\u202c is turned",
  word: "A".repeat(500),
  words: "A title that does not end ".repeat(19).trim(),
};

describe.skipIf(!canOpenPages)("a catalogue with titles that a page could trip over", again, () => {
  const studio = openedStudio();
  let ids: string[];
  beforeAll(async () => {
    ids = await allIds(studio.server.address);
    const items = Object.values(titles).map((title, at) => ({
      ...{ item_id: ids[at], title, genres: [title.slice(0, 60).trim(), "Drama"], description: title },
      people: [{ name: title.slice(0, 100).trim(), role: "actor" }],
    }));
    const answer = await fetch(`${studio.server.address}/v1/items/batch`, json({ items }));
    const { results } = (await answer.json()) as { results: { status: string }[] };
    expect(results.map(({ status }) => status)).toEqual(Object.values(titles).map(() => "updated"));
  });

  it.each([360, 1280])("shows them as what they are, at %i px", async (width) => {
    const { page, close, wrong } = await openPage(studio.browser, studio.server.address, { width });
    await page.locator(".card").first().waitFor();
    await expectNothingBeside(page);
    for (const [at, [kind, title]] of Object.entries(titles).entries()) {
      await page.goto(`${studio.server.address}/#/item/${encodeURIComponent(String(ids[at]))}`);
      await page.locator(".hero-rated").waitFor();
      const said = title.replace(/ \(\d{4}\)$/, "");
      const heading = page.getByRole("heading", { level: 1 });
      await expect.poll(() => heading.evaluate((element) => element.textContent)).toBe(said);
      const direction = await heading.evaluate((element) => getComputedStyle(element).direction);
      expect([kind, direction]).toEqual([kind, ["hebrew", "arabic"].includes(kind) ? "rtl" : "ltr"]);
      await expectNothingBeside(page);
      await page
        .getByRole("button", { name: /^Like / })
        .first()
        .click();
      await page.getByText(`You like ${said}`, { exact: true }).waitFor();
      await expectNothingBeside(page);
      const toast = await page.locator(".toast").boundingBox();
      expect(toast?.height ?? 1e9).toBeLessThan(300);
    }
    await page.goto(`${studio.server.address}/#/search?query=${encodeURIComponent("<img src=x onerror=1>")}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await expectNothingBlank(page);
    await page.goto(`${studio.server.address}/#/?user_id=${encodeURIComponent("<b>\u05d0</b>")}`);
    await page.locator(".card").first().waitFor();
    await expectAccessible(page);
    expect(await page.evaluate(() => (window as unknown as { executed?: string }).executed)).toBeUndefined();
    expect(await page.locator("main b, main img[src=x]").count()).toBe(0);
    expect(wrong).toEqual([]);
    await close();
  });

  it("says of a catalogue that has become empty that there is nothing yet", async () => {
    const opened = await openPage(studio.browser, studio.server.address);
    await opened.page.locator(".bar-face.is-live").waitFor();
    await opened.page.locator(".card").first().waitFor();
    for (let from = 0; from < ids.length; from += 1000) {
      const items = ids.slice(from, from + 1000).map((item_id) => ({ item_id, delete: true }));
      expect((await fetch(`${studio.server.address}/v1/items/batch`, json({ items }))).ok).toBe(true);
    }
    await opened.page.getByRole("heading", { name: "Nothing here yet" }).waitFor(); // by itself
    await expectAccessible(opened.page);
    for (const place of ["#/search?query=star", `#/item/${ids[0]}`, "#/system"]) {
      await opened.page.goto(`${studio.server.address}/${place}`);
      await expectNothingBlank(opened.page);
    }
    await opened.close();
  });
});

const ownersKey = "a-key-of-the-environment-".repeat(2);

describe.skipIf(!canOpenPages)("a key that is revoked while somebody uses it", again, () => {
  const studio = openedStudio({
    environment: { USHER_ACCESS_KEYS: "required", USHER_ACCESS_ADMIN_KEY: ownersKey },
  });
  const asOwner = { authorization: `Bearer ${ownersKey}` };

  it("is told apart from one that has not the right", async () => {
    const body = { name: "viewer", scopes: ["read"] };
    const made = await (await fetch(`${studio.server.address}/v1/keys`, json(body, asOwner))).json();
    const { page, close } = await openPage(studio.browser, `${studio.server.address}/#/system`);
    await page.getByLabel("Key").fill(made.key);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Your key does not open this" }).waitFor();
    await expectAccessible(page);
    expect(await page.getByLabel("Key").count()).toBe(0);
    await page.keyboard.press("h");
    await page.locator(".card").first().waitFor();
    await fetch(`${studio.server.address}/v1/keys/${made.id}`, { method: "DELETE", headers: asOwner });
    // the page may find out by itself before somebody presses anything
    const like = page.getByRole("button", { name: /^Like / }).first();
    await like.click({ timeout: 3000 }).catch(() => {});
    await page.getByText("Your key is no longer accepted").waitFor();
    await expectAccessible(page);
    await page.getByLabel("Key").fill(ownersKey);
    await page.keyboard.press("Enter");
    await page.locator(".card").first().waitFor(); // where they were
    await close();
  });
});

import type { Page, Route } from "playwright-core";
import { describe, expect, it } from "vitest";
import {
  again,
  canOpenPages,
  expectAccessible,
  newHome,
  openedStudio,
  openPage,
  startStudio,
} from "./opened-page.ts";

/** Each view: where it is, what it asks for, where its state shows, and what shows that it came. */
const views = [
  { name: "home", place: "#/", asks: "**/v1/home?*", part: ".home", sign: ".card" },
  { name: "what a newcomer picks", place: "#/", asks: "**/v1/top?*", part: ".picks", sign: ".pick" },
  {
    ...{ name: "item", place: "#/item/pulp-fiction-1994", asks: "**/v1/items/pulp-fiction-1994" },
    ...{ part: "#content", sign: ".is-item" },
  },
  {
    ...{ name: "why this", place: "#/item/pulp-fiction-1994", asks: "**/v1/sessions/*/recommendations?*" },
    ...{ part: ".is-why", sign: ".why-terms" },
  },
  {
    ...{ name: "how it was rated", place: "#/item/pulp-fiction-1994", asks: "**/v1/statistics/items/*" },
    ...{ part: ".is-ratings", sign: "figure" },
  },
  {
    ...{ name: "similar", place: "#/item/pulp-fiction-1994", asks: "**/v1/items/*/similar?*" },
    ...{ part: ".item-page", sign: ".rail .card:not(.is-skeleton)" },
  },
  {
    ...{ name: "search", place: "#/search?query=star", asks: "**/v1/search?*", part: ".page" },
    sign: ".grid .card:not(.is-skeleton)",
  },
  {
    ...{ name: "library", place: "#/library", asks: "**/v1/sessions/*/events?*", part: ".is-library" },
    sign: ".library li",
  },
] as const;

const problem = (status: number, code: string) => (route: Route) =>
  route.fulfill({
    ...{ status, contentType: "application/problem+json" },
    body: JSON.stringify({ status, code, detail: code }),
  });
/** What a server may answer, and what a page says of it. */
const failures: readonly (readonly [string, (route: Route) => Promise<void>, RegExp])[] = [
  ["forbidden", problem(403, "SCOPE_MISSING"), /Your key does not open this/],
  ["an error", problem(500, "INTERNAL"), /Something went wrong/],
  ["not ready", problem(503, "NOT_READY"), /The server is getting ready/],
  [
    "cut in half",
    (route) => route.fulfill({ status: 200, contentType: "application/json", body: '{"items":[{"ti' }),
    /The answer broke off/,
  ],
  ["unreachable", (route) => route.abort(), /The server does not answer/],
];

describe.skipIf(!canOpenPages)("the states of the viewer", again, () => {
  const home = newHome();
  const studio = openedStudio({ home });
  /** A newcomer who likes one title, so that each view has something to show. */
  const openLiked = async () => {
    const opened = await openPage(studio.browser, studio.server.address);
    await opened.page.locator(".pick").first().click();
    await opened.page.getByText(/^You like /).waitFor();
    return opened;
  };
  const show = async (page: Page, place: string) => {
    await page.goto(`${studio.server.address}/${place}`);
    await page.reload();
  };

  it.each(views)("$name: loading, each failure with what repairs it, ready, stale", async (view) => {
    const { place, asks, part, sign } = view;
    const { page, close } = await openLiked();
    let letGo: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    /** What is answered now; one route all along, so that no question reaches the server in between. */
    let answered = async (route: Route) => {
      await held;
      await problem(403, "SCOPE_MISSING")(route);
    };
    await page.route(asks, (route) => answered(route));
    await show(page, place);
    await page.locator(`${part} [aria-busy=true], ${part}[aria-busy=true]`).first().waitFor();
    letGo();
    const shown = page.locator(part).first();
    const [[, , forbidden] = []] = failures;
    await shown.getByText(forbidden as RegExp).waitFor();
    await shown.getByRole("button", { name: "Use another key" }).waitFor();
    for (const [, answer, text] of failures.slice(1)) {
      answered = answer;
      await page.keyboard.press("r");
      await shown.getByText(text).waitFor();
    }
    await expectAccessible(page);
    answered = (route) => route.continue();
    await shown.getByRole("button", { name: "Try again" }).click();
    await page.locator(`${part} ${sign}`).first().waitFor();
    answered = problem(500, "INTERNAL");
    await page.keyboard.press("r");
    await shown.getByText("This may be old").waitFor();
    expect(await page.locator(`${part} ${sign}`).count()).toBeGreaterThan(0);
    await close();
  });

  it("home: empty, degraded", async () => {
    const { page, close } = await openLiked();
    const changed = (change: object) => async (route: Route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), ...change } });
    };
    await page.route("**/v1/home?*", changed({ degraded: ["events"] }));
    await page.keyboard.press("r");
    await page.getByText("Answered without: events").waitFor();
    await page.unroute("**/v1/home?*");
    await page.route("**/v1/home?*", changed({ rails: [] }));
    await page.keyboard.press("r");
    await page.getByText("Nothing here yet").waitFor();
    await close();
  });

  it("search and library: nothing found, nothing done; an item that is not there", async () => {
    const opened = await openPage(studio.browser, studio.server.address);
    const { page } = opened;
    await page.goto(`${studio.server.address}/#/search?query=qqqqqqqqqq`);
    await page.getByRole("heading", { name: "Nothing for “qqqqqqqqqq”" }).waitFor();
    await page.goto(`${studio.server.address}/#/library`);
    await page.getByText("Nothing here yet").waitFor();
    await expectAccessible(page);
    expect(opened.wrong).toEqual([]);
    await page.goto(`${studio.server.address}/#/item/nowhere`);
    await page.getByText("There is no such thing here").waitFor();
    await opened.close();
  });

  it("a server that is killed mid-use is told plainly, keeps what was shown, and comes back", async () => {
    const { page, close } = await openLiked();
    await page.getByRole("region", { name: "For you", exact: true }).waitFor();
    studio.server.child.kill("SIGKILL");
    await studio.server.finished;
    await page.getByText("Connection lost. You see what was last known.").waitFor();
    expect(await page.locator(".card").count()).toBeGreaterThan(9);
    const like = page
      .locator(".card")
      .last()
      .getByRole("button", { name: /^Like / });
    await like.click();
    await page.getByText(/^That was not kept/).waitFor();
    expect(await like.getAttribute("aria-pressed")).toBe("false");
    studio.server = await startStudio({ home, port: new URL(studio.server.address).port });
    // it may be back by itself before somebody presses anything
    await page
      .getByRole("button", { name: "Try now" })
      .click({ timeout: 3000 })
      .catch(() => {});
    await page.locator(".bar-face.is-live").waitFor();
    await page.getByRole("link", { name: "My list" }).click();
    await page.locator(".library li").waitFor(); // what was accepted is there
    await close();
  });
});

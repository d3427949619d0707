import { describe, expect, it } from "vitest";
import { again, canOpenPages, newHome, openedStudio, openPage, startStudio } from "./opened-page.ts";

describe.skipIf(!canOpenPages)("a page that is open", again, () => {
  const home = newHome();
  const studio = openedStudio({ home });

  it("hears of what a person does elsewhere", async () => {
    const opened = await openPage(studio.browser, `${studio.server.address}/#/?user_id=ada`);
    await opened.page.locator(".card").first().waitFor();
    await opened.page.locator(".bar-face.is-live").waitFor();
    const events = ["jaws-1975", "alien-1979", "heat-1995"].map((item_id) => ({
      ...{ event_type: "like", event_id: crypto.randomUUID(), event_ts: new Date().toISOString() },
      ...{ user_id: "ada", item_id },
    }));
    const items = (await (await fetch(`${studio.server.address}/v1/items?page_size=3`)).json()).items as {
      item_id: string;
    }[];
    for (const [at, event] of events.entries()) event.item_id = String(items[at]?.item_id);
    const sent = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(events),
    };
    expect((await fetch(`${studio.server.address}/v1/events`, sent)).status).toBe(202);
    await opened.page.getByRole("region", { name: "For you", exact: true }).waitFor();
    await opened.close();
  });

  it("a server that is gone is told plainly, and is back by itself", async () => {
    const opened = await openPage(studio.browser, studio.server.address);
    const { page } = opened;
    await page.locator(".bar-face.is-live").waitFor();
    await page.locator(".card").first().waitFor();
    const { port } = new URL(studio.server.address);
    await studio.stop();
    await page.getByText("Connection lost.").waitFor();
    expect(await page.locator(".card").count()).toBeGreaterThan(9);
    await page
      .getByRole("button", { name: /^Like / })
      .first()
      .click();
    await page.getByText(/That was not kept/).waitFor();
    expect(await page.locator("[aria-pressed=true]").count()).toBe(0);
    studio.server = await startStudio({ home, port });
    await page.locator(".bar-face.is-live").waitFor();
    await expect.poll(() => page.getByText("Connection lost.").count()).toBe(0);
    await page
      .getByRole("button", { name: /^Like / })
      .first()
      .click();
    await page.getByText(/^You like /).waitFor();
    await opened.close();
  });
});

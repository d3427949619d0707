import { describe, expect, it } from "vitest";
import { again, canOpenPages, expectAccessible, openedStudio, openPage } from "./opened-page.ts";

const key = "a-key-of-the-environment-".repeat(2);
const environment = {
  USHER_ACCESS_KEYS: "required",
  USHER_ACCESS_ADMIN_KEY: key,
  USHER_ACCESS_BASE_PATH: "/usher",
};

describe.skipIf(!canOpenPages)("a server behind keys", again, () => {
  const studio = openedStudio({ environment });

  it("under a proxy's path, tells no key, a wrong one, a good one, one that is revoked", async () => {
    const opened = await openPage(studio.browser, `${studio.server.address}/usher`);
    const { page } = opened;
    await page.getByRole("heading", { name: /Your key, please/ }).waitFor();
    await expectAccessible(page);
    const enter = async (text: string) => {
      await page.getByLabel("Key").fill(text);
      await page.keyboard.press("Enter");
    };
    await enter("wrong");
    await page.getByText("This key is not known here").waitFor();
    const asOwner = { authorization: `Bearer ${key}` };
    const body = JSON.stringify({ name: "viewer", scopes: ["read"] });
    const headers = { ...asOwner, "content-type": "application/json" };
    const made = await (
      await fetch(`${studio.server.address}/v1/keys`, { method: "POST", headers, body })
    ).json();
    await enter(made.key);
    await page.locator(".card").first().waitFor();
    expect(await page.getByRole("link", { name: "System" }).count()).toBe(0);
    await page
      .getByRole("button", { name: /^Like / })
      .first()
      .click();
    await page.getByText(/That was not kept/).waitFor(); // the key may read only
    const revoked = await fetch(`${studio.server.address}/v1/keys/${made.id}`, {
      method: "DELETE",
      headers: asOwner,
    });
    expect(revoked.status).toBe(200);
    await page.keyboard.press("r");
    await page.getByText("Your key is no longer accepted").waitFor();
    await enter(key);
    await page.locator(".bar-face.is-live").waitFor();
    expect(
      await page.evaluate(() => Object.keys(localStorage).filter((name) => name.includes("key"))),
    ).toEqual([]);
    await opened.close();
  });
});

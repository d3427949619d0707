// Pictures of every page of the Studio, taken of a server on the demo data: a sheet for each width, and the two of the README, into
// docs/pictures/. `node scripts/pictures.js`; with `--each <folder>` every picture goes there by itself too, to be looked at.
import "./prepare.js";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openBrowser } from "./chromium.js";
import { placesOf } from "./studio-places.js";

const { values } = parseArgs({ options: { each: { type: "string" } } });
const program = fileURLToPath(new URL("../bin/usher.js", import.meta.url));
const folder = fileURLToPath(new URL("../docs/pictures", import.meta.url));

/** Windows, px, and how wide each stands on its sheet. */
const windows = [
  { width: 360, height: 740, shown: 240 },
  { width: 768, height: 1024, shown: 320 },
  { width: 1440, height: 900, shown: 480 },
];
const themes = ["dark", "light"];
/** Somebody who has done something, so that pages have something to say. */
const person = "viewer-0007";
/** Pictures that stand by themselves. */
const alone = ["home-1440-dark", "item-1440-light"];
/** Most bytes of one picture, and the qualities that are tried for it. */
const bytesMax = 600_000;
const qualities = [82, 70, 55, 40, 25, 10];

const home = mkdtempSync(join(tmpdir(), "usher-pictures-"));
const server = spawn(
  process.execPath,
  [program, "start", "--data", "demo", "--home", join(home, "home"), "--port", "0"],
  { stdio: ["ignore", "pipe", "ignore"] },
);

/** The address that the server prints when it serves. */
async function addressOf() {
  for await (const line of createInterface({ input: server.stdout })) {
    const found = /serving on (http:[^\s]*\d)/.exec(line);
    if (found) return found[1];
  }
  throw new Error("expected the server to print its address; it ended before");
}

/** The window of a page as WebP, in the best quality that is small enough. */
async function picture(page, { isWhole = false } = {}) {
  const browser = await page.context().newCDPSession(page);
  for (const quality of qualities) {
    const taken = await browser.send("Page.captureScreenshot", {
      ...{ format: "webp", quality, captureBeyondViewport: isWhole },
    });
    const bytes = Buffer.from(taken.data, "base64");
    if (bytes.length <= bytesMax) return bytes;
  }
  throw new Error(`expected a picture of at most ${bytesMax} bytes, got a larger one at quality 10`);
}

/** Pictures of all pages in one window and theme. */
async function picturesOf(browser, { address, places, width, height, theme }) {
  const context = await browser.newContext({
    ...{ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce", locale: "en-US" },
  });
  const page = await context.newPage();
  await page.goto(`${address}/#/?user_id=${person}`);
  const taken = [];
  for (const [name, place] of Object.entries(places)) {
    await page.goto(`${address}/${place}`);
    await page.locator("main h1").first().waitFor({ state: "attached" });
    await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
    await page.evaluate(() => document.fonts.ready);
    await page.waitForTimeout(400); // pictures of the covers are decoded, and the stream is live
    taken.push({ name: `${name}-${width}-${theme}`, bytes: await picture(page) });
  }
  await context.close();
  return taken;
}

/** All pictures of one width on one sheet, each under its name. */
async function sheetOf(browser, { taken, shown }) {
  const columns = Math.floor(1500 / (shown + 16));
  const page = await browser.newPage({ viewport: { width: columns * (shown + 16) + 16, height: 800 } });
  const figures = taken.map(
    ({ name, bytes }) =>
      `<figure><img src="data:image/webp;base64,${bytes.toString("base64")}"><figcaption>${name}</figcaption></figure>`,
  );
  await page.setContent(`<style>
    body { margin: 0; padding: 16px; background: #6d6a72; display: grid; gap: 16px; grid-template-columns: repeat(${columns}, ${shown}px); }
    figure { margin: 0 } img { display: block; width: 100% } figcaption { font: 12px/1.6 sans-serif; color: #fff }
  </style>${figures.join("")}`);
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
  const height = await page.evaluate(() => document.body.scrollHeight);
  await page.setViewportSize({ width: columns * (shown + 16) + 16, height });
  const sheet = await picture(page, { isWhole: true });
  await page.close();
  return sheet;
}

const write = (where, name, bytes) => {
  mkdirSync(where, { recursive: true });
  writeFileSync(join(where, `${name}.webp`), bytes);
  console.log(`${name}.webp: ${bytes.length} bytes`);
};

const browser = await openBrowser();
try {
  const address = await addressOf();
  const places = await placesOf(address);
  for (const { width, height, shown } of windows) {
    const taken = [];
    for (const theme of themes)
      taken.push(...(await picturesOf(browser, { address, places, width, height, theme })));
    write(folder, `sheet-${width}`, await sheetOf(browser, { taken, shown }));
    for (const { name, bytes } of taken) {
      if (alone.includes(name)) write(folder, name, bytes);
      if (values.each) write(values.each, name, bytes);
    }
  }
} finally {
  await browser.close();
  server.kill("SIGTERM");
  await once(server, "exit");
  rmSync(home, { recursive: true, force: true });
}

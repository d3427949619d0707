import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { beforeAll, describe, expect, it } from "vitest";
import { canOpenPages, openedStudio, openPage, themes } from "./opened-page.ts";

/** Pictures as they were, and the browser that drew them. To have them drawn anew, delete them and run this file. */
const folder = fileURLToPath(new URL("pixels", import.meta.url));
const browserFile = join(folder, "browser.json");
/** Share of the pixels that may differ, 0..1; those at the edges of letters are not counted. */
const differentMax = 0.001;

// where all services are required, the machine is one that was set up for it; elsewhere fonts differ
const isWanted = canOpenPages && process.env["USHER_REQUIRE_SERVICES"] === "1";

describe.skipIf(!isWanted)("what stands around every page looks as it did", () => {
  const studio = openedStudio();
  let isNew = false;
  beforeAll(async () => {
    isNew = !existsSync(browserFile);
    if (!isNew) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(browserFile, `${JSON.stringify({ chromium: studio.browser.version() })}\n`);
  });

  const cases = [360, 768, 1440].flatMap((width) => themes.map((theme) => ({ width, theme })));
  it.for(cases)("at $width px, $theme", async ({ width, theme }, { skip }) => {
    const { chromium: recorded } = JSON.parse(readFileSync(browserFile, "utf8")) as { chromium: string };
    if (recorded !== studio.browser.version()) {
      const note = `NOT COMPARED: pictures are of Chromium ${recorded}, this is ${studio.browser.version()}; delete test/studio/pixels and run this file to draw them anew`;
      console.warn(note);
      skip(note);
    }
    const opened = await openPage(studio.browser, `${studio.server.address}/#/nowhere?user_id=viewer-0007`, {
      ...{ width, theme, height: 600 },
    });
    await opened.page.emulateMedia({ reducedMotion: "reduce", colorScheme: theme });
    await opened.page.locator(".notice").waitFor();
    await opened.page.locator(".bar-face.is-live").waitFor();
    await opened.page.evaluate(() => document.fonts.ready);
    const bytes = await opened.page.screenshot();
    await opened.close();
    const file = join(folder, `shell-${width}-${theme}.png`);
    if (isNew) writeFileSync(file, bytes);
    const [now, then] = [PNG.sync.read(bytes), PNG.sync.read(readFileSync(file))];
    expect([now.width, now.height]).toEqual([then.width, then.height]);
    const { width: across, height } = now;
    const picture = new PNG({ width: across, height });
    const different = pixelmatch(now.data, then.data, picture.data, across, height, { threshold: 0.1 });
    const place = join(tmpdir(), `usher-different-${width}-${theme}.png`);
    if (different > 0) writeFileSync(place, PNG.sync.write(picture));
    expect(different / (across * height), `see ${place}`).toBeLessThan(differentMax);
  });
});

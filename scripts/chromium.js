// The browser in which the Studio is tried and pictured: Debian's Chromium, or the one that `USHER_CHROMIUM` names. Nothing is downloaded.
import { chromium } from "playwright-core";

export const executablePath = process.env["USHER_CHROMIUM"] ?? "/usr/bin/chromium";

/** Without these Chromium asks hosts of its own at every start. */
const quiet = [
  ...["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

export const openBrowser = () =>
  // as root, and in containers, it has no sandbox to run in
  chromium.launch({ executablePath, chromiumSandbox: false, args: ["--no-sandbox", ...quiet] });

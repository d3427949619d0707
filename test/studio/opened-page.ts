import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { executablePath, openBrowser } from "../../scripts/chromium.js";
import { startUsher } from "../e2e/usher-process.ts";

/** Of tests in a browser: on a machine with other work a step may come too late, so each may be tried once more. */
export const again = { retry: 1 };

const present = existsSync(executablePath);
/** Whether there is a browser to try the Studio in; where services are required there has to be. */
export const canOpenPages = present || process.env["USHER_REQUIRE_SERVICES"] === "1";
if (!canOpenPages)
  console.warn(`skipped: no browser at ${executablePath}; install chromium, or name one in USHER_CHROMIUM`);

export { openBrowser };

export const newHome = (): string => join(mkdtempSync(join(tmpdir(), "usher-studio-")), "home");

/** A real server on the built-in demo data. @param options.home Default: a new one. @param options.port Default: a free one. */
export async function startStudio(
  options: { home?: string; port?: string; environment?: Record<string, string> } = {},
) {
  const { home = newHome(), port = "0", environment = {} } = options;
  const running = startUsher(["start", "--data", "demo", "--home", home, "--port", port], environment);
  const [, address = ""] = await running.until(/serving on (http:\/\/127\.0\.0\.1:\d+)/);
  return { ...running, address };
}

/** A browser and a server for the tests of one `describe`; a test that starts the server anew puts the new one in its place. */
export function openedStudio(options: Parameters<typeof startStudio>[0] = {}) {
  const studio = {} as {
    browser: Browser;
    server: Awaited<ReturnType<typeof startStudio>>;
    stop(signal?: NodeJS.Signals): Promise<void>;
  };
  studio.stop = async (signal = "SIGTERM") => {
    studio.server?.child.kill(signal);
    await studio.server?.finished;
  };
  beforeAll(async () => {
    [studio.browser, studio.server] = await Promise.all([openBrowser(), startStudio(options)]);
  });
  afterAll(async () => {
    await studio.browser?.close();
    await studio.stop();
  });
  return studio;
}

export const themes = ["dark", "light"] as const;

/** A page of the Studio, with everything that went wrong on it. */
export interface OpenedPage {
  readonly page: Page;
  /** Console errors, errors of scripts, and what the policy of the page refused. A test that expects some takes them out. */
  readonly wrong: string[];
  /** Requests so far. */
  requests(): number;
  /** The layout shift so far, as browsers report it to their users; what follows an action of the user does not count. */
  layoutShift(): Promise<number>;
  close(): Promise<void>;
}

export async function openPage(
  browser: Browser,
  address: string,
  options: { theme?: (typeof themes)[number]; width?: number; height?: number } = {},
): Promise<OpenedPage> {
  const { theme = "dark", width = 1280, height = 900 } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale: "en-US",
  });
  const page = await context.newPage();
  const wrong: string[] = [];
  let requests = 0;
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("request", () => requests++);
  await page.exposeFunction("tellRefused", (text: string) => wrong.push(text));
  await page.addInitScript(watchPage);
  await page.goto(address);
  return {
    page,
    wrong,
    requests: () => requests,
    layoutShift: () => page.evaluate(() => (window as unknown as { layoutShift: number }).layoutShift),
    close: () => context.close(),
  };
}

/** Runs in the page, before everything else. */
function watchPage(): void {
  const told = window as unknown as { layoutShift: number; tellRefused(text: string): void };
  told.layoutShift = 0;
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    told.tellRefused(`refused by the policy: ${violatedDirective} ${blockedURI}`),
  );
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & {
      value: number;
      hadRecentInput: boolean;
    })[]) {
      if (!entry.hadRecentInput) told.layoutShift += entry.value;
    }
  }).observe({ type: "layout-shift", buffered: true });
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Expects that axe finds nothing on the page as it stands, after its movements have ended. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter(({ effect }) => effect?.getTiming().iterations === 1)
        .map(({ finished }) => finished),
    ),
  );
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { axe: run } = window as unknown as {
      axe: { run(options: object): Promise<{ violations: Violation[] }> };
    };
    const found = await run.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return found.violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("\n")}`,
    );
  });
  expect(violations).toEqual([]);
}
interface Violation {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

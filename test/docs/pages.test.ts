import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { filledPages, fillPage, readCode, sectionsOf } from "../../scripts/docs.js";
import { commands } from "../../src/cli/commands.ts";
import { errorKinds } from "../../src/errors.ts";
import { unknownEnvironment } from "../../src/home/configuration.ts";
import { createApp } from "../../src/server/app.ts";
import { fencedBlocks, pages, read, root } from "./blocks.ts";

/** Where a heading leads, as GitHub makes it. */
const anchorOf = (heading: string) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");

/** A page without its fenced blocks. */
const proseOf = (file: string) => read(file).replace(/^```[\s\S]*?^```/gm, "");

describe("parts made from code", () => {
  let sections: Record<string, string>;
  beforeAll(async () => {
    sections = sectionsOf(
      await readCode((name: string) => import(/* @vite-ignore */ `../../src/${name}.ts`)),
    );
  });

  it.each(filledPages)("%s is fresh", (file) => {
    expect(read(file)).toBe(fillPage(read(file), sections));
  });

  it("are each on a page", () => {
    const all = filledPages.map(read).join("\n");
    expect(Object.keys(sections).filter((name) => !all.includes(`<!-- begin: ${name} -->`))).toEqual([]);
  });

  it("hold what they are made from, and a page with an unknown part is refused", () => {
    expect(sections["configuration"]).toContain(
      "| `download.timeout_ms` | `3000` | 1..600000 | `USHER_DOWNLOAD_TIMEOUT_MS`",
    );
    expect(sections["commands"]).toContain("### `usher recommend <user_id>`");
    expect(sections["tables"]).toContain("| `rating_ts` | `TIMESTAMP WITH TIME ZONE` | yes |");
    expect(sections["quality-rules"]).toContain("rating is outside 0.5..5");
    expect(sections["algorithms"]).toContain("| `factors` | 64 | 1..1024, whole |");
    expect(() => fillPage("<!-- begin: nothing -->\n<!-- end: nothing -->", sections)).toThrow("no part");
  });
});

describe("pages", () => {
  it.each(pages)("%s: every link leads somewhere", (file) => {
    const lost = [...proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)]
      .map((found) => found[1]!)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [path = "", anchor] = target.split("#");
        const page = path === "" ? file : join(dirname(file), path);
        if (!existsSync(join(root, page))) return true;
        if (anchor === undefined) return false;
        return ![...read(page).matchAll(/^#+ (.*)$/gm)].some((found) => anchorOf(found[1]!) === anchor);
      });
    expect(lost).toEqual([]);
  });

  it.each(pages)("%s: every file, error and variable that it names exists", (file) => {
    const named = [...proseOf(file).matchAll(/`([^`\n]+)`/g)].map((found) => found[1]!);
    const paths = named.filter((name) => /^(src|test|docs|bench|scripts|wasm|bin)\/[\w./-]*$/.test(name));
    const codes = named.filter((name) => /^[A-Z]+_[A-Z_]+$/.test(name) && !name.startsWith("USHER_"));
    const variables = [...read(file).matchAll(/\bUSHER_[A-Z_]+\b/g)].map(([name]) => name);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(codes.filter((code) => !errorKinds.some((kind) => kind.code === code))).toEqual([]);
    expect(unknownEnvironment(Object.fromEntries(variables.map((name) => [name, ""])))).toEqual([]);
  });

  it.each(pages)("%s: every command that it names exists", (file) => {
    const named = [...proseOf(file).matchAll(/`(?:npx )?usher (?!<)([a-z-]+)/g)].map((found) => found[1]!);
    expect(named.filter((name) => !commands.some((command) => command.name === name))).toEqual([]);
  });

  it("README leads to every page of docs/", () => {
    const others = readdirSync(join(root, "docs")).filter(
      (name) => name.endsWith(".md") && name !== "plan.md",
    );
    expect(others.filter((name) => !read("README.md").includes(`](docs/${name})`))).toEqual([]);
  });

  it("docs/http-api.md names every route of the API and no other", async () => {
    const app = createApp({
      serving: () => undefined,
      releases: async () => [],
      status: () => ({}),
      allowedHosts: [],
    });
    const { paths } = (await app.inject("/openapi.json")).json() as { paths: Record<string, object> };
    await app.close();
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const named = [...proseOf("docs/http-api.md").matchAll(/`((?:GET|POST|PUT|DELETE|PATCH) \/[^`\s]*)`/g)];
    // the pages are no part of the description of the API
    const expected = [...routes, "GET /docs", "GET /"].sort();
    expect([...new Set(named.map((found) => found[1]!))].sort()).toEqual(expected);
  });
});

describe("ARCHITECTURE.md", () => {
  const tree = fencedBlocks("ARCHITECTURE.md").find(({ text }) => text.startsWith("src/"))?.text ?? "";
  const folders = [...tree.matchAll(/^ {2}([a-z-]+)\//gm)].map((found) => found[1]!);
  const files = [...tree.matchAll(/\b([a-z-]+\.ts)\b/g)].map((found) => found[1]!);
  const present = readdirSync(join(root, "src"), { withFileTypes: true });

  it("names every folder of src/, and only those", () => {
    const real = present.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(folders.sort()).toEqual(real.sort());
  });

  it("names only files that there are", () => {
    const real = present.filter((entry) => entry.isFile()).map(({ name }) => name);
    expect(files.length).toBeGreaterThan(3);
    expect(files.filter((name) => !real.includes(name))).toEqual([]);
  });
});

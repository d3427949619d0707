import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { errorsPage } from "../scripts/docs.js";
import { errorKinds } from "../src/errors.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What each room of src/ may import, beside itself and what everybody may. `types:` = only with `import type`. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  contracts: [],
  kernels: [],
  data: ["kernels"],
  models: ["data", "kernels"],
  evaluate: ["data", "models"],
  engine: [],
  lake: ["engine", "data"],
  sources: ["lake", "types:engine", "data"],
  stores: [],
  events: ["stores"],
  live: ["types:events", "stores", "data"],
  simulate: ["data"],
  statistics: ["lake", "types:engine", "engine"],
  publish: ["recommend", "models", "data", "lake", "types:stores", "types:live"],
  recommend: ["models", "data", "types:live"],
  catalogue: ["models", "data", "recommend", "stores"],
  registry: ["models", "evaluate", "data"],
  workflow: [],
  upkeep: ["workflow", "lake"],
  home: [],
  server: [
    "contracts",
    "data",
    "recommend",
    "catalogue",
    "models",
    "registry",
    "lake",
    "home",
    "events",
    "live",
    "workflow",
    "types:upkeep",
    "types:statistics",
    "types:stores",
  ],
  cli: ["*"],
  "app-of-home.ts": ["*"],
  "changes.ts": ["*"],
  "imports.ts": ["*"],
  "lists.ts": ["*"],
  "living.ts": ["*"],
  "slow-loop.ts": ["*"],
  "training.ts": ["*"],
  "usher.ts": ["*"],
  "index.ts": ["*"],
};
/** Everybody may import these. */
const commons = [
  "errors.ts",
  "durable-file.ts",
  "one-at-a-time.ts",
  "turns.ts",
  "secret.ts",
  "version.ts",
  "contracts",
];
/** Rooms that run others: nothing but them may import `cli/` or `usher.ts`. */
const entries = ["cli/main.ts", "index.ts", "registry/train-worker.ts", "kernels/pool-worker.ts"];

const forbiddenNames = [
  "utils",
  "util",
  "helpers",
  "helper",
  "common",
  "types",
  "manager",
  "service",
  "misc",
];

// files of the work tree that are not ignored, committed or not
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file && existsSync(join(root, file)));
const text = (file: string) => readFileSync(join(root, file), "utf8");
const sources = files.filter((file) => /^src\/.*\.ts$/.test(file));
const studio = files.filter((file) => /^studio\/src\/.*\.tsx?$/.test(file));
const code = files.filter((file) => /^(src|wasm|studio|bench|scripts|bin|test)\/.*\.(ts|tsx|js)$/.test(file));

const roomOf = (file: string) => file.split("/")[1] as string;

/** Relative imports of a source file: target file, and whether only types are taken. */
function importsOf(file: string): { target: string; typeOnly: boolean }[] {
  return [...text(file).matchAll(/^(?:import|export)\s+(type\s+)?[^;]*?from\s+"(\.[^"]+)"/gms)].map(
    (found) => ({
      target: normalize(join(dirname(file), found[2] as string)),
      typeOnly: found[1] !== undefined || /^import\s*\{\s*(type\s+\w+,?\s*)+\}/.test(found[0]),
    }),
  );
}

describe("the house", () => {
  it("has only arrows that the design draws", () => {
    const wrong = sources.flatMap((file) => {
      const room = roomOf(file);
      const may = arrows[room] ?? (commons.includes(room) ? [] : undefined);
      if (!may) return [`${file}: the room ${room} is not in the table of arrows`];
      return importsOf(file)
        .filter(({ target, typeOnly }) => {
          const other = roomOf(target);
          if (other === room || commons.includes(other) || may.includes("*") || may.includes(other))
            return false;
          return !(typeOnly && may.includes(`types:${other}`));
        })
        .map(({ target }) => `${file} → ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it("has no circle of imports", () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
      else if (!done.has(file)) {
        for (const { target, typeOnly } of importsOf(file))
          if (!typeOnly && existsSync(join(root, target))) visit(target, [...path, file]);
        done.add(file);
      }
    };
    for (const file of sources) visit(file, []);
    expect(circles).toEqual([]);
  });

  it("has a Studio that takes nothing of the server but types of its contracts", () => {
    const wrong = studio.flatMap((file) =>
      importsOf(file)
        .filter(
          ({ target, typeOnly }) =>
            !target.startsWith("studio/src/") && !(typeOnly && target.startsWith("src/contracts/")),
        )
        .map(({ target }) => `${file} → ${target}`),
    );
    expect(wrong).toEqual([]);
    const imported = new Set(studio.flatMap((file) => importsOf(file).map(({ target }) => target)));
    const loaded = studio.map(text).join("\n");
    const lost = studio.filter((file) => {
      const isLoaded =
        loaded.includes(`import("./${file.split("/").slice(-2).join("/")}")`) ||
        loaded.includes(`import("./${basename(file)}")`);
      return !imported.has(file) && !isLoaded && file !== "studio/src/main.tsx";
    });
    // parts that pages are built of before there is a page that needs them
    expect(lost.filter((file) => !file.startsWith("studio/src/design/"))).toEqual([]);
  });

  it("has no file that nobody imports", () => {
    const imported = new Set(sources.flatMap((file) => importsOf(file).map(({ target }) => target)));
    expect(
      sources.filter((file) => !imported.has(file) && !entries.includes(file.slice("src/".length))),
    ).toEqual([]);
  });

  it("has files of at most 500 lines", () => {
    const long = code
      .map((file) => [file, text(file).split("\n").length] as const)
      .filter(([, lines]) => lines > 500);
    expect(long).toEqual([]);
  });

  it("has names that say what is inside", () => {
    const named = code.filter(
      (file) =>
        forbiddenNames.includes(basename(file).replace(/\..*$/, "")) ||
        forbiddenNames.includes(basename(dirname(file))),
    );
    const notKebab = code.filter((file) => !/^[a-z0-9]+([-._][a-z0-9]+)*\.(ts|tsx|js)$/.test(basename(file)));
    expect([...named, ...notKebab]).toEqual([]);
  });

  it("exports names only, and has nothing left open", () => {
    const open = /\b(TO[D]O|FIX[M]E|X{3}|not implemente[d])\b|\.onl[y]\(|\b(it|test|describe)\.ski[p]\(/;
    expect(code.filter((file) => open.test(text(file)))).toEqual([]);
    expect(sources.filter((file) => /^export default/m.test(text(file)))).toEqual([]);
  });

  it("names no machine and no registry", () => {
    const paths = /(^|[^A-Za-z0-9_.])\/(work|root|home\/[a-z]+)\//;
    const hosts = /registry\.npm[j]s|pypi\.or[g]|repo1?\.mave[n]|artifactor[y]|nexus\./i;
    const wrong = files.filter(
      (file) =>
        !/\.(png|webp|wasm|parquet)$/.test(file) && (paths.test(text(file)) || hosts.test(text(file))),
    );
    expect(wrong).toEqual([]);
  });

  it("keeps at most ten npm scripts, none of which needs a shell", () => {
    const { scripts } = JSON.parse(text("package.json")) as { scripts: Record<string, string> };
    expect(Object.keys(scripts).length).toBeLessThanOrEqual(10);
    expect(Object.values(scripts).filter((script) => /[|&;<>$`*]/.test(script))).toEqual([]);
  });
});

describe("errors", () => {
  const used =
    sources
      .filter((file) => file !== "src/errors.ts")
      .map(text)
      .join("\n") + text("src/errors.ts").split("export type ErrorCode")[1];
  const tested = files
    .filter((file) => /^test\/.*\.ts$/.test(file))
    .map(text)
    .join("\n");
  const page = existsSync(join(root, "docs/errors.md")) ? text("docs/errors.md") : "";

  it.each(errorKinds.map(({ code }) => code))("%s is raised somewhere and tested", (code) => {
    expect(used).toContain(`"${code}"`);
    expect(tested).toContain(code);
  });

  it("has a page that was made from the present table", () => {
    expect(page).toBe(errorsPage(errorKinds));
  });
});

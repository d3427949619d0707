import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = (program: string, args: string[], cwd: string) =>
  spawnSync(program, args, { cwd, encoding: "utf8" });

describe("the package as it would be published", () => {
  let unpacked: string;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "usher-package-"));
    const npm = process.env["npm_execpath"];
    const packed = npm
      ? run(process.execPath, [npm, "pack", "--pack-destination", folder, "--silent"], root)
      : run("npm", ["pack", "--pack-destination", folder, "--silent"], root);
    expect(packed.status, packed.stderr).toBe(0);
    const [tarball] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
    expect(run("tar", ["-xzf", String(tarball)], folder).status).toBe(0);
    unpacked = join(folder, "package");
    // its dependencies are the ones of this clone
    await symlink(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  });

  it("holds the program, its kernels and the licence, and nothing of the workshop", async () => {
    const names = await readdir(unpacked);
    expect(names.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "bin", "dist", "package.json"]);
    expect(await readdir(join(unpacked, "dist"))).not.toContain("bench");
    expect(await readdir(join(unpacked, "dist/wasm"))).toContain("strict.wasm");
  });

  it("resolves every export", async () => {
    const { exports } = JSON.parse(await readFile(join(unpacked, "package.json"), "utf8"));
    for (const [door, target] of Object.entries(exports as Record<string, string | Record<string, string>>)) {
      for (const file of typeof target === "string" ? [target] : Object.values(target)) {
        expect((await readFile(join(unpacked, file))).length, door).toBeGreaterThan(0);
      }
    }
    const program = `import(${JSON.stringify(pathToFileURL(join(unpacked, "dist/index.js")).href)}).then((usher) => console.log(Object.keys(usher).sort().join()))`;
    const { stdout, stderr } = run(process.execPath, ["-e", program], unpacked);
    expect(stderr).toBe("");
    for (const name of ["ials", "evaluateRanking", "openUsher", "UsherError"])
      expect(stdout.split(/[,\n]/)).toContain(name);
  });

  it("runs as a command", () => {
    const { stdout, status } = run(process.execPath, [join(unpacked, "bin/usher.js"), "--help"], unpacked);
    expect(status).toBe(0);
    expect(stdout).toContain("start");
  });
});

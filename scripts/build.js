// Compiles everything: AssemblyScript kernels and TypeScript. Plain JavaScript, no shell, so it runs on any system.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { sourcesHash, stampFile } from "./stamp.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs a Node program of a dependency and stops the build when it fails. */
const run = (program, args) => {
  const done = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: "inherit" });
  if (done.status !== 0) process.exit(done.status ?? 1);
};

const wasm = (name, features) =>
  run("node_modules/assemblyscript/bin/asc.js", [
    "wasm/index.ts",
    "--outFile",
    `dist/wasm/${name}.wasm`,
    "-O3",
    "--noAssert",
    "--runtime",
    "stub",
    "--importMemory",
    "--disableWarning",
    "112", // functions of vectors are inlined, never exported
    "--sharedMemory",
    "--maximumMemory",
    "65536",
    ...["simd", "threads", ...features].flatMap((feature) => ["--enable", feature]),
  ]);

/** Compresses the files of the Studio once, and adds the licences of what is in them. */
function packStudio() {
  const assets = `${root}/dist/studio/assets`;
  for (const name of readdirSync(assets).filter((file) => /\.(js|css)$/.test(file))) {
    const bytes = readFileSync(`${assets}/${name}`);
    writeFileSync(`${assets}/${name}.gz`, gzipSync(bytes, { level: 9 }));
    writeFileSync(`${assets}/${name}.br`, brotliCompressSync(bytes));
  }
  const parts = ["preact", "@fontsource-variable/manrope", "@fontsource-variable/sofia-sans-extra-condensed"];
  const licences = parts.map((name) => {
    const text = readFileSync(`${root}/node_modules/${name}/LICENSE`, "utf8");
    return `${name}\n\n${text}`;
  });
  writeFileSync(`${root}/dist/studio/LICENSES.txt`, licences.join("\n\n"));
}

const hash = sourcesHash();
rmSync(`${root}/dist`, { recursive: true, force: true });
mkdirSync(`${root}/dist/wasm`, { recursive: true });
wasm("strict", []);
wasm("relaxed", ["relaxed-simd"]);
run("node_modules/typescript/bin/tsc", ["-p", "tsconfig.json"]);
run("node_modules/vite/bin/vite.js", ["build", "studio", "--logLevel", "warn"]);
packStudio();
writeFileSync(stampFile, hash);

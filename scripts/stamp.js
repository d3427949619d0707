// Says whether the compiled files are those of the present sources: a hash over every source file.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
export const stampFile = `${root}/dist/.sources`;

const inputs = ["src", "wasm", "studio", "scripts/build.js", "tsconfig.json", "package-lock.json"];

function* files(path) {
  const full = `${root}/${path}`;
  if (!existsSync(full)) return;
  if (!/\.[a-z]+$/.test(path)) {
    for (const name of readdirSync(full).sort()) yield* files(`${path}/${name}`);
  } else yield path;
}

/** A hash of everything the build reads. */
export const sourcesHash = () => {
  const hash = createHash("sha256");
  for (const input of inputs)
    for (const file of files(input))
      hash
        .update(file)
        .update("\0")
        .update(readFileSync(`${root}/${file}`))
        .update("\0");
  return hash.digest("hex");
};

/** True when `dist` was built from the present sources. */
export const isBuilt = () => existsSync(stampFile) && readFileSync(stampFile, "utf8") === sourcesHash();

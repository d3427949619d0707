import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const script = fileURLToPath(new URL("../../scripts/demo-live.js", import.meta.url));

it("npm run demo:live shows a newcomer whose list follows every action, also through a kill", async () => {
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  child.stdout.on("data", (bytes: Buffer) => (printed += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (printed += bytes.toString()));
  const [code] = await once(child, "close");
  expect([code, printed]).toEqual([0, expect.stringContaining("everything held")]);
  expect(printed).not.toContain("NOT");
  expect(printed.match(/ ✓ /g)).toHaveLength(10);
  expect(printed.match(/ms from act to answer/g)).toHaveLength(4);
});

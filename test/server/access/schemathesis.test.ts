import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runUsher, startServer } from "../../e2e/usher-process.ts";

/** A Python of its own: what schemathesis needs does not get on with other tools. `.ci/run` makes it. */
const python = process.env["USHER_SCHEMATHESIS_PYTHON"] ?? "python3";
const present = spawnSync(python, ["-c", "import schemathesis"]).status === 0;
const required = process.env["USHER_REQUIRE_SERVICES"] === "1";
if (!present && !required) {
  console.warn(
    `skipped: ${python} has no schemathesis; name a Python that has it in USHER_SCHEMATHESIS_PYTHON`,
  );
}

/** Seconds that it may spend on making requests; it ends after the one that is under way. */
const secondsMax = 80;

/**
 * What is left out, and why:
 * - positive_data_acceptance: a cursor of another list, a task that does not exist, are refused with 400, and no schema can say so;
 * - use_after_free: DELETE of a job or a run cancels it, and it can be looked at afterwards;
 * - negative_data_rejection of events: an event that is not valid is rejected by itself, in an answer 202, and a letter that has been
 *   submitted again already is a duplicate, whatever comes with it.
 * - stream: it has no end.
 */
const configuration = `
[checks]
positive_data_acceptance.enabled = false
use_after_free.enabled = false
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 408, 409, 413, 415, 417, 422, 429, 431, 503]

[[operations]]
include-operation-id = "stream"
enabled = false

[[operations]]
include-operation-id = "takeEvents"
checks.negative_data_rejection.enabled = false

[[operations]]
include-operation-id = "resubmitDeadLetter"
checks.negative_data_rejection.enabled = false

# its phase of coverage overruns the stack of CPython 3.11 (SystemError: AST constructor recursion depth mismatch)
[[operations]]
include-operation-id = "putItems"
phases.coverage.enabled = false
`;

/** Twice, because the tool itself overruns the stack of CPython 3.11 now and then; what it finds of ours it finds again. */
const again = { timeout: 400_000, retry: 1 };

describe.skipIf(!present && !required)("schemathesis over the whole OpenAPI document", () => {
  it(
    "finds no 5xx, no undocumented status, no answer against its schema, no open door, no method but 405",
    again,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "usher-schemathesis-"));
      const home = join(folder, "home");
      expect((await runUsher(["start", "--data", "demo", "--once", "--home", home])).code).toBe(0);
      expect((await runUsher(["publish", "--home", home])).code).toBe(0); // 503 until there are lists
      const key = "schemathesis-".repeat(4);
      const server = await startServer(["serve", "--home", home], {
        ...{
          USHER_ACCESS_KEYS: "required",
          USHER_ACCESS_ADMIN_KEY: key,
          USHER_LIMITS_ADDRESS_PER_SECOND: "0",
        },
      });
      const file = join(folder, "schemathesis.toml");
      writeFileSync(file, configuration);
      // given as a file: read from the server, the document would leave its own route out
      const headers = { authorization: `Bearer ${key}` };
      const document = await (await fetch(`${server.address}/openapi.json`, { headers })).text();
      writeFileSync(join(folder, "openapi.json"), document);
      const { paths } = JSON.parse(document) as { paths: Record<string, object> };
      const operations = Object.values(paths).flatMap((path) => Object.keys(path)).length;
      const options = [
        ...[
          "--config-file",
          file,
          "run",
          "openapi.json",
          "--url",
          server.address,
          "-H",
          `Authorization: Bearer ${key}`,
        ],
        ...[
          "--max-examples",
          "15",
          "--max-time",
          String(secondsMax),
          "--seed",
          "42",
          "--workers",
          "2",
          "--no-color",
        ],
        ...["--request-timeout", "60"], // a training may have both cores
        ...["--suppress-health-check", "filter_too_much,data_too_large,too_slow"],
      ];
      const child = spawn(python, ["-m", "schemathesis.cli", ...options], { cwd: folder });
      let said = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
      const code = await new Promise((resolve) => child.once("close", resolve));
      server.child.kill("SIGTERM");
      const { code: ended } = await server.finished;
      const end = said.slice(-20_000);
      if (code !== 0) console.error(said);
      expect(code, end).toBe(0);
      expect(Number(/Tested: (\d+)/.exec(said)?.[1]), end).toBe(operations - 1); // without the stream
      expect(ended).toBe(0); // the same process, to the end
    },
  );
});

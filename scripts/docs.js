// Writes the pages that are made from code, here docs/errors.md; `node scripts/docs.js` after a build. A test fails when they are stale.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The page of all error codes, from the table in src/errors.ts. */
export const errorsPage = (errorKinds) => `# Errors

Made from the table in \`src/errors.ts\`. A message says what was expected and what came; this page says what to do.
Over HTTP an error is a problem document (RFC 9457) with the code and the status; the command line ends with the exit code.

| code | status | exit | means | what to do |
|---|---|---|---|---|
${errorKinds.map(({ code, status, exitCode, message, remedy }) => `| \`${code}\` | ${status} | ${exitCode} | ${message} | ${remedy} |`).join("\n")}

Exit codes of the command line: 0 done · 1 it could not be done · 2 the command, its options or the configuration are wrong · 130 cancelled.
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { errorKinds } = await import("../dist/errors.js");
  writeFileSync(new URL("../docs/errors.md", import.meta.url), errorsPage(errorKinds));
}

import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { UsherError } from "../../src/errors.ts";
import { asLakeError } from "../../src/lake/lake-error.ts";

test.skipIf(process.platform !== "linux")(
  "a disk that fails on reading is said to, not called a defect",
  async () => {
    const error = await readFile("/proc/self/mem").catch((found: unknown) => found); // address 0 is nobody's
    expect(error).toMatchObject({ code: "EIO" });
    expect(asLakeError(error)).toMatchObject({
      code: "TABLE_DAMAGED",
      message: expect.stringMatching(/^the disk of the home reports an error: EIO/),
      cause: error,
    });
  },
);

test("a disk that fails under DuckDB's writing is said to, and other errors stay what they are", () => {
  const text = 'IO Error: Could not write file "part.parquet": Input/output error';
  expect(asLakeError(new UsherError("INTERNAL", text)).code).toBe("HOME_UNWRITABLE");
  expect(asLakeError(new Error("a defect")).code).toBe("INTERNAL");
  expect(asLakeError(Object.assign(new Error("full"), { code: "ENOSPC" })).code).toBe("DISK_FULL");
  const known = new UsherError("SOURCE_DAMAGED", "EIO");
  expect(asLakeError(known)).toBe(known);
});

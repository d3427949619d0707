import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { asUsherError, UsherError } from "../../src/errors.ts";
import { commitOrDiscard } from "../../src/lake/lake.ts";
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

test("a commit and a discard that both fail tell of the commit", async () => {
  const refuse = (code: string) => async () => {
    throw Object.assign(new Error(code), { code });
  };
  const lake = { commit: refuse("first"), discard: refuse("second") };
  const staged = {
    table: "silver_tags",
    rowCount: 0,
    files: [],
    mode: "overwrite",
    schemaString: "",
  } as const;
  await expect(commitOrDiscard(lake, { ...staged, partitionBy: [] })).rejects.toMatchObject({
    code: "first",
  });
});

test("a disk that cannot be written is no defect of Usher", () => {
  const failed = (syscall: string) => Object.assign(new Error("EIO: i/o error"), { code: "EIO", syscall });
  expect(asUsherError(failed("fsync"))).toMatchObject({ code: "HOME_UNWRITABLE" });
  expect(asUsherError(failed("read"))).toMatchObject({ code: "INTERNAL" });
});

import { asUsherError, UsherError } from "../errors.ts";

/**
 * An error of work on a lake as an `UsherError`: as {@link asUsherError}, but a disk that fails is called that, and no defect of Usher.
 *
 * @returns `TABLE_DAMAGED` where the disk could not be read, `HOME_UNWRITABLE` where it could not be written.
 */
export function asLakeError(error: unknown): UsherError {
  const found = asUsherError(error);
  // DuckDB tells it by text only
  if (found.code !== "INTERNAL" || !/\bEIO\b|Input\/output error/.test(found.message)) return found;
  const code = /\bread\b/i.test(found.message) ? "TABLE_DAMAGED" : "HOME_UNWRITABLE";
  return new UsherError(code, `the disk of the home reports an error: ${found.message}`, { cause: error });
}

/** Does work on a lake. @throws UsherError Whatever goes wrong, by {@link asLakeError}. */
export async function withLakeErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asLakeError(error);
  }
}

import { readArrayFile, type StoredArray, writeArrayFile } from "../data/array-file.ts";
import type { TrainingSet } from "../data/training-set.ts";
import { vocabulary } from "../data/vocabulary.ts";
import { damaged } from "./release-files.ts";

/** A training set and the fingerprint that it had when it was stored. */
export interface StoredTrainingSet {
  readonly set: TrainingSet;
  readonly fingerprint: string;
}

const kind = "training-set";

/** Writes ids and ratings into one file, durably, so that a start needs no scan of the lake. */
export async function saveTrainingSet(path: string, { set, fingerprint }: StoredTrainingSet): Promise<void> {
  const { starts, items, values, times } = set.ratings;
  await writeArrayFile(path, {
    meta: { kind, fingerprint },
    arrays: {
      userIds: set.users.ids,
      itemIds: set.items.ids,
      starts,
      items,
      values,
      ...(times ? { times } : {}),
    },
  });
}

/**
 * Reads what {@link saveTrainingSet} wrote. The content is guarded by the file's checksum; here the shape is checked.
 * @throws UsherError `MODEL_FILE`, `SOURCE_NOT_FOUND`.
 */
export async function loadTrainingSet(path: string): Promise<StoredTrainingSet> {
  const { meta, arrays } = await readArrayFile(path);
  const about = meta as { kind?: unknown; fingerprint?: unknown } | null;
  if (about?.kind !== kind || typeof about.fingerprint !== "string") {
    throw damaged(path, `expected a ${kind}, got ${JSON.stringify(about?.kind)}`);
  }
  const wrong = (name: string, array: StoredArray | undefined) =>
    damaged(path, `expected other contents of ${name}, got ${array?.length ?? "no"} entries`);
  const ids = (name: string): readonly string[] => {
    const array = arrays[name];
    if (Array.isArray(array)) return array;
    throw wrong(name, array);
  };
  const column = <Column extends Int32Array | Float32Array | Float64Array>(
    name: string,
    expected: { type: new (length: number) => Column; length?: number },
  ): Column => {
    const array = arrays[name];
    if (array instanceof expected.type && array.length === (expected.length ?? array.length)) return array;
    throw wrong(name, array);
  };
  const users = vocabulary(ids("userIds"));
  const items = vocabulary(ids("itemIds"));
  const starts = column("starts", { type: Int32Array, length: users.size + 1 });
  const length = starts[users.size] ?? 0;
  return {
    fingerprint: about.fingerprint,
    set: {
      users,
      items,
      ratings: {
        userCount: users.size,
        itemCount: items.size,
        starts,
        items: column("items", { type: Int32Array, length }),
        values: column("values", { type: Float32Array, length }),
        ...(arrays["times"] ? { times: column("times", { type: Float64Array, length }) } : {}),
      },
    },
  };
}

import { readArrayFile, writeArrayFile } from "../data/array-file.ts";
import { UsherError } from "../errors.ts";
import { algorithms } from "./algorithms.ts";
import type { Model, ModelData, Parameters } from "./model.ts";

/** Writes a model into one file, durably and whole or not at all. */
export async function saveModel(path: string, model: Model): Promise<void> {
  const { algorithm, parameters, itemCount, arrays } = model.toData();
  await writeArrayFile(path, { meta: { kind: "model", algorithm, parameters, itemCount }, arrays });
}

/**
 * Brings a saved model back; it gives the same scores.
 *
 * @throws UsherError `SOURCE_NOT_FOUND`: no such file. `MODEL_FILE`: damaged, or no model of a known algorithm.
 */
export async function loadModel(path: string): Promise<Model> {
  const { meta, arrays } = await readArrayFile(path);
  const data = meta as Partial<{
    kind: string;
    algorithm: string;
    parameters: Parameters;
    itemCount: number;
  }> | null;
  if (data?.kind !== "model" || !data.parameters) {
    throw new UsherError("MODEL_FILE", `${path}: expected a model, found ${data?.kind ?? "other data"}`);
  }
  const { algorithm = "", parameters, itemCount = -1 } = data;
  if (!Object.hasOwn(algorithms, algorithm)) {
    const known = Object.keys(algorithms).join(", ");
    throw new UsherError("MODEL_FILE", `${path}: expected a model of ${known}, found one of ${algorithm}`);
  }
  return algorithms[algorithm]!.load({
    algorithm,
    parameters,
    itemCount,
    arrays: arrays as ModelData["arrays"],
  });
}

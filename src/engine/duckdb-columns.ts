import {
  type DuckDBDataChunk,
  DuckDBDoubleVector,
  DuckDBFloatVector,
  DuckDBIntegerVector,
  type DuckDBResult,
  DuckDBTypeId,
  DuckDBVarCharVector,
} from "@duckdb/node-api";
import { UsherError } from "../errors.ts";
import type { Column } from "./engine.ts";

/** Takes one column of the chunks as they come. */
interface ColumnReader {
  take(chunk: DuckDBDataChunk): void;
  finish(): Column;
}

/**
 * Reads a result into typed arrays, chunk by chunk.
 *
 * @returns By column name; NULL is `NaN` in DOUBLE and FLOAT columns.
 * @throws UsherError `INTERNAL` where a column is of another type than DOUBLE, FLOAT, INTEGER or VARCHAR, or where an INTEGER or VARCHAR
 * value is NULL: reading their memory as something else would give wrong numbers in silence.
 */
export async function readColumns(result: DuckDBResult): Promise<Record<string, Column>> {
  const names = result.columnNames();
  const readers = names.map((name, at) => columnReader(name, { at, typeId: result.columnTypeId(at) }));
  for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
    for (const reader of readers) reader.take(chunk);
  }
  return Object.fromEntries(readers.map((reader, at) => [names[at], reader.finish()]));
}

function columnReader(name: string, { at, typeId }: { at: number; typeId: DuckDBTypeId }): ColumnReader {
  switch (typeId) {
    case DuckDBTypeId.INTEGER:
      return numberReader({
        name,
        at,
        vector: DuckDBIntegerVector,
        empty: (length) => new Int32Array(length),
      });
    case DuckDBTypeId.DOUBLE:
      return numberReader({
        name,
        at,
        vector: DuckDBDoubleVector,
        empty: (length) => new Float64Array(length),
      });
    case DuckDBTypeId.FLOAT:
      return numberReader({
        name,
        at,
        vector: DuckDBFloatVector,
        empty: (length) => new Float32Array(length),
      });
    case DuckDBTypeId.VARCHAR:
      return textReader(name, at);
    default:
      throw new UsherError(
        "INTERNAL",
        `columns: expected DOUBLE, FLOAT, INTEGER or VARCHAR for "${name}", got ${DuckDBTypeId[typeId]}; cast it in the query`,
      );
  }
}

type NumberVector = DuckDBIntegerVector | DuckDBDoubleVector | DuckDBFloatVector;
type NumberArray = Int32Array | Float64Array | Float32Array;

function numberReader(column: {
  name: string;
  at: number;
  vector: new (...parts: never[]) => NumberVector;
  empty: (length: number) => NumberArray;
}): ColumnReader {
  let array = column.empty(2048);
  let length = 0;
  return {
    take(chunk) {
      const vector = chunk.getColumnVector(column.at);
      if (!(vector instanceof column.vector)) {
        throw new UsherError("INTERNAL", `columns: "${column.name}" came as ${vector.type}`);
      }
      const count = chunk.rowCount;
      if (length + count > array.length) {
        const grown = column.empty(Math.max(array.length * 2, length + count));
        grown.set(array.subarray(0, length));
        array = grown;
      }
      for (let row = 0; row < count; row++) {
        const value = vector.getItem(row);
        if (value === null && array instanceof Int32Array) throw nullValue(column.name);
        array[length + row] = value ?? Number.NaN;
      }
      length += count;
    },
    finish: () => array.slice(0, length),
  };
}

function textReader(name: string, at: number): ColumnReader {
  const texts: string[] = [];
  return {
    take(chunk) {
      const vector = chunk.getColumnVector(at);
      if (!(vector instanceof DuckDBVarCharVector)) {
        throw new UsherError("INTERNAL", `columns: "${name}" came as ${vector.type}`);
      }
      for (let row = 0; row < chunk.rowCount; row++) {
        const text = vector.getItem(row);
        if (text === null) throw nullValue(name);
        texts.push(text);
      }
    },
    finish: () => texts,
  };
}

function nullValue(name: string): UsherError {
  return new UsherError("INTERNAL", `columns: "${name}" holds NULL, which only DOUBLE and FLOAT can carry`);
}

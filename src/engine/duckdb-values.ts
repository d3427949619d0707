import {
  DuckDBArrayValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from "@duckdb/node-api";

const millisecondsADay = 86_400_000;

/** One value of a result as plain JavaScript, the way `openDuckdb` describes. Other kinds become DuckDB's text. */
export function plainValue(value: DuckDBValue): unknown {
  if (value === null || typeof value === "number" || typeof value === "string" || typeof value === "boolean")
    return value;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue) {
    return isoTime(Number(value.micros / 1000n)) ?? value.toString();
  }
  if (value instanceof DuckDBDateValue) {
    return isoTime(value.days * millisecondsADay)?.slice(0, 10) ?? value.toString();
  }
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return value.items.map(plainValue);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(
      Object.entries(value.entries).map(([name, entry]) => [name, plainValue(entry)]),
    );
  }
  if (value instanceof DuckDBMapValue) {
    return Object.fromEntries(
      value.entries.map(({ key, value: entry }) => [String(plainValue(key)), plainValue(entry)]),
    );
  }
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  return String(value);
}

/** `undefined` for times outside JavaScript's range, such as DuckDB's infinity, and for years of more than four digits. */
function isoTime(milliseconds: number): string | undefined {
  if (!(Math.abs(milliseconds) <= 8.64e15)) return undefined;
  const text = new Date(milliseconds).toISOString();
  return /^\d{4}-/.test(text) ? text : undefined;
}

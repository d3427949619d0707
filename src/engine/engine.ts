/** A column read into memory. Text columns are arrays of strings; numbers are typed arrays (`NaN` for null). */
export type Column = string[] | Float64Array | Float32Array | Int32Array;

/** A value that may be bound to a parameter `$name` of a statement. */
export type SqlValue = string | number | boolean | null;

/**
 * Runs SQL over the lake. The one seam that a larger engine (Spark) implements.
 *
 * Statements use only what both engines share, or go through `src/lake`'s dialect functions.
 */
export interface Engine {
  /** Runs one or more statements for their effect. */
  run(sql: string, parameters?: Record<string, SqlValue>): Promise<void>;
  /** Runs one query; each row becomes an object by column name. For small results. */
  rows(sql: string, parameters?: Record<string, SqlValue>): Promise<Record<string, unknown>[]>;
  /** Runs one query; each column becomes an array, in the order of the rows. For large results; DOUBLE, FLOAT, INTEGER and VARCHAR only. */
  columns(sql: string, parameters?: Record<string, SqlValue>): Promise<Record<string, Column>>;
  close(): Promise<void>;
}

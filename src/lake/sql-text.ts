/** A value as a literal of SQL text: `'it''s'`. The only ways from a string into a statement are this and {@link sqlName}. */
export function sqlText(value: string): string {
  // DuckDB's parser ends the statement at a NUL, so such text cannot be written as one literal
  return value
    .split("\0")
    .map((part) => `'${part.replaceAll("'", "''")}'`)
    .join(" || chr(0) || ");
}

/** A name of a table or column as an identifier: `"row"`. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Texts as a list literal: `['a', 'b']`. */
export function sqlList(values: readonly string[]): string {
  return `[${values.map(sqlText).join(", ")}]`;
}

/** A file's path as the literal of a reading function, with the signs that would be taken for a pattern made plain. */
export function sqlPath(path: string): string {
  return sqlText(path.replace(/[[*?]/g, "[$&]"));
}

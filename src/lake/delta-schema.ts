import { UsherError } from "../errors.ts";
import { sqlName } from "./sql-text.ts";

/** One column as a query describes it: `{ name: "rating", sqlType: "DOUBLE" }`. */
export interface DescribedColumn {
  readonly name: string;
  readonly sqlType: string;
}

/** A type as Delta writes it: a name, or an object for lists, structs and maps. */
type DeltaType = string | { readonly type: string; readonly [key: string]: unknown };

interface DeltaField {
  readonly name: string;
  readonly type: DeltaType;
  readonly nullable: boolean;
  readonly metadata: object;
}

const deltaTypes: Readonly<Record<string, string>> = {
  BOOLEAN: "boolean",
  INTEGER: "integer",
  BIGINT: "long",
  DOUBLE: "double",
  FLOAT: "float",
  VARCHAR: "string",
  DATE: "date",
  // Delta's `timestamp` is an instant; DuckDB's TIMESTAMP without a zone is written as something that its readers refuse
  "TIMESTAMP WITH TIME ZONE": "timestamp",
};
const sqlTypes = new Map(Object.entries(deltaTypes).map(([sql, delta]) => [delta, sql]));

/**
 * Columns as the `schemaString` of a Delta log.
 * @throws UsherError `INTERNAL` for a type that Delta readers do not share: cast it in the query.
 * Source: Delta transaction log protocol, "Schema Serialization Format". Checked with deltalake 1.6.6.
 */
export function schemaString(columns: readonly DescribedColumn[]): string {
  const fields = columns.map(({ name, sqlType }) => deltaField(name, parseSqlType(sqlType)));
  return JSON.stringify({ type: "struct", fields });
}

/** The columns of a `schemaString`, back as SQL types. @throws UsherError `TABLE_DAMAGED`. */
export function columnsOfSchema(schema: string): DescribedColumn[] {
  try {
    const { fields } = JSON.parse(schema) as { fields: DeltaField[] };
    return fields.map((field) => ({ name: field.name, sqlType: sqlTypeOf(field.type) }));
  } catch (error) {
    throw new UsherError("TABLE_DAMAGED", `expected a Delta schema, got ${schema.slice(0, 200)}`, {
      cause: error,
    });
  }
}

function deltaField(name: string, type: DeltaType): DeltaField {
  return { name, type, nullable: true, metadata: {} };
}

function sqlTypeOf(type: DeltaType): string {
  if (typeof type === "string") {
    const sqlType = sqlTypes.get(type);
    if (sqlType === undefined) throw new UsherError("TABLE_DAMAGED", `unknown Delta type ${type}`);
    return sqlType;
  }
  if (type.type === "array") return `${sqlTypeOf(type["elementType"] as DeltaType)}[]`;
  if (type.type === "map") {
    return `MAP(${sqlTypeOf(type["keyType"] as DeltaType)}, ${sqlTypeOf(type["valueType"] as DeltaType)})`;
  }
  const fields = type["fields"] as DeltaField[];
  return `STRUCT(${fields.map((field) => `${sqlName(field.name)} ${sqlTypeOf(field.type)}`).join(", ")})`;
}

/** Parses the text that DESCRIBE gives, such as `STRUCT("name" VARCHAR, age INTEGER)[]`. */
function parseSqlType(text: string): DeltaType {
  const trimmed = text.trim();
  if (trimmed.endsWith("[]")) {
    return { type: "array", elementType: parseSqlType(trimmed.slice(0, -2)), containsNull: true };
  }
  const nested = /^(STRUCT|MAP)\((.*)\)$/s.exec(trimmed);
  if (nested?.[1] === "STRUCT") {
    const fields = splitOutsideBrackets(nested[2] ?? "").map((part) => {
      const match = /^\s*(?:"((?:[^"]|"")*)"|(\S+))\s+(.+)$/s.exec(part);
      const name = match?.[1]?.replaceAll('""', '"') ?? match?.[2] ?? "";
      return deltaField(name, parseSqlType(match?.[3] ?? ""));
    });
    return { type: "struct", fields };
  }
  if (nested?.[1] === "MAP") {
    const [key, value] = splitOutsideBrackets(nested[2] ?? "");
    return {
      type: "map",
      keyType: parseSqlType(key ?? ""),
      valueType: parseSqlType(value ?? ""),
      valueContainsNull: true,
    };
  }
  const delta = deltaTypes[trimmed];
  if (delta === undefined) {
    throw new UsherError(
      "INTERNAL",
      `expected one of ${Object.keys(deltaTypes).join(", ")}, a list, STRUCT or MAP of them, got ${trimmed}: cast the column in the query`,
    );
  }
  return delta;
}

/** Splits at commas that are in no bracket and in no quoted name. */
function splitOutsideBrackets(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (sign === "(") depth++;
    else if (sign === ")") depth--;
    else if (sign === "," && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

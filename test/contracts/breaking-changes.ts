/** The part of a JSON Schema that the event schemas use. */
export type Schema = { readonly [keyword: string]: unknown };

/** Keywords that promise nothing. */
const annotations = new Set(["$schema", "$id", "title", "version", "description", "default", "examples"]);
/** A smaller value refuses more. */
const upperBounds = new Set(["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"]);
/** A larger value refuses more. */
const lowerBounds = new Set(["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"]);

const listOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/**
 * What a present schema breaks for those who rely on a released one: who sends events must not be refused what was taken, and who
 * reads them must not miss what was promised. Empty where nothing is broken. A keyword that it does not know counts as broken when it changes.
 */
export function breakingChanges(released: Schema, present: Schema, path = "event"): string[] {
  const keywords = [...new Set([...Object.keys(released), ...Object.keys(present)])];
  return keywords
    .filter((keyword) => !annotations.has(keyword))
    .flatMap((keyword) => broken(keyword, { was: released[keyword], is: present[keyword], path }));
}

function broken(keyword: string, { was, is, path }: { was: unknown; is: unknown; path: string }): string[] {
  if (same(was, is)) return [];
  const said = `${path}: ${keyword} was ${JSON.stringify(was)}, is ${JSON.stringify(is)}`;
  const narrowed = (isBroken: boolean) => (isBroken ? [said] : []);
  if (keyword === "properties") return brokenProperties(was as Schema, is as Schema, path);
  if (keyword === "items") return breakingChanges((was ?? {}) as Schema, (is ?? {}) as Schema, `${path}[]`);
  // fewer required fields break who reads them, more break who sends them
  if (keyword === "required") return narrowed(!same([...listOf(was)].sort(), [...listOf(is)].sort()));
  if (keyword === "type")
    return narrowed(
      is !== undefined && (was === undefined || !listOf(was).every((one) => includesType(is, one))),
    );
  if (keyword === "enum")
    return narrowed(
      is !== undefined && (was === undefined || !listOf(was).every((one) => listOf(is).includes(one))),
    );
  if (upperBounds.has(keyword))
    return narrowed(is !== undefined && (was === undefined || (is as number) < (was as number)));
  if (lowerBounds.has(keyword))
    return narrowed(is !== undefined && (was === undefined || (is as number) > (was as number)));
  if (keyword === "additionalProperties") return narrowed(is === false);
  return narrowed(is !== undefined);
}

const includesType = (types: unknown, one: unknown) =>
  listOf(types).includes(one) || (one === "integer" && listOf(types).includes("number"));

function brokenProperties(was: Schema = {}, is: Schema = {}, path: string): string[] {
  return Object.entries(was).flatMap(([name, schema]) =>
    Object.hasOwn(is, name)
      ? breakingChanges(schema as Schema, is[name] as Schema, `${path}.${name}`)
      : [`${path}.${name}: was there, is not`],
  );
}

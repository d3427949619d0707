import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Compile } from "typebox/schema";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { allTables, contractFiles, eventSchemaFile } from "../../scripts/contracts.js";
import { readCode } from "../../scripts/docs.js";
import { eventSchemas, eventTypes, schemaVersion, topicOf } from "../../src/contracts/events.ts";
import { bronzeEvents, eventTopics, type TableContract } from "../../src/contracts/tables.ts";
import { nowMs, sampleEvent } from "../events/sample-events.ts";
import { breakingChanges, type Schema } from "./breaking-changes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (name: string) => readFileSync(`${root}${name}`, "utf8");
const code = await readCode((name: string) => import(/* @vite-ignore */ `../../src/${name}.ts`));
const made: Readonly<Record<string, string>> = contractFiles(code);

describe("files made from the contracts", () => {
  it.each(Object.keys(made))("%s is fresh", (name) => {
    expect(existsSync(`${root}${name}`) ? read(name) : "there is none; node scripts/docs.js makes it").toBe(
      made[name],
    );
  });

  it("are all that there are", () => {
    for (const folder of ["schemas/events", "schemas/lakehouse"]) {
      const names = readdirSync(`${root}${folder}`).map((name) => `${folder}/${name}`);
      expect(names.filter((name) => made[name] === undefined)).toEqual([]);
    }
  });

  it.each(eventTypes)(
    "the schema of %s takes a right event and refuses others, for any reader of JSON Schema",
    (type) => {
      const schema = JSON.parse(read(`schemas/events/${type}_event.schema.json`)) as Schema;
      const check = Compile(schema);
      const event = sampleEvent(type, { event_ts: new Date(nowMs).toISOString() });
      expect(check.Check(event)).toBe(true);
      const { user_id: _, ...ownerless } = event;
      expect(check.Check(ownerless)).toBe(false);
      expect(check.Check({ ...event, x: 1 })).toBe(false);
      expect(check.Check({ ...event, event_id: "5" })).toBe(false);
      expect(JSON.stringify(schema)).not.toContain("usher-id");
      expect(schema["$id"]).toBe(`urn:usher:schema:event:${type}:${schemaVersion}`);
    },
  );

  it("the YAML says what the code says", () => {
    const all: Readonly<Record<string, TableContract>> = allTables(code);
    const written = ["bronze", "silver", "gold"].map((layer) =>
      parse(read(`schemas/lakehouse/${layer}_tables.yml`)),
    );
    expect(written.map(({ layer }) => layer)).toEqual(["bronze", "silver", "gold"]);
    const found = Object.assign({}, ...written.map((file) => file.tables));
    expect(Object.keys(found).sort()).toEqual(Object.keys(all).sort());
    for (const [name, { meaning, key, partitionBy = [], columns }] of Object.entries(all)) {
      expect(found[name]).toEqual({ meaning, key, partition_by: partitionBy, columns });
    }
  });

  it("bronze tables of events have a column for every field of their types, and demand only what is always there", () => {
    expect([...new Set(eventTypes.map(topicOf))].sort()).toEqual([...eventTopics].sort());
    for (const type of eventTypes) {
      const { columns } = bronzeEvents(topicOf(type) as (typeof eventTopics)[number]);
      const { properties, required } = eventSchemas[type] as unknown as {
        properties: Record<string, { default?: unknown }>;
        required: string[];
      };
      expect([type, Object.keys(properties).filter((name) => columns[name] === undefined)]).toEqual([
        type,
        [],
      ]);
      const mayLack = ([name, { default: value }]: [string, { default?: unknown }]) =>
        !required.includes(name) && value === undefined;
      const optional = Object.entries(properties)
        .filter(mayLack)
        .map(([name]) => name);
      expect([type, optional.filter((name) => columns[name]?.required)]).toEqual([type, []]);
    }
  });
});

describe("released schemas", () => {
  const folder = "schemas/released";
  const released = readdirSync(`${root}${folder}`).flatMap((version) =>
    readdirSync(`${root}${folder}/${version}`).map((name) => `${folder}/${version}/${name}`),
  );

  it("are kept for every type of the present version", () => {
    for (const type of eventTypes)
      expect(released).toContain(`${folder}/v${schemaVersion}/${type}_event.schema.json`);
  });

  it.each(released)("%s is not broken by the present one", (name) => {
    const old = JSON.parse(read(name)) as Schema;
    const type = /([a-z]+)_event\.schema\.json$/.exec(name)?.[1];
    expect(eventTypes).toContain(type);
    expect(breakingChanges(old, eventSchemaFile(type, code) as Schema)).toEqual([]);
  });

  type Planted = Record<string, unknown>;
  /** The changes that a planted one breaks; `value` replaces what stands at the path, `undefined` removes it. */
  function brokenBy(path: string, value: unknown, type: "view" | "impression" = "view"): string[] {
    const present = structuredClone(eventSchemaFile(type, code)) as Planted;
    const changed = structuredClone(present);
    const names = path.split(".");
    const last = names.pop() as string;
    const place = names.reduce((node, name) => node[name] as Planted, changed);
    if (value === undefined) delete place[last];
    else place[last] = value;
    expect(changed).not.toEqual(present);
    return breakingChanges(present, changed);
  }
  const required = ["event_type", "event_id", "event_ts", "item_id"];

  it.each([
    ["a removed field", "properties.progress", undefined, "event.progress: was there"],
    ["a new required field", "required", [...required, "progress"], "event: required"],
    ["a field that is no longer promised", "required", required.slice(1), "event: required"],
    ["a smaller enum", "properties.device_type.enum", ["mobile", "tv"], "event.device_type: enum"],
    ["a new enum", "properties.page_url.enum", ["a:b"], "event.page_url: enum"],
    ["a lower maximum", "properties.progress.maximum", 0.9, "event.progress: maximum"],
    ["a higher minimum", "properties.progress.minimum", 0.1, "event.progress: minimum"],
    ["a new minimum", "properties.page_url.minLength", 9, "event.page_url: minLength"],
    ["a shorter text", "properties.page_url.maxLength", 9, "event.page_url: maxLength"],
    ["another type", "properties.progress.type", "string", "event.progress: type"],
    ["a narrower type", "properties.progress.type", "integer", "event.progress: type"],
    ["another pattern", "properties.item_id.pattern", "^a", "event.item_id: pattern"],
    ["a new step", "properties.progress.multipleOf", 0.1, "event.progress: multipleOf"],
    ["another constant", "properties.event_type.const", "watch", "event.event_type: const"],
    ["another owner rule", "anyOf", [{ required: ["user_id"] }], "event: anyOf"],
    ["an unknown new keyword", "not", {}, "event: not"],
  ])("%s is noticed", (_, path, value, words) => {
    expect(brokenBy(path, value).join()).toContain(words);
  });

  it("what a list may hold is looked at too", () => {
    expect(brokenBy("properties.item_ids.maxItems", 100, "impression")).toEqual([
      "event.item_ids: maxItems was 200, is 100",
    ]);
    expect(brokenBy("properties.item_ids.items.maxLength", 9, "impression")).toEqual([
      "event.item_ids[]: maxLength was 128, is 9",
    ]);
  });

  it.each([
    ["a new field that may be absent", "properties.volume", { type: "number" }],
    ["a larger enum", "properties.device_type.enum", ["mobile", "desktop", "tablet", "tv", "car"]],
    ["a wider range", "properties.progress.maximum", 2],
    ["a bound that is gone", "properties.page_url.maxLength", undefined],
    ["other words", "title", "else"],
    ["unknown fields that are taken", "additionalProperties", undefined],
  ])("%s breaks nobody", (_, path, value) => {
    expect(brokenBy(path, value)).toEqual([]);
  });
});

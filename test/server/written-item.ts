import type { ItemEdit } from "../../src/catalogue/item-edit.ts";

/** What is left of an item after it was written once: some fields of a known one, or all of a new one. */
export const writtenItem = (id: string, fields: ItemEdit["fields"], isWhole = false): ItemEdit => ({
  ...{ kind: "item", id, revision: 1, updated_at: "2026-03-01T12:00:00.000Z" },
  ...{ is_whole: isWhole, is_deleted: false, fields },
});

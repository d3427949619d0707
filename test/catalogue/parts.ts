import { type CatalogueEdits, openCatalogueEdits } from "../../src/catalogue/catalogue-edits.ts";
import type { ItemEdit } from "../../src/catalogue/item-edit.ts";
import { type ServerContext, servingOf } from "../../src/server/context.ts";
import type { StateStore } from "../../src/stores/state-store.ts";
import { memoryStateStore } from "../contract/memory-state-store.ts";
import { smallCatalogue, smallRelease } from "../recommend/small-release.ts";

/** What a server needs to take writes over the small release. */
export async function writableContext(
  store: StateStore = memoryStateStore(),
): Promise<Partial<ServerContext> & { edits: CatalogueEdits }> {
  const edits: CatalogueEdits = await openCatalogueEdits({
    store,
    onItems: (ids) => {
      for (const id of ids) serving.items.apply(edits.item(id) as ItemEdit);
    },
  });
  const serving = servingOf({ release: smallRelease, catalogue: smallCatalogue, edits });
  return { serving: () => serving, edits };
}

/** The first write of an item. */
export const editOf = (id: string, more: Partial<ItemEdit>): ItemEdit => ({
  ...{ kind: "item", id, revision: 1, updated_at: "2026-01-01T00:00:00.000Z" },
  ...{ is_whole: false, is_deleted: false, fields: {} },
  ...more,
});

import { UsherError } from "../errors.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import { entriesBetween } from "../stores/entries-between.ts";
import type { StateStore } from "../stores/state-store.ts";
import {
  type Edit,
  editedItem,
  editedUser,
  type ItemEdit,
  type ItemWrite,
  type UserEdit,
  type UserWrite,
} from "./item-edit.ts";

/** A write and what must hold for it. */
export interface AskedWrite<Write> {
  readonly id: string;
  readonly write: Write;
  /** The revision that the writer has read; another one refuses the write. Default: whatever is there. */
  readonly revision?: number | undefined;
}

/** What a write left, and whether it changed anything. */
export interface Written<One extends Edit> {
  readonly edit: One;
  readonly isChanged: boolean;
}

/** What was written of items and users through the API, above all sources and releases. It outlives both. */
export interface CatalogueEdits {
  /** All writes that changed something, ever. */
  readonly revision: number;
  items(): Iterable<ItemEdit>;
  users(): Iterable<UserEdit>;
  item(itemId: string): ItemEdit | undefined;
  user(userId: string): UserEdit | undefined;
  /**
   * Writes items, all in one step that is durable when it resolves. Of several writes of one item each sees those before it.
   * @throws UsherError `EDIT_CONFLICT`: nothing was written; `STORE_UNAVAILABLE`.
   */
  writeItems(writes: readonly AskedWrite<ItemWrite>[]): Promise<readonly Written<ItemEdit>[]>;
  /** The same for a user. */
  writeUser(asked: AskedWrite<UserWrite>): Promise<Written<UserEdit>>;
  close(): Promise<void>;
}

const revisionKey = "revision";
const keyOf = ({ kind, id }: Pick<Edit, "kind" | "id">) => `${kind}/${id}`;
const pageEntries = 5000;

/**
 * Opens the edits that a state store holds and keeps them in memory: about 1 kB each.
 *
 * @param options.onItems Told which items were written, when that is durable, before the writer is.
 * @throws UsherError `STORE_UNAVAILABLE`.
 */
export async function openCatalogueEdits(options: {
  store: StateStore;
  onItems?: (itemIds: readonly string[]) => void;
  now?: () => number;
}): Promise<CatalogueEdits> {
  const { store, onItems = () => {}, now = Date.now } = options;
  const items = new Map<string, ItemEdit>();
  const users = new Map<string, UserEdit>();
  const keep = (edit: Edit) => {
    if (edit.kind === "item") items.set(edit.id, edit);
    else users.set(edit.id, edit);
  };
  for await (const edit of readAll(store)) keep(edit);
  const [stored] = await store.get([revisionKey]);
  let revision = stored ? Number(Buffer.from(stored).toString()) : 0;

  /** One write after the other: each is made from what the one before it left. */
  const inTurn = oneAtATime();
  const persist = async (edits: readonly Edit[]) => {
    if (edits.length === 0) return;
    const counted = revision + edits.length;
    await store.write([
      ...edits.map((edit) => [keyOf(edit), Buffer.from(JSON.stringify(edit))] as const),
      [revisionKey, Buffer.from(String(counted))],
    ]);
    revision = counted;
    for (const edit of edits) keep(edit);
    onItems(edits.filter(({ kind }) => kind === "item").map(({ id }) => id));
  };

  return {
    get revision() {
      return revision;
    },
    items: () => items.values(),
    users: () => users.values(),
    item: (itemId) => items.get(itemId),
    user: (userId) => users.get(userId),
    writeItems: (writes) =>
      inTurn(async () => {
        const changed = new Map<string, ItemEdit>();
        const written = writes.map(({ id, write, revision: read }) => {
          const before = changed.get(id) ?? items.get(id);
          checkRevision(id, { read, present: before?.revision ?? 0 });
          const edit = editedItem(before, { id, write, nowMs: now() });
          if (edit !== before) changed.set(id, edit);
          return { edit, isChanged: edit !== before };
        });
        await persist([...changed.values()]);
        return written;
      }),
    writeUser: ({ id, write, revision: read }) =>
      inTurn(async () => {
        const before = users.get(id);
        checkRevision(id, { read, present: before?.revision ?? 0 });
        const edit = editedUser(before, { id, write, nowMs: now() });
        if (edit !== before) await persist([edit]);
        return { edit, isChanged: edit !== before };
      }),
    close: () => inTurn(() => store.close()),
  };
}

function checkRevision(id: string, { read, present }: { read: number | undefined; present: number }): void {
  if (read === undefined || read === present) return;
  throw new UsherError("EDIT_CONFLICT", `${id}: expected revision ${read}, but it is at ${present}`);
}

async function* readAll(store: StateStore): AsyncGenerator<Edit> {
  for (const kind of ["item", "user"] as const) {
    const to = `${kind}0`; // the character behind "/"
    for await (const [, value] of entriesBetween(store, { from: `${kind}/`, to, pageEntries }))
      yield JSON.parse(Buffer.from(value).toString()) as Edit;
  }
}

/** A change of one key; `undefined` removes it. */
export type StateChange = readonly [key: string, value: Uint8Array | undefined];

/**
 * Ordered keys with values, held by a contract suite (`test/contract/state-store.ts`). Keys are strings of at most 1,900 bytes of UTF-8,
 * in the order of their bytes.
 *
 * The embedded one is LMDB; others are Redis and PostgreSQL.
 */
export interface StateStore {
  /** The values of keys, in their order. */
  get(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** Entries with `from` ≤ key < `to`, in order (with `reverse` the other way round), at most `limit`. */
  range(options: {
    from: string;
    to: string;
    limit?: number;
    reverse?: boolean;
  }): Promise<(readonly [string, Uint8Array])[]>;
  /**
   * All changes or none, durable before it resolves; until then a reader may see a part of a large write.
   * @param how.isAlone Nobody waits for the process meanwhile: a large write need not make room for others. Default false.
   * @throws UsherError `STORE_UNAVAILABLE`.
   */
  write(changes: readonly StateChange[], how?: { readonly isAlone?: boolean }): Promise<void>;
  close(): Promise<void>;
}

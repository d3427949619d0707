/** Changes of keys that are not written yet, and which of them belong to a group. */
export class ChangeSet {
  readonly #values = new Map<string, string | undefined>();
  readonly #groups = new Map<string, string[]>();
  /** Group and key in turn, of what has not reached {@link #groups} yet: while events only come in, nobody asks for a group. */
  #ungrouped: string[] = [];

  get size(): number {
    return this.#values.size;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** `undefined` for a key that is removed, and for one that is not changed. */
  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** @param group A prefix of the key under which {@link in} finds it. */
  set(key: string, value: string | undefined, group?: string): void {
    const size = this.#values.size;
    this.#values.set(key, value);
    if (group !== undefined && this.#values.size > size) this.#ungrouped.push(group, key);
  }

  /** The changes of a group, in no order. */
  in(group: string): (readonly [key: string, value: string | undefined])[] {
    this.#group();
    return (this.#groups.get(group) ?? []).map((key) => [key, this.#values.get(key)]);
  }

  #group(): void {
    for (let at = 0; at < this.#ungrouped.length; at += 2) {
      const [name, key] = [this.#ungrouped[at] as string, this.#ungrouped[at + 1] as string];
      const keys = this.#groups.get(name);
      if (keys) keys.push(key);
      else this.#groups.set(name, [key]);
    }
    this.#ungrouped = [];
  }

  entries(): IterableIterator<[string, string | undefined]> {
    return this.#values.entries();
  }

  /** Lays newer changes over these. */
  add(newer: ChangeSet): void {
    newer.#group();
    for (const [group, keys] of newer.#groups) {
      for (const key of keys) this.set(key, newer.get(key), group);
    }
    for (const [key, value] of newer.#values) this.#values.set(key, value);
  }
}

import type { Owner } from "./keys.ts";
import type { Profile } from "./profile.ts";

/** The profiles that were asked for last, within a bound of memory. */
export class ProfileCache {
  readonly #bytesMax: number;
  readonly #entries = new Map<Owner, { profile: Profile; bytes: number }>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** About how many bytes the kept profiles take. */
  get bytes(): number {
    return this.#bytes;
  }

  get(owner: Owner): Profile | undefined {
    const found = this.#entries.get(owner);
    if (!found) return undefined;
    this.#entries.delete(owner);
    this.#entries.set(owner, found);
    return found.profile;
  }

  /** Keeps a profile, or counts again what a changed one takes, and drops those that were not asked for longest. */
  keep(owner: Owner, profile: Profile): void {
    this.drop(owner);
    const { bytes } = profile;
    this.#entries.set(owner, { profile, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.drop(oldest);
    }
  }

  drop(owner: Owner): void {
    const found = this.#entries.get(owner);
    if (!found) return;
    this.#entries.delete(owner);
    this.#bytes -= found.bytes;
  }
}

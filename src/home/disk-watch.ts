import { access, constants, statfs } from "node:fs/promises";
import type { AskedGauge } from "../contracts/metrics.ts";

/** How a disk is. */
export interface DiskState {
  readonly status: "ready" | "failed";
  /** Of a failed one: what is wrong, and what to do. */
  readonly detail?: string;
}

/** A disk that is looked at again and again, beside the requests: asking costs nothing. */
export interface DiskWatch {
  state(): DiskState;
  /** When it was last looked at; `undefined` where it did not say. */
  freeBytes(): number | undefined;
  close(): void;
}

/** How often it is looked at, ms. */
const lookMs = 5000;

/** Bytes that a folder's disk has left for this process. */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Watches the disk of a folder: whether so many bytes are free, and whether it can be written. A disk that has not answered until the
 * next look has failed.
 *
 * @param options.freeBytesMin Fewer free bytes are a failure.
 * @param options.everyMs Default 5000.
 */
export async function watchDisk(options: {
  folder: string;
  freeBytesMin: number;
  everyMs?: number;
  /** Told when it has failed or is well again. */
  onChange?: () => void;
}): Promise<DiskWatch> {
  const { folder, freeBytesMin, everyMs = lookMs, onChange } = options;
  let state: DiskState = { status: "ready" };
  let freeBytes: number | undefined;
  let isLooking = false;
  const found = (now: DiskState) => {
    const isChanged = now.status !== state.status;
    state = now;
    if (isChanged) onChange?.();
  };
  const look = async () => {
    if (isLooking) {
      found(failed(folder, "expected an answer of the disk, got none; look at the mount"));
      return;
    }
    isLooking = true;
    try {
      freeBytes = await freeBytesOf(folder);
      await access(folder, constants.W_OK);
      const isLittle = freeBytes < freeBytesMin;
      const little = `expected ${freeBytesMin} bytes free, got ${freeBytes}; make room`;
      found(isLittle ? failed(folder, little) : { status: "ready" });
    } catch (error) {
      found(failed(folder, `expected a folder that can be written, got ${(error as Error).message}`));
    } finally {
      isLooking = false;
    }
  };
  await look();
  const timer = setInterval(() => void look(), everyMs).unref();
  return {
    state: () => state,
    freeBytes: () => freeBytes,
    close: () => clearInterval(timer),
  };
}

const failed = (folder: string, what: string): DiskState => ({
  status: "failed",
  detail: `${folder}: ${what}`,
});

/** What `/metrics` asks a watched disk. */
export function diskGauge(disk: () => DiskWatch | undefined): AskedGauge {
  return {
    name: "usher_disk_free_bytes",
    meaning: "Bytes that are free on the disk of the home",
    values: async () => {
      const free = disk()?.freeBytes();
      return free === undefined ? {} : { free };
    },
  };
}

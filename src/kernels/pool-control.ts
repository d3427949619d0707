import assert from "node:assert";
import type { Kernels } from "./kernels.ts";

/** What stands in the place of an argument that differs from block to block or from thread to thread. */
export type Slot = "from" | "to" | "scratch";

/**
 * A kernel over many rows, in blocks.
 *
 * @property args The kernel's arguments in their order, with `from` and `to` where the bounds of a block belong, and `scratch` where
 *   each thread gets memory of its own.
 * @property bounds Ascending row bounds: block b is bounds[b] .. bounds[b + 1] − 1. At most {@link blocksMax} blocks. Results do not
 *   depend on the number of threads where the bounds do not and no block reads what another one writes.
 * @property scratch Memory for the slot `scratch`: as many equal parts as the pool has threads.
 */
export type PoolJob = { [Name in keyof Kernels]: JobOf<Name> }[keyof Kernels];

interface JobOf<Name extends keyof Kernels> {
  readonly kernel: Name;
  readonly args: SlotsIn<Parameters<Kernels[Name]>>;
  readonly bounds: ArrayLike<number>;
  readonly scratch?: Float32Array;
}

type SlotsIn<Args extends readonly number[]> = { readonly [At in keyof Args]: Args[At] | Slot };

/** The most blocks that a job can have. */
export const blocksMax = 8192;
/** The most threads that a pool can have. */
export const threadsMax = 64;

const argsMax = 32;
const nameMax = 32;
const messageMax = 400;
const slots: readonly Slot[] = ["from", "to", "scratch"];
/** From this number on there are no blocks: the job is over, or not begun. */
const closed = 1 << 30;
/** In the place of a kernel's failure: the kernel threw. */
const threw = -1;
/** In the place of a generation: the pool is at its end. */
const stopped = -1;

/** Where things stand in the 32-bit words of the control. */
const generation = 0;
const cursor = 1;
const active = 2;
const blockCount = 3;
const argCount = 4;
const scratchBytes = 5;
const failures = 6; // block + 1 and code of each thread's first failure
const argSlots = failures + 2 * threadsMax;
const bounds = argSlots + argsMax;
const wordCount = bounds + blocksMax + 1;
/** Where things stand in its bytes. */
const argBytes = Math.ceil(wordCount / 2) * 8;
const nameBytes = argBytes + 8 * argsMax;
const messageBytes = nameBytes + 2 * nameMax;
const controlBytes = messageBytes + 2 * messageMax;

/** The first block that failed in a job: the kernel's own code, or what was thrown. */
export type BlockFailure = { readonly code: number } | { readonly thrown: string };

/**
 * What the threads of a pool share beside the memory: the present job, and how far it is.
 *
 * What makes it safe: a thread enters *before* it takes a block, and a job is written only after the last one was closed and then
 * nobody was inside. A thread that wakes up in between gets no block and looks at nothing else.
 */
export class PoolControl {
  /** What another thread makes its control of. */
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #args: Float64Array;
  readonly #name: Uint16Array;
  readonly #message: Uint16Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(controlBytes)) {
    this.shared = shared;
    this.#words = new Int32Array(shared, 0, wordCount);
    this.#args = new Float64Array(shared, argBytes, argsMax);
    this.#name = new Uint16Array(shared, nameBytes, nameMax);
    this.#message = new Uint16Array(shared, messageBytes, messageMax);
  }

  /** Writes a job and lets the threads in. */
  open(job: PoolJob, threads: number): void {
    const words = this.#words;
    const { kernel, bounds: rows, scratch } = job;
    const args: readonly (number | Slot)[] = job.args;
    const blocks = Math.max(0, rows.length - 1);
    assert(blocks <= blocksMax, `pool: expected at most ${blocksMax} blocks, got ${blocks}`);
    assert(args.length <= argsMax && kernel.length < nameMax, "pool: the job is too long for the control");
    words[blockCount] = blocks;
    words[argCount] = args.length;
    words[scratchBytes] = scratch ? Math.floor(scratch.length / threads) * 4 : 0;
    words.fill(0, failures, failures + 2 * threadsMax);
    for (const [at, arg] of args.entries()) {
      words[argSlots + at] = slots.indexOf(arg as Slot) + 1;
      this.#args[at] = arg === "scratch" ? (scratch?.byteOffset ?? 0) : Number(arg);
    }
    words.set(Array.from(rows), bounds);
    writeText(this.#name, kernel);
    writeText(this.#message, "");
    Atomics.store(words, cursor, 0);
    Atomics.add(words, generation, 1);
    Atomics.notify(words, generation);
  }

  /** No block is handed out any more. */
  close(): void {
    Atomics.store(this.#words, cursor, closed);
  }

  enter(): void {
    Atomics.add(this.#words, active, 1);
  }

  leave(): void {
    Atomics.sub(this.#words, active, 1);
    Atomics.notify(this.#words, active);
  }

  /** Whether nobody is inside, after at most so many milliseconds of waiting. */
  isIdle(waitMs: number): boolean {
    const inside = Atomics.load(this.#words, active);
    if (inside > 0) Atomics.wait(this.#words, active, inside, waitMs);
    return Atomics.load(this.#words, active) === 0;
  }

  /** The next block of the present job, if there is one. */
  take(): number | undefined {
    const block = Atomics.add(this.#words, cursor, 1);
    return block < closed && block < this.#words[blockCount]! ? block : undefined;
  }

  /** The present job for a thread that has taken a block of it: a function that runs a block. */
  runner(kernels: Kernels, thread: number): (block: number) => void {
    const words = this.#words;
    const kernel = kernels[readText(this.#name) as keyof Kernels] as (
      ...args: number[]
    ) => number | undefined;
    const args = Array.from(this.#args.subarray(0, words[argCount]));
    const kinds = args.map((_, at) => slots[words[argSlots + at]! - 1]);
    const [from, to, scratch] = slots.map((slot) => kinds.indexOf(slot)) as [number, number, number];
    if (scratch >= 0) args[scratch]! += thread * words[scratchBytes]!;
    return (block) => {
      if (from >= 0) args[from] = words[bounds + block]!;
      if (to >= 0) args[to] = words[bounds + block + 1]!;
      try {
        const code = kernel(...args) ?? 0;
        if (code !== 0) this.#fail(thread, { block, code });
      } catch (error) {
        writeText(this.#message, String(error)); // of several threads one message wins, which is enough
        this.#fail(thread, { block, code: threw });
      }
    };
  }

  #fail(thread: number, { block, code }: { block: number; code: number }): void {
    this.#words[failures + 2 * thread] = block + 1;
    this.#words[failures + 2 * thread + 1] = code;
    this.close();
  }

  /** The failure of the first block that failed. Blocks are handed out in order, so it does not depend on the threads. */
  failure(): BlockFailure | undefined {
    const words = this.#words;
    let first = Number.POSITIVE_INFINITY;
    let code = 0;
    for (let at = failures; at < failures + 2 * threadsMax; at += 2) {
      if (words[at] === 0 || words[at]! >= first) continue;
      first = words[at]!;
      code = words[at + 1]!;
    }
    if (code === 0) return undefined;
    return code === threw ? { thrown: readText(this.#message) } : { code };
  }

  /** Sends the threads home, those that sleep and those that work. */
  stop(): void {
    this.close();
    Atomics.store(this.#words, generation, stopped);
    Atomics.notify(this.#words, generation);
  }

  /** Sleeps until another job than the last one seen is opened; `undefined` when the pool is at its end. */
  sleep(seen: number): number | undefined {
    Atomics.wait(this.#words, generation, seen);
    const now = Atomics.load(this.#words, generation);
    return now === stopped ? undefined : now;
  }
}

function writeText(target: Uint16Array, text: string): void {
  for (let at = 0; at < target.length; at++) target[at] = at < text.length ? text.charCodeAt(at) : 0;
}

function readText(source: Uint16Array): string {
  const end = source.indexOf(0);
  return String.fromCharCode(...source.subarray(0, end < 0 ? source.length : end));
}

import { basename, dirname } from "node:path";
import type { Random } from "../../src/data/random.ts";
import { bytesOf, pathOf, type SystemCall } from "./strace.ts";

/** System calls that change a disk, and those that print. */
export const diskCalls: readonly string[] = [
  ...["openat", "close", "write", "pwrite64", "writev", "pwritev", "lseek", "fsync", "fdatasync"],
  ...["rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"],
  ...["ftruncate", "fallocate", "copy_file_range", "msync", "sync_file_range"],
];

type Change = { readonly off: number; readonly bytes: Buffer } | { readonly size: number };
type NameChange =
  | { readonly add: string; readonly node: Node }
  | { readonly remove: string }
  | {
      readonly rename: string;
      readonly to: string;
      readonly node: Node;
    };

/** A file or a folder: what is durable, and what was done since the last sync. */
interface Node {
  durable: Buffer;
  pending: Change[];
  readonly names?: Map<string, Node>;
  readonly live?: Map<string, Node>;
  pendingNames: NameChange[];
}

interface Descriptor {
  readonly path: string;
  readonly node: Node;
  readonly isSynced: boolean;
  at: number;
}

const fileNode = (): Node => ({ durable: Buffer.alloc(0), pending: [], pendingNames: [] });
const folderNode = (): Node => ({ ...fileNode(), names: new Map(), live: new Map() });
const sectorBytes = 512;

/** What a power cut leaves: contents by path. */
export type Image = ReadonlyMap<string, Buffer>;

/**
 * A disk below a folder, replayed from system calls: contents are durable after a sync of the file, names after a sync of their folder.
 * What is pending at a power cut may be lost, kept, or kept in part (any 512-byte sectors of writes; the first few of a folder's names).
 */
export class DiskModel {
  readonly root: string;
  readonly #top: Node = folderNode();
  readonly #descriptors = new Map<string, Descriptor>();

  constructor(root: string) {
    this.root = root;
  }

  /** Takes one call. @returns What it printed, or whether the disk may have changed. */
  apply(call: SystemCall): { printed?: string; changed: boolean } {
    if (call.result < 0) return { changed: false };
    const { name, text } = call;
    const strings = [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map((found) =>
      bytesOf(found[1] as string),
    );
    const descriptor = this.#descriptors.get(/^(\d+)/.exec(text)?.[1] ?? "");
    if (name === "openat") this.#open(call, strings[0]!.toString());
    else if (name === "write" && /^1</.test(text)) return { printed: strings[0]!.toString(), changed: false };
    else if (name === "close") this.#close(text);
    else if (/^(rename|link|unlink|mkdir|rmdir)/.test(name))
      return { changed: this.#rename(name, text, strings) };
    else if (descriptor) return { changed: this.#onDescriptor(call, descriptor, strings) };
    return { changed: false };
  }

  #open({ text, result, opened }: SystemCall, given: string): void {
    const path = opened || given;
    if (path !== this.root && !path.startsWith(`${this.root}/`)) return;
    const folder = this.#find(dirname(path));
    let node = this.#find(path);
    if (!node && /O_CREAT/.test(text) && folder?.live) {
      node = fileNode();
      folder.live.set(basename(path), node);
      folder.pendingNames.push({ add: basename(path), node });
    }
    if (!node) return;
    if (/O_TRUNC/.test(text)) node.pending.push({ size: 0 });
    this.#descriptors.set(`${result}`, { path, node, isSynced: /O_D?SYNC/.test(text), at: 0 });
  }

  /** A thread may get the number of a descriptor before another has returned from closing it: the path tells which is meant. */
  #close(text: string): void {
    const number = /^(\d+)/.exec(text)?.[1] ?? "";
    if (this.#descriptors.get(number)?.path === pathOf(text)) this.#descriptors.delete(number);
  }

  #onDescriptor(call: SystemCall, descriptor: Descriptor, strings: readonly Buffer[]): boolean {
    const { name, text, result } = call;
    const { node } = descriptor;
    if (name === "fsync" || name === "fdatasync") {
      this.#sync(node);
      return true;
    }
    if (name === "lseek") {
      descriptor.at = result;
      return false;
    }
    if (name === "ftruncate") {
      node.pending.push({ size: Number(/, (\d+)$/.exec(text)?.[1]) });
      return true;
    }
    if (!/write/.test(name)) throw new Error(`the model of the disk does not know ${name} on a file`);
    const isPlaced = name.startsWith("p");
    let off = isPlaced ? Number(/, (\d+)$/.exec(text)?.[1]) : descriptor.at;
    let left = result;
    for (const bytes of strings) {
      const taken = bytes.subarray(0, left);
      if (taken.length > 0) node.pending.push({ off, bytes: taken });
      off += taken.length;
      left -= taken.length;
    }
    if (!isPlaced) descriptor.at = off;
    if (descriptor.isSynced) this.#sync(node);
    return true;
  }

  #sync(node: Node): void {
    for (const change of node.pending.splice(0)) node.durable = changed(node.durable, change);
    if (!node.names) return;
    for (const change of node.pendingNames.splice(0)) rename(node.names, change);
  }

  #rename(name: string, text: string, strings: readonly Buffer[]): boolean {
    const [from, to] = strings.map((bytes) => bytes.toString());
    if (from === undefined || !from.startsWith(`${this.root}/`)) return false;
    const folder = this.#find(dirname(from));
    if (!folder) throw new Error(`the model has no folder for ${name} ${from}`);
    const live = folder.live as Map<string, Node>;
    const was = live.get(basename(from));
    const record = (change: NameChange) => {
      rename(live, change);
      folder.pendingNames.push(change);
    };
    if (name.startsWith("mkdir")) record({ add: basename(from), node: folderNode() });
    else if (/^(unlink|rmdir)/.test(name)) record({ remove: basename(from) });
    else {
      if (to === undefined || dirname(to) !== dirname(from) || !was)
        throw new Error(`the model cannot ${name} ${text}`);
      if (name.startsWith("link")) record({ add: basename(to), node: was });
      else record({ rename: basename(from), to: basename(to), node: was });
    }
    return true;
  }

  #find(path: string): Node | undefined {
    if (path === this.root) return this.#top;
    let node: Node | undefined = this.#top;
    for (const part of path.slice(this.root.length + 1).split("/")) node = node?.live?.get(part);
    return node;
  }

  /** Whether everything that was written to a file is durable. */
  isDurable(path: string): boolean {
    const node = this.#find(path);
    return node !== undefined && node.pending.length === 0;
  }

  /** How many changes of contents or names a power cut could undo now. */
  pendingCount(): number {
    const count = (node: Node): number =>
      node.pending.length +
      node.pendingNames.length +
      [...(node.live?.values() ?? [])].reduce((sum, child) => sum + count(child), 0);
    return count(this.#top);
  }

  /** What a power cut leaves now. @param random Which of the pending changes survived; absent: none. */
  image(random?: Random): Image {
    const files = new Map<string, Buffer>();
    const visit = (path: string, node: Node) => {
      if (!node.names) {
        files.set(path, random ? torn(node, random) : node.durable);
        return;
      }
      const names = new Map(node.names);
      const kept = random ? random.below(node.pendingNames.length + 1) : 0;
      for (const change of node.pendingNames.slice(0, kept)) rename(names, change);
      for (const [name, child] of names) visit(`${path}/${name}`, child);
    };
    visit("", this.#top);
    return files;
  }
}

function rename(names: Map<string, Node>, change: NameChange): void {
  if ("add" in change) names.set(change.add, change.node);
  else if ("remove" in change) names.delete(change.remove);
  else {
    names.delete(change.rename);
    names.set(change.to, change.node);
  }
}

function changed(bytes: Buffer, change: Change): Buffer {
  if ("size" in change) {
    const cut = Buffer.alloc(change.size);
    bytes.copy(cut);
    return cut;
  }
  const end = change.off + change.bytes.length;
  let target = bytes;
  if (end > bytes.length) {
    target = Buffer.alloc(end);
    bytes.copy(target);
  }
  change.bytes.copy(target, change.off);
  return target;
}

/** A file of which some sectors of the unsynced writes have reached the disk. */
function torn({ durable, pending }: Node, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(durable);
  for (const change of pending) {
    if ("size" in change) {
      if (random.uniform() < 0.5) bytes = changed(bytes, change);
      continue;
    }
    for (let at = 0; at < change.bytes.length; at += sectorBytes) {
      if (random.uniform() < 0.5) continue;
      bytes = changed(bytes, { off: change.off + at, bytes: change.bytes.subarray(at, at + sectorBytes) });
    }
  }
  return bytes;
}

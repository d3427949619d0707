import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** A text of one built module, and what stands there instead. */
interface Bug {
  readonly module: string;
  readonly from: string;
  readonly to: string;
}

/** Bugs that a test plants into a process, to see that its look would catch them. */
const bugs = {
  /** A commit counts before anything is synced. */
  noSync: {
    module: "stores/lmdb-environment.js",
    from: "overlappingSync: false,",
    to: "overlappingSync: false, noSync: true,",
  },
  /** A write is acknowledged at once, and done a moment later. */
  lateWrite: {
    module: "stores/lmdb-environment.js",
    from: "commit = root.batch(change);",
    to: "commit = Promise.resolve(); setTimeout(() => { if (!down) root.batch(change); }, 100);",
  },
  /** A commit that fails counts all the same. */
  swallowedFailure: {
    module: "stores/lmdb-environment.js",
    from: "await watched(commit.catch(throwCommitError), size);",
    to: "await watched(commit.catch(() => {}), size);",
  },
  /** A large write is carried out in parts without being kept whole first. */
  noRedo: {
    module: "stores/lmdb-state-store.js",
    from: "await environment.write(keep,",
    to: "void (keep,",
  },
  /** A failed sync of a file or a folder is told to nobody. */
  swallowedSync: {
    module: "durable-file.js",
    from: 'import { link, mkdir, open, rename, rm } from "node:fs/promises";',
    to: `import { link, mkdir, open as reallyOpen, rename, rm } from "node:fs/promises";
      const open = async (...given) => {
        const file = await reallyOpen(...given);
        return { sync: () => file.sync().catch(() => {}), close: () => file.close(), writeFile: (data) => file.writeFile(data) };
      };`,
  },
  /** A file that another program wrote is not synced. */
  noFileSync: { module: "durable-file.js", from: 'await open(path, "r+")', to: "{ sync() {}, close() {} }" },
  /** Names in a folder are not synced. */
  noFolderSync: {
    module: "durable-file.js",
    from: 'await open(path, "r")',
    to: "{ sync() {}, close() {} }",
  },
} satisfies Record<string, Bug>;

export type PlantedBug = keyof typeof bugs;

/** What `node` is told so that a program has a bug; nothing without one. */
export function plantedArgs(bug?: PlantedBug): string[] {
  if (bug === undefined) return [];
  const program = pathToFileURL(join(import.meta.dirname, "plant.js"));
  for (const [name, value] of Object.entries(bugs[bug])) program.searchParams.set(name, value);
  return ["--import", program.href];
}

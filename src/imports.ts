import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Configuration } from "./contracts/configuration.ts";
import type { JobRecord } from "./contracts/workflow.ts";
import { UsherError } from "./errors.ts";
import type { HomePaths } from "./home/home.ts";
import type { Lake } from "./lake/lake.ts";
import type { Incoming, UpkeepContext } from "./server/context.ts";
import type { SourceImport } from "./sources/import.ts";
import { latestImport } from "./sources/import-record.ts";
import { openSource } from "./sources/open-source.ts";
import { parseSourceSpec, type SourceSpec } from "./sources/source.ts";
import { bronzeVersions } from "./sources/staging.ts";
import {
  completeFrom,
  isPacked,
  openUpload,
  recognizeSource,
  type Upload,
  type UploadLimits,
  unpack,
} from "./sources/upload.ts";
import type { Upkeep } from "./upkeep/upkeep.ts";
import type { TaskResult, TaskRun } from "./workflow/task.ts";

/** The parts of a home that imports work with. */
export interface ImportHome {
  readonly paths: Pick<HomePaths, "uploads">;
  readonly lake: Pick<Lake, "folder">;
  readonly configuration: Pick<Configuration, "uploads">;
  importSource(spec: SourceSpec, running: Partial<TaskRun>): Promise<SourceImport>;
}

/** Imports as jobs: of data sets that lie on the server, and of files that are sent. */
export function importsOf(
  home: ImportHome,
  upkeep: Pick<Upkeep, "startJob">,
): Pick<UpkeepContext, "startImport" | "openUpload"> {
  const startJob = (run: (running: TaskRun) => Promise<TaskResult>, onEnd?: () => Promise<void>) =>
    upkeep.startJob({
      kind: "import",
      graph: [{ name: "import", retries: 0, run }],
      ...(onEnd ? { onEnd } : {}),
    });
  const { bytes_max: bytesMax, files_max: filesMax } = home.configuration.uploads;
  let isReceiving = false;
  return {
    startImport: async ({ source, ratingsFile }) => {
      const spec = parseSourceSpec(source, { field: "source", ...(ratingsFile ? { ratingsFile } : {}) });
      await openSource(spec); // what is no data set is refused at once
      return startJob((running) => imported(home, spec, running));
    },
    openUpload: async () => {
      if (isReceiving)
        throw new UsherError("RUN_BUSY", "expected one upload at a time, another is under way");
      isReceiving = true;
      const limits = { bytesMax, filesMax };
      try {
        const upload = await openUpload(join(home.paths.uploads, randomUUID()), limits);
        const start = (asked: Asked) => startUpload(home, { ...limits, upload, asked, startJob });
        return incoming(upload, {
          bytesMax,
          start,
          onClose: () => {
            isReceiving = false;
          },
        });
      } catch (error) {
        isReceiving = false;
        throw error;
      }
    },
  };
}

type Asked = Parameters<Incoming["startImport"]>[0];

function incoming(
  upload: Upload,
  of: { bytesMax: number; start: (asked: Asked) => Promise<JobRecord>; onClose: () => void },
): Incoming {
  let isTaken = false;
  return {
    bytesMax: of.bytesMax,
    add: upload.add,
    startImport: async (asked) => {
      const job = await of.start(asked);
      isTaken = true;
      return job;
    },
    close: async () => {
      of.onClose();
      if (!isTaken) await upload.discard();
    },
  };
}

/** Imports what was sent; the files go when the job ends, however it does. */
async function startUpload(
  home: ImportHome,
  of: UploadLimits & {
    upload: Upload;
    asked: Asked;
    startJob: (
      run: (running: TaskRun) => Promise<TaskResult>,
      onEnd: () => Promise<void>,
    ) => Promise<JobRecord>;
  },
): Promise<JobRecord> {
  const { upload, asked, bytesMax } = of;
  const { folder } = upload;
  let sent: readonly string[] | undefined;
  const open = async (): Promise<SourceSpec> => {
    sent ??= await readdir(folder);
    const { source = await recognizeSource(folder), ratingsFile } = asked;
    const spec: SourceSpec = {
      source,
      location: folder,
      isUploaded: true,
      ...(ratingsFile ? { ratingsFile } : {}),
    };
    const { folder: lakeFolder } = home.lake;
    if (source === "csv") await completeFrom(await latestImport(lakeFolder), { folder, sent, lakeFolder });
    await openSource(spec);
    return spec;
  };
  const packed = isPacked(upload);
  if (!packed) await open(); // what is no data set is refused at once
  return of.startJob(async (running) => {
    if (packed) await unpack(upload, { bytesMax, ...running });
    // again: an import that this one waited for may have changed what completes it
    return imported(home, await open(), running);
  }, upload.discard);
}

async function imported(home: ImportHome, spec: SourceSpec, running: TaskRun): Promise<TaskResult> {
  const { tables, manifest } = await home.importSource(spec, running);
  const { dataset_name: name, dataset_version: version, rejected_rows_total: rejected } = manifest;
  return {
    outputs: bronzeVersions(tables),
    note: `${name} ${version}; ${rejected} rows could not be split into columns`,
  };
}

import multipart from "@fastify/multipart";
import type { FastifyRequest, FastifySchemaCompiler } from "fastify";
import type { Static, TSchema } from "typebox";
import { NoQuery } from "../../contracts/http.ts";
import { mismatches, type Shape } from "../../contracts/mismatch.ts";
import { ImportBody, JobAnswer, UploadBody, UploadFields } from "../../contracts/upkeep-http.ts";
import type { JobRecord } from "../../contracts/workflow.ts";
import { asUsherError, UsherError } from "../../errors.ts";
import { receiveLong } from "../broken-http.ts";
import type { Incoming, ServerContext } from "../context.ts";
import { compileValidator } from "../validation.ts";
import type { App } from "./schema.ts";
import { startedOf, upkeepOf } from "./upkeep.ts";

const uploadType = "multipart/form-data";
/** Bytes that heads of parts and fields may add to the files. */
const overheadBytesMax = 1024 * 1024;
/** Most parts of an upload that are no files, and most bytes of one. */
const [fieldsMax, fieldBytesMax] = [10, 4096];
const partsMax = 2000;
/** How long an upload may stand still. */
const standstillSecondsMax = 30;

/** An upload is read piece by piece: there is no body that could be checked as a whole. */
const compileAllButUpload: FastifySchemaCompiler<TSchema> = (part) =>
  part.contentType === uploadType ? (value: unknown) => ({ value }) : compileValidator(part);

/** Data sets in: named by where they lie on the server, or sent. */
export function importRoutes(app: App, context: ServerContext): void {
  app.register(async (scope) => {
    await scope.register(multipart, { throwFileSizeLimit: false });
    importRoute(scope as unknown as App, context);
  });
}

function importRoute(app: App, context: ServerContext): void {
  app.post(
    "/v1/imports",
    {
      config: { scope: "admin" },
      validatorCompiler: compileAllButUpload,
      schema: {
        tags: ["workflow"],
        operationId: "startImport",
        summary: "Take a data set into bronze, as a job: one that lies on the server, or files that are sent",
        description:
          "The names of the files say what they are, as in a folder; one ZIP archive may hold them. One upload at a time.",
        querystring: NoQuery,
        body: {
          content: { "application/json": { schema: ImportBody }, [uploadType]: { schema: UploadBody } },
        } as unknown as TSchema,
        response: startedOf(JobAnswer, ["RUN_BUSY", "SOURCE_UNKNOWN", "DISK_FULL"]),
      },
    },
    async (request, reply) => {
      const upkeep = upkeepOf(context);
      if (request.isMultipart()) return reply.code(202).send(await takeUpload(request, upkeep));
      if (!request.body)
        throw new UsherError("BODY_INVALID", "body: expected a data set or files, got nothing");
      const { source, ratings_file: ratingsFile } = request.body as Static<typeof ImportBody>;
      return reply
        .code(202)
        .send(await upkeep.startImport({ source, ...(ratingsFile ? { ratingsFile } : {}) }));
    },
  );
}

async function takeUpload(
  request: FastifyRequest,
  { openUpload }: { openUpload(): Promise<Incoming> },
): Promise<JobRecord> {
  const incoming = await openUpload();
  const { raw } = request;
  const { standstill, end } = receiveLong(raw, standstillSecondsMax);
  const received = receive(request, incoming);
  try {
    return await Promise.race([received.job, standstill]);
  } catch (error) {
    received.stop();
    throw asBodyError(error);
  } finally {
    end();
    await incoming.close();
  }
}

/** Takes the parts of an upload as they come, and starts its import after the last. */
function receive(request: FastifyRequest, incoming: Incoming): { job: Promise<JobRecord>; stop(): void } {
  let stop = () => {};
  const take = async (): Promise<JobRecord> => {
    const length = Number(request.headers["content-length"] ?? 0);
    if (length > incoming.bytesMax + overheadBytesMax) {
      throw new UsherError(
        "BODY_TOO_LARGE",
        `files: expected at most ${incoming.bytesMax} bytes (see \`uploads\` in usher.json), got ${length}`,
        { details: { field: "files" } },
      );
    }
    const limits = {
      ...{ fields: fieldsMax, fieldSize: fieldBytesMax, parts: partsMax },
      ...{ fileSize: incoming.bytesMax + 1, files: partsMax }, // what comes in counts both, and says so
    };
    const fields: Record<string, unknown> = {};
    for await (const part of request.parts({ limits })) {
      if (part.type === "file") {
        stop = () => part.file.destroy();
        await takeFile(part, incoming);
      } else takeField(part, fields);
    }
    const errors = mismatches(fields, UploadFields as unknown as Shape);
    if (errors.length > 0) {
      throw new UsherError("BODY_INVALID", errors.map(({ message }) => message).join("; "), {
        details: { errors },
      });
    }
    const { source, ratings_file: ratingsFile } = fields as Static<typeof UploadFields>;
    return incoming.startImport({ ...(source ? { source } : {}), ...(ratingsFile ? { ratingsFile } : {}) });
  };
  return { job: take(), stop: () => stop() };
}

/** A form sends a file without name and content where none was chosen. */
async function takeFile(
  { filename, file }: { filename: string | undefined; file: AsyncIterable<Uint8Array> },
  incoming: Incoming,
): Promise<void> {
  if (filename) return incoming.add({ name: filename, content: file });
  for await (const bytes of file) {
    if (bytes.length > 0) {
      throw new UsherError("BODY_INVALID", "files: expected a name with each file, got none", {
        details: { field: "files" },
      });
    }
  }
}

function takeField(
  part: { fieldname: string; value: unknown; valueTruncated: boolean },
  fields: Record<string, unknown>,
): void {
  const { fieldname: field, value, valueTruncated } = part;
  if (Object.hasOwn(fields, field) || valueTruncated) {
    const got = valueTruncated ? `more than ${fieldBytesMax} bytes` : "it twice";
    throw new UsherError("BODY_INVALID", `${field.slice(0, 100)}: expected one short text, got ${got}`, {
      details: { field: field.slice(0, 100) },
    });
  }
  fields[field] = value;
}

/** What the parser says of a body that is no form, in our words; failures of the machine as they are. */
function asBodyError(error: unknown): unknown {
  const { code, statusCode, syscall, message } = error as Partial<
    NodeJS.ErrnoException & { statusCode: number }
  >;
  if (error instanceof UsherError) return error;
  if (syscall !== undefined || code === "ENOSPC") return asUsherError(error);
  return new UsherError(
    statusCode === 413 ? "BODY_TOO_LARGE" : "BODY_INVALID",
    `body: expected multipart/form-data with files, whole and well-formed, but ${message}`,
    { cause: error },
  );
}

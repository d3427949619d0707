/**
 * Every way in which Usher can refuse: the code, what it means, its HTTP status, its exit code, and what to do.
 *
 * A message in the code says what was expected and what came; the remedy here says what to do about it.
 */
const errorTable = {
  // what the person asked for
  USAGE: [400, 2, "The command line was not understood.", "Run the command with --help."],
  PARAMETER_INVALID: [
    400,
    2,
    "A parameter is outside its range.",
    "Use a value in the range that the message names.",
  ],
  BODY_INVALID: [400, 2, "The body does not have the expected shape.", "Send the shape shown at /docs."],
  BODY_TOO_LARGE: [413, 2, "The body is larger than the server accepts.", "Send it in smaller parts."],
  MEDIA_TYPE_UNSUPPORTED: [415, 2, "The body is not JSON.", "Send it with Content-Type: application/json."],
  REQUEST_TIMEOUT: [
    408,
    1,
    "The request did not arrive in time.",
    "Send its head within 10 seconds and all of it within 30.",
  ],
  EXPECTATION_FAILED: [
    417,
    2,
    "The request expects something that the server does not do.",
    "Send it without the Expect header.",
  ],
  HEAD_TOO_LARGE: [
    431,
    2,
    "Address and headers of the request are larger than the server accepts.",
    "Keep them below 16 KiB together.",
  ],
  HOST_REFUSED: [
    403,
    2,
    "The request names a host or an origin that this server does not serve.",
    "Ask the address that Usher printed, or add the host to `hosts` in usher.json.",
  ],
  ROUTE_UNKNOWN: [404, 2, "There is no such route.", "See /docs for the routes."],
  METHOD_NOT_ALLOWED: [
    405,
    2,
    "The route does not take this method.",
    "Use a method that the Allow header names.",
  ],
  ITEM_UNKNOWN: [404, 1, "There is no such item.", "List items with GET /v1/items."],
  EDIT_CONFLICT: [
    412,
    1,
    "Somebody else has written this meanwhile.",
    "Read it again, and write with the ETag of that answer.",
  ],
  FILTER_INVALID: [
    400,
    2,
    "The filter was not understood.",
    "Correct it at the position that the message names; docs/filter-language.md lists the fields.",
  ],
  SURFACE_INVALID: [
    400,
    2,
    "The surface is not valid.",
    "Correct the field that the message names; try it with POST /v1/surfaces/{name}/preview.",
  ],
  SURFACE_UNKNOWN: [404, 1, "There is no such surface.", "List surfaces with GET /v1/surfaces."],
  LISTS_UNKNOWN: [404, 1, "No lists are published.", "Run `usher publish`, or POST /v1/lists."],
  SESSION_MERGED: [
    409,
    1,
    "The session belongs to another user already.",
    "Give a visitor a new session id when the user of the device changes.",
  ],
  // events
  LETTER_UNKNOWN: [
    404,
    1,
    "There is no such dead letter.",
    "List them with GET /v1/dead-letters; they are kept for 30 days.",
  ],
  EVENT_REJECTED: [422, 1, "The event is not valid.", "Correct what the message names and submit it again."],
  TOO_BUSY: [
    429,
    1,
    "More events are under way than the server takes.",
    "Send the same body again after the seconds that Retry-After names; nothing of it was taken.",
  ],
  // who may ask
  KEY_REQUIRED: [
    401,
    1,
    "The request needs a key.",
    "Send Authorization: Bearer <key>; `usher keys create` makes one.",
  ],
  KEY_INVALID: [
    401,
    1,
    "The key or token is not good.",
    "Use a key that `usher keys list` shows and that has not expired, or a token that its issuer has just made.",
  ],
  SCOPE_MISSING: [
    403,
    1,
    "The key or token is not allowed to do this.",
    "Use a key with the scope that the message names.",
  ],
  USER_FORBIDDEN: [
    403,
    1,
    "The token is another user's.",
    "Ask for the user whom the token names, or use a key.",
  ],
  KEY_UNKNOWN: [404, 1, "There is no such key.", "List the keys with `usher keys list`."],
  RATE_LIMITED: [
    429,
    1,
    "The client asks more often than it may.",
    "Wait for the seconds that Retry-After names; `limits` in usher.json says how much is allowed.",
  ],
  // configuration and home
  CONFIG_INVALID: [
    500,
    2,
    "The configuration is not valid.",
    "Correct the named key; `usher config show` prints what is in force.",
  ],
  HOME_LOCKED: [
    409,
    1,
    "Another Usher owns this home folder.",
    "Stop it first, ask it over HTTP, or name another folder with --home.",
  ],
  HOME_FORMAT: [
    500,
    1,
    "The home folder was written by another version.",
    "Run the version that the message names, or name another folder with --home.",
  ],
  HOME_EMPTY: [
    409,
    1,
    "The home folder does not hold what the command needs yet.",
    "Run `usher start`, or the command that the message names.",
  ],
  HOME_UNWRITABLE: [
    500,
    1,
    "The home folder cannot be written.",
    "Give the process the right to write there, or name another folder with --home.",
  ],
  PORT_IN_USE: [500, 1, "The port is taken.", "Choose another with --port, or 0 for a free one."],
  // data
  SOURCE_NOT_FOUND: [
    400,
    1,
    "The folder or file is missing or cannot be read.",
    "Check the path and its permissions.",
  ],
  SOURCE_UNKNOWN: [
    400,
    1,
    "The folder is no data set that Usher knows.",
    "See the known layouts in the message.",
  ],
  SOURCE_AMBIGUOUS: [400, 2, "More than one ratings file could be meant.", "Choose one with --ratings-file."],
  SOURCE_MISMATCH: [
    409,
    2,
    "The home folder holds another data set.",
    "Leave --data out, or name another folder with --home.",
  ],
  SOURCE_COLUMN_MISSING: [
    400,
    1,
    "A file lacks a column.",
    "Check that the file is the one the data set ships.",
  ],
  MAPPING_INVALID: [
    400,
    2,
    "The mapping document does not fit the files.",
    "Correct what the message names; docs/own-catalogue.md describes the document.",
  ],
  SOURCE_ENCODING: [
    400,
    1,
    "A file is not in the encoding of its layout.",
    "Convert it to the encoding that the message names.",
  ],
  SOURCE_DAMAGED: [400, 1, "A file is damaged.", "Fetch the file again."],
  DOWNLOAD_FAILED: [
    502,
    1,
    "The data set could not be fetched.",
    "Try again; what has arrived is kept and continued.",
  ],
  CHECKSUM_MISMATCH: [500, 1, "A file is not what its checksum promises.", "Fetch it again with --force."],
  QUALITY_GATE: [
    422,
    1,
    "Too many rows fail a quality check.",
    "Look at the rejected rows and correct the source; the previous version stays published.",
  ],
  DATA_EMPTY: [422, 1, "There is nothing to work with.", "Import a data set that has rows."],
  DATA_INVALID: [422, 1, "The data break a rule of the model.", "Correct the value that the message names."],
  TABLE_MISSING: [404, 1, "The lake has no such table or version.", "Run `usher build`."],
  TABLE_CONFLICT: [409, 1, "Another writer committed this version of the table first.", "Try again."],
  TABLE_DAMAGED: [
    500,
    1,
    "A table's log or data cannot be read.",
    "Restore it from a backup, or import and build again in a new home.",
  ],
  DISK_FULL: [
    507,
    1,
    "The disk is full.",
    "Free some space and run the command again; nothing published was changed.",
  ],
  // models
  MODEL_PARAMETER: [
    400,
    2,
    "A model parameter is outside its range.",
    "Use a value in the range that the message names.",
  ],
  MODEL_UNKNOWN: [400, 2, "There is no such algorithm.", "Use one that the message names."],
  MODEL_DIVERGED: [
    500,
    1,
    "Training produced a value that is not a number.",
    "Lower the learning rate or raise the regularization.",
  ],
  MEMORY_EXCEEDED: [
    507,
    1,
    "The work needs more memory than there is.",
    "Use fewer factors or less data, or a machine with more memory.",
  ],
  MODEL_FILE: [500, 1, "The model file is damaged or not a model.", "Train again with `usher train`."],
  RELEASE_UNKNOWN: [404, 1, "There is no such release.", "List the releases with `usher models`."],
  GATE_REFUSED: [
    409,
    1,
    "The new model is worse than the one that serves.",
    "Nothing to repair: the present release keeps serving. See `usher models`.",
  ],
  // work
  RUN_BUSY: [409, 1, "Work of this kind is under way.", "Wait for its end, or cancel it."],
  RUN_UNKNOWN: [404, 1, "There is no such run.", "List the runs with `usher runs`."],
  RUN_INTERRUPTED: [
    500,
    1,
    "The process ended before the work did.",
    "Start it again; files that were sent have to be sent again. What was published is unchanged.",
  ],
  TASK_UNKNOWN: [400, 2, "There is no such task.", "Use one that the message names."],
  TASK_TIMEOUT: [
    504,
    1,
    "A task took longer than it may.",
    "Run it again; where the data have grown, raise its time.",
  ],
  JOB_UNKNOWN: [404, 1, "There is no such job.", "List the jobs with GET /v1/jobs."],
  CANCELLED: [499, 130, "The work was cancelled.", "Start it again when you want."],
  // state of the server
  SERVER_UNREACHABLE: [
    503,
    1,
    "No server answers at the address.",
    "Start one with `usher serve`, or name it with --address.",
  ],
  NOT_READY: [503, 1, "No release serves yet.", "Wait until /health/ready answers 200."],
  LOG_UNAVAILABLE: [
    503,
    1,
    "The event log takes or gives nothing now.",
    "Ask again with the same event ids; if it stays so, look at the disk and restart the server.",
  ],
  STORE_UNAVAILABLE: [
    503,
    1,
    "The state store takes or gives nothing now.",
    "Ask again; if it stays so, look at the disk and restart the server.",
  ],
  TOO_SLOW: [
    503,
    1,
    "The answer took longer than the server allows.",
    "Ask for less at a time, or try again later.",
  ],
  INTERNAL: [500, 1, "Usher met a defect of its own.", "Please report it with the request id and the log."],
} as const satisfies Record<string, readonly [status: number, exit: number, message: string, remedy: string]>;

/** One of the codes of the table above, such as `SOURCE_NOT_FOUND`. */
export type ErrorCode = keyof typeof errorTable;

/** What is known about a code: HTTP status, exit code, the general message and the remedy. */
export interface ErrorKind {
  readonly code: ErrorCode;
  readonly status: number;
  readonly exitCode: number;
  readonly message: string;
  readonly remedy: string;
}

/** All kinds of errors, in the order of the table. The source of `docs/errors.md`. */
export const errorKinds: readonly ErrorKind[] = Object.entries(errorTable).map(
  ([code, [status, exitCode, message, remedy]]) => ({
    code: code as ErrorCode,
    status,
    exitCode,
    message,
    remedy,
  }),
);

const kindByCode = new Map(errorKinds.map((kind) => [kind.code, kind]));

/**
 * An error of operation: bad data, a missing file, a refused request. Expected and tested.
 *
 * @param code One of the codes of the table.
 * @param message What was expected and what came. Default: the general message of the code.
 * @param more.cause The error below this one.
 * @param more.details Named facts for programs, such as `{ field: "k" }`. Must hold no secret.
 */
export class UsherError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message?: string,
    more: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message ?? errorKind(code).message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "UsherError";
    this.code = code;
    this.details = more.details ?? {};
  }
}

/** What the table says about a code. */
export function errorKind(code: ErrorCode): ErrorKind {
  return kindByCode.get(code) as ErrorKind;
}

/** The error as an `UsherError`: itself, a known failure of the system by its code, else `INTERNAL` with the cause. */
export function asUsherError(error: unknown): UsherError {
  if (error instanceof UsherError) return error;
  const { code, syscall, message } =
    error instanceof Error
      ? (error as NodeJS.ErrnoException)
      : { code: undefined, syscall: undefined, message: String(error) };
  if (code === "ENOSPC" || /No space left on device|ENOSPC/.test(message)) {
    return new UsherError("DISK_FULL", `could not write: ${message}`, { cause: error });
  }
  const isFailingDisk = code === "EIO" && syscall !== "read";
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || isFailingDisk) {
    return new UsherError("HOME_UNWRITABLE", message, { cause: error });
  }
  return new UsherError("INTERNAL", message, { cause: error });
}

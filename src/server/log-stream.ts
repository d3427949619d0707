import pino from "pino";

/** Lines wait for so many bytes of them, or for so long, ms. */
const [linesBytes, linesMs] = [65_536, 200];
/** What does not fit while nobody reads is dropped: a log must not fill the memory. */
const waitingBytesMax = 16 * 1024 * 1024;

let opened: ReturnType<typeof pino.destination> | undefined;

/**
 * Where the log goes: the standard output, some lines at a time, since a write for each costs more than its line. The end of the process
 * writes what is left; one that is killed loses at most what came in the last 200 ms.
 */
export function logStream(): { write(line: string): void } {
  opened ??= pino.destination({
    ...{ dest: 1, sync: false, minLength: linesBytes, maxLength: waitingBytesMax },
    ...{ maxWrite: 2 * linesBytes, periodicFlush: linesMs },
  });
  return opened;
}

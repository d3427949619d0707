import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { zipSync } from "fflate";

/** What the server does with a request for the archive; the default is to serve it well, ranges included. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse, archive: Buffer) => void;

/** A server that stands for GroupLens. */
export interface DataSetServer {
  readonly baseUrl: string;
  /** Requests so far: `GET /ml-25m.zip bytes=10-`. */
  readonly requests: string[];
  archive: Buffer;
  md5: string;
  behaviour: Behaviour;
  close(): Promise<void>;
}

const etag = '"v1"';

/** Serves the archive, or the rest of it where the request asks for that and still means the same file. */
export const serveAs =
  (tag: string): Behaviour =>
  (request, response, archive) => {
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
    const isSame = (request.headers["if-range"] ?? tag) === tag;
    if (from === undefined || !isSame) {
      response.writeHead(200, { "content-length": archive.length, etag: tag }).end(archive);
    } else if (Number(from) >= archive.length) {
      response.writeHead(416, { "content-range": `bytes */${archive.length}` }).end();
    } else {
      const rest = archive.subarray(Number(from));
      const range = `bytes ${from}-${archive.length - 1}/${archive.length}`;
      response.writeHead(206, { "content-length": rest.length, "content-range": range, etag: tag }).end(rest);
    }
  };

export const serveWell = serveAs(etag);

/** Sends so many bytes of what is asked for and then drops the connection. */
export const cutAfter =
  (bytes: number): Behaviour =>
  (request, response, archive) => {
    const [, from = "0"] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
    const rest = archive.subarray(Number(from));
    if (rest.length <= bytes) return serveWell(request, response, archive);
    const isPart = request.headers.range !== undefined;
    response.writeHead(isPart ? 206 : 200, {
      "content-length": rest.length,
      etag,
      ...(isPart ? { "content-range": `bytes ${from}-${archive.length - 1}/${archive.length}` } : {}),
    });
    // the drop must come after the bytes, or they are lost with it
    response.write(rest.subarray(0, bytes), () => setTimeout(() => response.destroy(), 20));
  };

export async function dataSetServer(archive: Buffer): Promise<DataSetServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.range ?? ""}`.trim());
    if (!request.url?.startsWith("/datasets/ml-")) response.writeHead(404).end();
    else if (request.url.endsWith(".zip.md5")) response.end(`MD5 (archive.zip) = ${state.md5}\n`);
    else state.behaviour(request, response, state.archive);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const state: DataSetServer = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/datasets`,
    requests,
    archive,
    md5: md5Of(archive),
    behaviour: serveWell,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return state;
}

export const md5Of = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

/** Files as an archive with one folder, as GroupLens ships them. */
export function archiveOf(files: Readonly<Record<string, string>>, folder = "ml-latest-small/"): Buffer {
  const entries = Object.entries(files).map(([name, text]) => [`${folder}${name}`, Buffer.from(text)]);
  return Buffer.from(zipSync(Object.fromEntries(entries), { level: 1 }));
}

/** Invented files with the row counts of latest-small. */
export function latestSmallFiles(): Record<string, string> {
  const ratings = Array.from(
    { length: 100_836 },
    (_, at) => `${at % 610},${at % 9742},4.0,${964982703 + at}\r\n`,
  );
  const movies = Array.from({ length: 9_742 }, (_, at) => `${at},"Film, The ""${at}"" (1999)",Drama\r\n`);
  return {
    "README.txt": "Invented for a test.\nNo real data.\n",
    "ratings.csv": `userId,movieId,rating,timestamp\r\n${ratings.join("")}`,
    "movies.csv": `movieId,title,genres\r\n${movies.join("")}`,
  };
}

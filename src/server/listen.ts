import type { FastifyInstance } from "fastify";
import { UsherError } from "../errors.ts";

const octet = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const loopbackAddress = new RegExp(`^(localhost|127(\\.${octet}){3}|::1)$`);

/** Whether only this machine can reach an address. */
export const isLoopback = (host: string): boolean => loopbackAddress.test(host);

/**
 * Lets an app listen. An address that others can reach needs a key first: the server would answer nobody, or, worse, be thought to.
 *
 * @param place.port 0..65535; 0 = a free one.
 * @param place.hasKey Whether anybody could ask from outside. Default false.
 * @returns The address, such as `http://127.0.0.1:8000`.
 * @throws UsherError `PORT_IN_USE`; `CONFIG_INVALID`, an address that others reach while there is no key, or that cannot be listened on.
 */
export async function listen(
  app: FastifyInstance,
  place: { host: string; port: number; hasKey?: boolean },
): Promise<string> {
  const { host, port, hasKey = false } = place;
  if (!hasKey && !isLoopback(host)) {
    throw new UsherError(
      "CONFIG_INVALID",
      `host: expected a loopback address such as 127.0.0.1, got "${host}"; other addresses need a key first: \`usher keys create --name site --scopes read,events\` makes one`,
    );
  }
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      throw new UsherError(
        "PORT_IN_USE",
        `port ${port} on ${host} is in use; choose another with --port, or --port 0 for a free one`,
        { cause: error },
      );
    }
    if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      throw new UsherError(
        "CONFIG_INVALID",
        `cannot listen on ${host}, port ${port}: ${message}; choose another with --port`,
        { cause: error },
      );
    }
    throw error;
  }
}

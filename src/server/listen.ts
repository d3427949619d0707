import type { FastifyInstance } from "fastify";
import { UsherError } from "../errors.ts";

const octet = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const loopbackAddress = new RegExp(`^(localhost|127(\\.${octet}){3}|::1)$`);

/**
 * Lets an app listen, on a loopback address only: other addresses need keys.
 *
 * @param place.port 0..65535; 0 = a free one.
 * @returns The address, such as `http://127.0.0.1:8000`.
 * @throws UsherError `PORT_IN_USE`; `CONFIG_INVALID`, an address that is not loopback or cannot be listened on.
 */
export async function listen(app: FastifyInstance, place: { host: string; port: number }): Promise<string> {
  const { host, port } = place;
  if (!loopbackAddress.test(host)) {
    throw new UsherError(
      "CONFIG_INVALID",
      `host: expected a loopback address such as 127.0.0.1, got "${host}"; other addresses need keys, which this version does not have`,
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

import { isIP } from "node:net";
import { UsherError } from "../errors.ts";

/** Throws where a request comes under a foreign name or from a foreign page. */
export type HostGuard = (headers: { host?: string | undefined; origin?: string | undefined }) => void;

const octet = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const loopback = new RegExp(`^(?:localhost|127(?:\\.${octet}){3}|\\[::1\\])$`);

/** Splits `name:port`, `[::1]:port`, `name`; `undefined` where it is none of them. */
function splitHost(host: string): { name: string; port: string | undefined } | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^:@/\\\s[\]]+)(?::(\d{1,5}))?$/.exec(host.toLowerCase());
  return match?.[1] === undefined ? undefined : { name: match[1], port: match[2] };
}

/**
 * Guards a server against pages of other sites in the user's browser: DNS rebinding (a foreign name that
 * resolves to this machine, seen in `Host`) and requests across origins (`Origin`).
 *
 * Loopback names are good with any port; so is each of `allowedHosts`, which may itself hold a port to be good for that one only.
 *
 * @param more.addresses Whether every numeric address is good as `Host`: a page can bind a name to this machine, but no number.
 * @param more.allowsOrigin Origins that are good besides. Default: none.
 */
export function hostGuard(
  allowedHosts: readonly string[],
  more: { addresses?: boolean; allowsOrigin?: (origin: string) => boolean } = {},
): HostGuard {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const isOurs = (host: string) => {
    const parts = splitHost(host);
    if (!parts) return false;
    return loopback.test(parts.name) || allowed.has(parts.name) || allowed.has(host.toLowerCase());
  };
  // a client sends the same name each time; what was refused is not remembered, so this stays small
  let lastAccepted = "";
  return ({ host, origin }) => {
    if (host !== lastAccepted || host === "") {
      if (host === undefined || !(isOurs(host) || (more.addresses && isAddress(host))))
        throw refusal("Host", "a loopback name", host);
      lastAccepted = host;
    }
    if (origin === undefined || more.allowsOrigin?.(origin)) return;
    const page = /^https?:\/\/(.+)$/i.exec(origin)?.[1];
    if (page === undefined || !isOurs(page)) throw refusal("Origin", "an origin on a loopback name", origin);
  };
}

const isAddress = (host: string) => isIP(splitHost(host)?.name.replace(/^\[(.*)\]$/, "$1") ?? "") !== 0;

function refusal(header: string, expected: string, came: string | undefined): UsherError {
  const shown = came === undefined ? "none" : `"${came.slice(0, 128)}"`;
  return new UsherError("HOST_REFUSED", `${header}: expected ${expected} or one of \`hosts\`, got ${shown}`, {
    details: { field: header },
  });
}

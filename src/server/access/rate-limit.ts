import { isIPv6 } from "node:net";

/** How many requests one client may make. */
export interface Rate {
  /** 0 = no limit. */
  readonly perSecond: number;
  /** Requests that may come at once after a pause, ≥ 1. */
  readonly burst: number;
}

/** What became of one request. */
export interface Taken {
  readonly isAllowed: boolean;
  /** Most requests that may come at once. */
  readonly limit: number;
  /** Requests that may still come now. */
  readonly remaining: number;
  /** Seconds until the burst is whole again, rounded up. */
  readonly resetSeconds: number;
  /** Seconds until the next request may come, rounded up; 0 where it may come now. */
  readonly retrySeconds: number;
}

export interface RateLimiter {
  /** Takes one request of a client from its bucket. */
  take(client: string): Taken;
  /** Whether a client has used up its bucket; takes nothing. */
  isEmpty(client: string): boolean;
  /** Clients that are remembered. */
  size(): number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * Token buckets, one a client: each is refilled evenly, and a request takes one token.
 *
 * Memory is bounded: of more than `clientsMax` clients those that asked longest ago are forgotten, which gives them a full bucket.
 * Cost: O(1); two look-ups in a map.
 *
 * @param options.now Clock in ms that never goes back. Default `performance.now`.
 */
export function rateLimiter(
  { perSecond, burst }: Rate,
  { clientsMax = 10_000, now = () => performance.now() }: { clientsMax?: number; now?: () => number } = {},
): RateLimiter {
  // two generations: what is asked moves into the younger one, and the older one is dropped whole
  let young = new Map<string, Bucket>();
  let old = new Map<string, Bucket>();
  const bucketOf = (client: string): Bucket => {
    const known = young.get(client);
    if (known) return known;
    const bucket = old.get(client) ?? { tokens: burst, atMs: now() };
    if (young.size >= clientsMax / 2) {
      old = young;
      young = new Map();
    }
    young.set(client, bucket);
    return bucket;
  };
  const refill = (bucket: Bucket) => {
    const atMs = now();
    bucket.tokens = Math.min(burst, bucket.tokens + ((atMs - bucket.atMs) / 1000) * perSecond);
    bucket.atMs = atMs;
  };
  return {
    take: (client) => {
      const bucket = bucketOf(client);
      refill(bucket);
      const isAllowed = bucket.tokens >= 1;
      if (isAllowed) bucket.tokens -= 1;
      const { tokens } = bucket;
      return {
        isAllowed,
        limit: burst,
        remaining: Math.floor(tokens),
        resetSeconds: Math.ceil((burst - tokens) / perSecond),
        retrySeconds: tokens >= 1 ? 0 : Math.ceil((1 - tokens) / perSecond),
      };
    },
    isEmpty: (client) => {
      const bucket = young.get(client) ?? old.get(client);
      if (!bucket) return false;
      refill(bucket);
      return bucket.tokens < 1;
    },
    size: () => young.size + old.size,
  };
}

/** The client that an address stands for: itself, or of IPv6 its /64, since whoever has one address of that has them all. */
export function clientOfAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  if (!isIPv6(address)) return address;
  const [head = "", tail] = (address.split("%", 1)[0] ?? "").toLowerCase().split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  if (tail !== undefined)
    groups.push(...Array(Math.max(0, 8 - groups.length - after.length)).fill("0"), ...after);
  return `${groups.slice(0, 4).join(":")}::/64`;
}

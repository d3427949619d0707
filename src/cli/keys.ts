import type { AuditEntry, KeyInfo, KeyRequest } from "../contracts/access-http.ts";
import { scopes } from "../contracts/access-http.ts";
import { UsherError } from "../errors.ts";
import { homePaths, openHome } from "../home/home.ts";
import { type KeyStore, openKeys } from "../server/access/api-keys.ts";
import { type AuditLog, firstBroken, openAuditLog } from "../server/access/audit-log.ts";
import { askRunning } from "./asking.ts";
import type { Command, CommandRun } from "./command.ts";

/** `usher keys list|create|revoke`: in the server that runs, from its next request on, or in the home where none does. */
export const keys: Command = {
  name: "keys",
  summary: "list the API keys, make one, or revoke one",
  arguments: [
    ["[action]", "list (default), create or revoke"],
    ["[id]", "key to revoke, as the list names it"],
  ],
  options: [
    { flags: "--name <text>", meaning: "who or what will use a new key" },
    { flags: "--scopes <list>", meaning: `what it may do, by comma: ${scopes.join(", ")}` },
    { flags: "--expires-in-days <n>", meaning: "days until it stops working, 1..3650 (default: never)" },
  ],
  async run(run) {
    const [action = "list", id] = run.arguments;
    if (action === "list") return list(run);
    if (action === "create") return create(run);
    if (action !== "revoke") {
      throw new UsherError("USAGE", `keys: expected list, create or revoke, got "${action}"`);
    }
    if (id === undefined) throw new UsherError("USAGE", "keys revoke: expected the id of a key, got none");
    return revoke(run, id);
  },
};

/** `usher audit list|verify`: what administrators did. */
export const audit: Command = {
  name: "audit",
  summary: "list what administrators did, or check that nobody has changed the list",
  arguments: [["[action]", "list (default) or verify"]],
  async run(run) {
    const [action = "list"] = run.arguments;
    if (action !== "list" && action !== "verify") {
      throw new UsherError("USAGE", `audit: expected list or verify, got "${action}"`);
    }
    return action === "list" ? listAudit(run) : verifyAudit(run);
  },
  failed: (result) => (result as { first_broken?: number }).first_broken !== undefined,
};

/** Keys and audit log of a home where no server runs; this process owns the home meanwhile. */
async function inHome<T>(
  home: string,
  work: (store: { keys: KeyStore; log: AuditLog }) => Promise<T>,
): Promise<T> {
  const { lock, access } = await openHome(home);
  try {
    const store = { keys: await openKeys(access), log: await openAuditLog(access) };
    const result = await work(store);
    await store.log.close();
    return result;
  } finally {
    await lock.release();
  }
}

/** An entry of the command line itself. */
const ownEntry = (action: string, target: Record<string, string>, details: Record<string, string>) => ({
  ...{ who: "command line", address: "this machine", action, target, details },
  ...{ status: 200, outcome: "done" as const, request_id: "" },
});

async function list({ home, say }: CommandRun): Promise<unknown> {
  const answer = await askRunning(home, "/v1/keys");
  const items = answer
    ? (answer.body as { items: readonly KeyInfo[] }).items
    : await inHome(home, async ({ keys: store }) => store.list());
  if (items.length === 0) say("no keys; `usher keys create --name <name> --scopes read,events` makes one");
  for (const key of items) {
    const expires = key.expires_at === undefined ? "" : `  expires ${key.expires_at}`;
    say(
      `${key.id}  ${key.scopes.join(",")}  last used ${key.last_used_at ?? "never"}${expires}  ${key.name}`,
    );
  }
  return items;
}

async function create(run: CommandRun): Promise<unknown> {
  const body = keyRequest(run.options);
  const answer = await askRunning(run.home, { path: "/v1/keys", method: "POST", body });
  const made = (
    answer
      ? answer.body
      : await inHome(run.home, async ({ keys: store, log }) => {
          const key = await store.create(body);
          const details = { key: key.id, name: key.name, scopes: key.scopes.join(" ") };
          await log.add(ownEntry("usher keys create", {}, details));
          return key;
        })
  ) as KeyInfo & { key: string };
  run.say(`key ${made.id} (${made.scopes.join(",")}) for ${made.name}; it is shown this once:`);
  run.say(made.key);
  return made;
}

function keyRequest(options: CommandRun["options"]): KeyRequest {
  const { name, scopes: list, expiresInDays } = options;
  if (typeof name !== "string" || !/^[^\p{Cc}]{1,100}$/u.test(name)) {
    throw new UsherError("USAGE", "keys create: expected --name with 1..100 characters");
  }
  const asked = String(list ?? "").split(",");
  const unknown = asked.find((scope) => !(scopes as readonly string[]).includes(scope));
  if (unknown !== undefined) {
    throw new UsherError("USAGE", `keys create: expected --scopes of ${scopes.join(", ")}, got "${unknown}"`);
  }
  const days = expiresInDays === undefined ? undefined : Number(expiresInDays);
  if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= 3650)) {
    throw new UsherError(
      "USAGE",
      `keys create: expected --expires-in-days in 1..3650, got "${expiresInDays}"`,
    );
  }
  return {
    name,
    scopes: scopes.filter((scope) => asked.includes(scope)),
    ...(days === undefined ? {} : { expires_in_days: days }),
  };
}

async function revoke({ home, say }: CommandRun, id: string): Promise<unknown> {
  const path = `/v1/keys/${encodeURIComponent(id)}`;
  const answer = await askRunning(home, { path, method: "DELETE" });
  const gone = (
    answer
      ? answer.body
      : await inHome(home, async ({ keys: store, log }) => {
          const key = await store.revoke(id);
          await log.add(ownEntry("usher keys revoke", { id }, { name: key.name }));
          return key;
        })
  ) as KeyInfo;
  say(`revoked: key ${gone.id} for ${gone.name}`);
  return gone;
}

async function listAudit({ home, say }: CommandRun): Promise<unknown> {
  const answer = await askRunning(home, "/v1/audit");
  const items = answer
    ? (answer.body as { items: readonly AuditEntry[] }).items
    : await inHome(home, ({ log }) => log.list({ limit: 100 }));
  if (items.length === 0) say("nothing has been done yet");
  for (const { number, at, who, action, target, outcome, details } of items) {
    const told = Object.entries({ ...target, ...details }).map(([name, value]) => `${name}=${value}`);
    say([number, at, who, action, outcome, ...told].join("  "));
  }
  return items;
}

/** Reads the files themselves: what a server says of its own log is no proof. */
async function verifyAudit({ home, say }: CommandRun): Promise<unknown> {
  const broken = await firstBroken(homePaths(home).access);
  if (broken === undefined) say("the audit log is as it was written");
  else say(`entry ${broken} is not what was written, or is missing`);
  return broken === undefined ? { intact: true } : { intact: false, first_broken: broken };
}

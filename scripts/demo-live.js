// `npm run demo:live`: a server on a temporary home with the built-in demo data, and a newcomer whose list changes with every action.
// Prints what is asked, what comes back and how long each step takes; ends with exit code 1 where the list does not follow.
import "./prepare.js";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { genre: { type: "string", default: "Adventure" } } });
const { genre } = values;
const program = fileURLToPath(new URL("../bin/usher.js", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "usher-demo-live-"));
const newcomer = "ada";
const say = (line = "") => console.log(line);
const failures = [];
/** Notes whether something that the demo promises is true. */
const check = (isTrue, promise) => {
  say(`   ${isTrue ? "✓" : "✗ NOT TRUE:"} ${promise}`);
  if (!isTrue) failures.push(promise);
};

let server;
let address = "";

/** Starts the server and waits until it serves. */
async function start() {
  const began = performance.now();
  const child = spawn(process.execPath, [program, "start", "--data", "demo", "--home", home, "--port", "0"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  server = child;
  let printed = "";
  await new Promise((resolve, reject) => {
    const look = (bytes) => {
      printed += bytes;
      address = /serving on (http:\/\/[^\s:]+:\d+)/.exec(printed)?.[1] ?? "";
      if (address) resolve();
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.once("close", () => reject(new Error(`the server ended:\n${printed}`)));
  });
  return (performance.now() - began) / 1000;
}

async function stop(signal) {
  server.removeAllListeners("close");
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill(signal);
  await once(server, "close");
}

/** Asks the server. @returns The body, and the milliseconds that the answer took. */
async function ask(path, body) {
  const began = performance.now();
  const answer = await fetch(address + path, {
    ...(body === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const answered = await answer.json();
  const ms = performance.now() - began;
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answered)}`);
  return { body: answered, ms };
}

const event = (fields) => ({
  event_id: randomUUID(),
  event_ts: new Date().toISOString(),
  user_id: newcomer,
  ...fields,
});

/** Sends events and asks for the list again: the two steps whose time counts. */
async function act(what, events) {
  say(`\n${what}`);
  const sent = await ask("/v1/events", events);
  const statuses = sent.body.results.map(({ status }) => status);
  if (statuses.some((status) => status !== "accepted")) throw new Error(JSON.stringify(sent.body));
  const list = await ask(`/v1/users/${newcomer}/recommendations?k=10`);
  say(
    `   accepted (on disk) in ${sent.ms.toFixed(1)} ms, next list in ${list.ms.toFixed(1)} ms: ${(sent.ms + list.ms).toFixed(1)} ms from act to answer`,
  );
  return list.body;
}

function show({ surface, items }) {
  say(`   surface ${surface}`);
  for (const { rank, title, genres, reason } of items)
    say(`   ${String(rank).padStart(2)}. ${title} [${genres.join(", ")}] – ${reason.text}`);
}

const ofTaste = ({ items }) => items.filter(({ genres }) => genres.includes(genre)).length;
const idsOf = ({ items }) => items.map(({ item_id }) => item_id);
const same = (left, right) => idsOf(left).join() === idsOf(right).join();

async function demo() {
  say("starting a server with the built-in demo (films are real, viewers are synthetic) …");
  say(`   data, models and server ready in ${(await start()).toFixed(1)} s: ${address}`);

  const { body: before, ms } = await ask(`/v1/users/${newcomer}/recommendations?k=10`);
  say(`\n${newcomer} is new: the top list, in ${ms.toFixed(1)} ms`);
  show(before);

  const liked = (await ask(`/v1/items?genre=${encodeURIComponent(genre)}&page_size=3`)).body.items;
  if (liked.length < 3) throw new Error(`--genre: expected one with three films, got ${genre}`);
  const titles = liked.map(({ title }) => title).join(", ");
  const ratings = liked.map(({ item_id }) => event({ event_type: "rating", item_id, rating: 5 }));
  const after = await act(`${newcomer} gives five stars to three films of ${genre}: ${titles}`, ratings);
  show(after);
  check(
    after.surface === "for-you" && !same(before, after),
    "the next answer is made for them, and another one",
  );
  check(
    ofTaste(after) > ofTaste(before),
    `${genre}: ${ofTaste(before)} of 10 before, ${ofTaste(after)} after`,
  );
  check(
    liked.every(({ item_id }) => !idsOf(after).includes(item_id)),
    "what was rated is not shown again",
  );

  const [first] = after.items;
  const dislike = event({ event_type: "dislike", item_id: first.item_id });
  const without = await act(`${newcomer} dislikes the first, ${first.title}`, [dislike]);
  check(!idsOf(without).includes(first.item_id), "it is gone");
  const long = (await ask(`/v1/users/${newcomer}/recommendations?k=200`)).body;
  check(!idsOf(long).includes(first.item_id), "from the first 200, too");

  const back = await act(`${newcomer} takes the dislike back (retract)`, [
    event({ event_type: "retract", target_event_id: dislike.event_id }),
  ]);
  check(same(back, after), "the list is the one from before");

  const begun = back.items[1];
  await act(`${newcomer} watches 40 % of ${begun.title}`, [
    event({ event_type: "view", item_id: begun.item_id, progress: 0.4 }),
  ]);
  const going = (await ask(`/v1/users/${newcomer}/recommendations?surface=continue`)).body;
  check(going.items[0]?.item_id === begun.item_id, "it can be continued");
  const trending = (await ask("/v1/trending?window=1h&k=3")).body;
  check(
    trending.items.length === 3 && liked.some(({ item_id }) => idsOf(trending).includes(item_id)),
    `trending within the hour: ${trending.items.map(({ title }) => title).join(", ")}`,
  );

  const kept = (await ask(`/v1/users/${newcomer}/recommendations?k=10`)).body;
  say("\nthe server is killed (SIGKILL) and started again");
  await stop("SIGKILL");
  say(`   serves again after ${(await start()).toFixed(1)} s`);
  const { events } = (await ask(`/v1/users/${newcomer}/events`)).body;
  check(events.length === 6, `all ${events.length} events are there`);
  check(
    same((await ask(`/v1/users/${newcomer}/recommendations?k=10`)).body, kept),
    "and the list is the same",
  );
}

try {
  await demo();
} finally {
  await stop("SIGTERM");
  rmSync(home, { recursive: true, force: true });
}
say(failures.length === 0 ? "\neverything held" : `\n${failures.length} did NOT hold`);
process.exitCode = failures.length === 0 ? 0 : 1;

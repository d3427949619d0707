import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Recommendations } from "../../src/recommend/recommender.ts";
import { createApp } from "../../src/server/app.ts";
import { smallContext } from "./checked-app.ts";

const users = 1000;
let computed: number;
let app: ReturnType<typeof createApp>;
let socket: Socket;

/** A server whose lists have 200 items, and which counts them. */
beforeEach(async () => {
  const context = smallContext();
  const serving = context.serving()!;
  const answered = serving.recommender.recommend({ userId: "1", k: 7 });
  const { items } = answered;
  const list: Recommendations = {
    ...answered,
    items: Array.from({ length: 200 }, (_, at) => ({ ...items[at % items.length]!, rank: at + 1 })),
  };
  computed = 0;
  const recommend = () => {
    computed++;
    return list;
  };
  const counting = { ...serving, recommender: { recommend } as unknown as typeof serving.recommender };
  app = createApp({ ...context, serving: () => counting });
  await app.listen({ host: "127.0.0.1", port: 0 });
  socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
});
afterEach(async () => {
  socket.destroy();
  await app.close();
});

function askForAll(): void {
  const body = JSON.stringify({ user_ids: Array.from({ length: users }, (_, at) => at), k: 200 });
  socket.write(
    `POST /v1/recommendations/batch HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

/** The number of lists once no more are made. */
async function settled(): Promise<number> {
  for (let before = -1; ; before = computed) {
    await wait(200);
    if (computed > 0 && computed === before) return computed;
  }
}

describe("a batch of 1,000 users with 200 items each", () => {
  it("leaves in parts, and others are answered meanwhile", async () => {
    askForAll();
    await once(socket, "data");
    expect(computed).toBeLessThan(users);
    const other = await app.inject({ url: "/health/live", headers: { host: "localhost" } });
    expect(other.statusCode).toBe(200);
    expect(computed).toBeLessThan(users);
    socket.resume();
    await once(socket, "end");
    expect(computed).toBe(users);
  });
  it("waits for a client that does not read, instead of holding the answer in memory", async () => {
    socket.pause();
    askForAll();
    expect(await settled()).toBeLessThan(users);
  });
  it("ends when the client is gone", async () => {
    askForAll();
    await once(socket, "data");
    socket.destroy();
    expect(await settled()).toBeLessThan(users);
  });
});

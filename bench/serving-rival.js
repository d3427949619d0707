// What a site builds by hand: fastify, factors in plain JavaScript, every item scored and sorted for each request.
import { fastify } from "fastify";

const [userCount = 0, itemCount = 0, factors = 0] = process.argv.slice(2).map(Number);
const table = (rows) => Float32Array.from({ length: rows * factors }, (_, at) => Math.sin(at * 12.9898) / 2);
const [users, items] = [table(userCount), table(itemCount)];

const app = fastify();
app.get("/recommend/:user", (request) => {
  const user = Number(request.params.user) * factors;
  const scored = [];
  for (let item = 0; item < itemCount; item++) {
    let score = 0;
    for (let factor = 0; factor < factors; factor++)
      score += users[user + factor] * items[item * factors + factor];
    scored.push({ id: String(item), score });
  }
  scored.sort((left, right) => right.score - left.score);
  return { items: scored.slice(0, 10) };
});
console.log(`serves on ${await app.listen({ host: "127.0.0.1", port: 0 })}`);
process.once("SIGTERM", () => void app.close());

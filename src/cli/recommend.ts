import type { RecommendationsBody } from "../contracts/http.ts";
import { askHome } from "./asking.ts";
import type { Command } from "./command.ts";
import { recommendationLines } from "./print.ts";

/** `usher recommend <user_id>`: the same answer as the HTTP API. */
export const recommend: Command = {
  name: "recommend",
  summary: "recommend items to a user, with reasons",
  arguments: [["<user_id>", "whose list; an unknown user gets the top list"]],
  options: [
    { flags: "-k, --k <n>", meaning: "length of the list, 1..200 (default 10)" },
    { flags: "--genre <name>", meaning: "only items of this genre" },
  ],
  async run(run) {
    const [userId = ""] = run.arguments;
    const { k = "10", genre } = run.options;
    const query = new URLSearchParams({ k: String(k), ...(typeof genre === "string" ? { genre } : {}) });
    const path = `/v1/users/${encodeURIComponent(userId)}/recommendations?${query}`;
    const answer = (await askHome(run, path)) as RecommendationsBody;
    const known = answer.surface === "for-you";
    run.say(
      `${known ? "for" : "the top list, for the newcomer"} ${answer.user_id} (model ${answer.model_version}):`,
    );
    for (const line of recommendationLines(answer)) run.say(line);
    return answer;
  },
};

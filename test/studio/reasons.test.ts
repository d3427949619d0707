import { beforeAll, describe, expect, it } from "vitest";
import type { RecommendedItemBody } from "../../src/contracts/http.ts";
import {
  contentReason,
  continueReason,
  historyReason,
  imdbReason,
  newReason,
  plainReason,
  type Reason,
  ratedReason,
  reasonSources,
  similarReason,
  trendingReason,
} from "../../src/recommend/reasons.ts";
import { recommendedItemBody } from "../../src/server/answers.ts";
import { films } from "../recommend/small-release.ts";
import { stubBrowser } from "./browser-globals.ts";

let i18n: typeof import("../../studio/src/i18n/i18n.ts");
let reasonText: typeof import("../../studio/src/viewer/reason.ts").reasonText;
beforeAll(async () => {
  stubBrowser();
  i18n = await import("../../studio/src/i18n/i18n.ts");
  ({ reasonText } = await import("../../studio/src/viewer/reason.ts"));
});

const [toyStory, heat] = films as [(typeof films)[number], (typeof films)[number]];
/** A reason as the API answers it. */
const answered = (reason: Reason): RecommendedItemBody["reason"] =>
  recommendedItemBody({ item: toyStory, rank: 1, score: 1, reason }).reason;
const because = (...items: readonly (typeof toyStory)[]) =>
  historyReason(items.map((item) => ({ item, weight: 1 })));

/** What the server says, and how the Studio says it in English, French, Portuguese and Russian. */
const said: readonly (readonly [reason: Reason, en: string, fr: string, pt: string, ru: string])[] = [
  [
    because(toyStory, heat),
    ...(["because you liked Toy Story and Heat", "parce que vous avez aimé Toy Story et Heat"] as const),
    ...(["porque você gostou de Toy Story e Heat", "потому что вам понравилось: Toy Story и Heat"] as const),
  ],
  [
    because(),
    ...(["fits all your ratings taken together", "convient à l’ensemble de vos notes"] as const),
    ...(["combina com todas as suas avaliações", "подходит ко всем вашим оценкам"] as const),
  ],
  [similarReason(heat), "like Heat", "comme Heat", "como Heat", "похоже на Heat"],
  [
    ratedReason({ count: 1329, mean: 4.16 }, "popularity"),
    ...(["rated 4.2 on average by 1,329 viewers", "noté 4,2 en moyenne par 1 329 personnes"] as const),
    ...(["nota média 4,2, de 1.329 pessoas", "средняя оценка 4,2, 1 329 зрителей"] as const),
  ],
  [
    ratedReason({ count: 1, mean: 3 }, "top_ratings"),
    ...(["rated 3.0 on average by 1 viewer", "noté 3,0 en moyenne par 1 personne"] as const),
    ...(["nota média 3,0, de 1 pessoa", "средняя оценка 3,0, 1 зритель"] as const),
  ],
  [
    ratedReason({ count: 0, mean: 0 }, "popular"),
    ...(["not rated yet", "pas encore noté", "ainda sem avaliações", "оценок ещё нет"] as const),
  ],
  [
    imdbReason({ count: 22, mean: 4.6 }),
    ...(["rated 9.2 on IMDb by 22 people", "noté 9,2 sur IMDb par 22 personnes"] as const),
    ...(["nota 9,2 no IMDb, de 22 pessoas", "9,2 на IMDb, 22 оценки"] as const),
  ],
  [
    trendingReason(1, "1h"),
    "watched, liked or rated once in the last hour",
    "regardé, aimé ou noté 1 fois depuis une heure",
    "visto, curtido ou avaliado 1 vez na última hora",
    "1 просмотр, отметка или оценка за последний час",
  ],
  [
    trendingReason(12, "24h"),
    "watched, liked or rated 12 times in the last 24 hours",
    "regardé, aimé ou noté 12 fois en 24 heures",
    "visto, curtido ou avaliado 12 vezes nas últimas 24 horas",
    "12 просмотров, отметок или оценок за последние 24 часа",
  ],
  [
    trendingReason(3, "7d"),
    "watched, liked or rated 3 times in the last 7 days",
    "regardé, aimé ou noté 3 fois en 7 jours",
    "visto, curtido ou avaliado 3 vezes nos últimos 7 dias",
    "3 просмотра, отметки или оценки за последние 7 дней",
  ],
  [
    continueReason(0.404),
    ...(["you have watched 40 % of it", "vous en avez vu 40 %"] as const),
    ...(["você já viu 40 %", "вы посмотрели 40 %"] as const),
  ],
  [
    contentReason(["Comedy", "Drama"]),
    ...(["about what you like: Comedy and Drama", "sur ce que vous aimez : Comedy et Drama"] as const),
    ...(["sobre o que você gosta: Comedy e Drama", "о том, что вам нравится: Comedy и Drama"] as const),
  ],
  [contentReason([]), "by what it is about", "par son sujet", "pelo assunto", "по содержанию"],
  [
    newReason({ isNewHere: false, releaseYear: 2011 }),
    ...(["released in 2011", "sorti en 2011", "lançado em 2011", "вышло в 2011 году"] as const),
  ],
  [newReason({ isNewHere: true, releaseYear: 2011 }), "it is new", "c’est nouveau", "é novo", "это новинка"],
  [plainReason("promotion", "promoted"), "featured", "mis en avant", "em destaque", "рекомендует сайт"],
  [
    plainReason("pin", "chosen for this place"),
    "featured",
    "mis en avant",
    "em destaque",
    "рекомендует сайт",
  ],
  [
    plainReason("exploration", "tried here: tell us whether you like it"),
    ...(["to find out whether you like it", "pour savoir si cela vous plaît"] as const),
    ...(["para descobrir se você gosta", "чтобы узнать, нравится ли вам"] as const),
  ],
];
/** Spaces that a language puts into numbers are of several kinds. */
const plainSpaces = (text: string) => text.replaceAll(/\s/gu, " ");

describe.each(["en", "fr", "pt", "ru"] as const)("reasons in %s", (language) => {
  beforeAll(() => i18n.changeLanguage(language, { isChosen: false }));
  it.each(said.map((row) => [row[0].source, row[0].text, row] as const))("%s: %s", (_, __, row) => {
    const [reason, ...texts] = row;
    const expected = texts[["en", "fr", "pt", "ru"].indexOf(language)] ?? "";
    expect(plainSpaces(reasonText(answered(reason)))).toBe(expected);
  });
  it("of a server that tells no facts keep to what is known", () => {
    for (const source of Object.keys(reasonSources) as (keyof typeof reasonSources)[]) {
      const text = reasonText({ source, text: "as the server says it", because: [] });
      expect([source, text]).not.toEqual([source, expect.stringMatching(/as the server|\{|undefined|NaN/)]);
      expect(text).not.toBe("");
    }
  });
  it("of an unknown source are as the server says them", () => {
    const unknown = { source: "magic" as "pin", text: "as the server says it", because: [] };
    expect(reasonText(unknown)).toBe("as the server says it");
  });
});

it("every source has its row", () => {
  const sources = Object.keys(reasonSources);
  expect(new Set(said.map(([{ source }]) => source))).toEqual(new Set(sources));
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";
import { describe, expect, it } from "vitest";
import { type Message, en as viewerEn } from "../../studio/src/i18n/en.ts";
import { fr as viewerFr } from "../../studio/src/i18n/fr.ts";
import { pt as viewerPt } from "../../studio/src/i18n/pt.ts";
import { ru as viewerRu } from "../../studio/src/i18n/ru.ts";
import { en as operatorEn } from "../../studio/src/operator/i18n/en.ts";
import { fr as operatorFr } from "../../studio/src/operator/i18n/fr.ts";
import { pt as operatorPt } from "../../studio/src/operator/i18n/pt.ts";
import { ru as operatorRu } from "../../studio/src/operator/i18n/ru.ts";

/** The texts of every page, and those of the operator's. */
const en: Readonly<Record<string, Message>> = { ...viewerEn, ...operatorEn };
const catalogues: Readonly<Record<string, Readonly<Record<string, Message>>>> = {
  fr: { ...viewerFr, ...operatorFr },
  pt: { ...viewerPt, ...operatorPt },
  ru: { ...viewerRu, ...operatorRu },
};

const folder = fileURLToPath(new URL("../../studio/src", import.meta.url));
const sources = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => /\.tsx?$/.test(name));

/** Attributes whose values people read or hear. */
const spoken = [
  "title",
  "aria-label",
  "aria-description",
  "aria-valuetext",
  "placeholder",
  "alt",
  "label",
  "name",
];
/** Attributes that are spoken on parts of ours only: `name` of an input is none. */
const ofParts = ["name", "label"];
const hasWords = (text: string) => /\p{L}{2}/u.test(text);

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Texts that stand in the code of a page and not in the catalogue. */
export function textsOutside(file: string, code: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown, inside: { isCode: boolean }): void => {
    if (Array.isArray(node)) for (const one of node) visit(one, inside);
    if (typeof node !== "object" || node === null || Array.isArray(node)) return;
    const { type } = node as Node;
    const isCode = inside.isCode || nameOf(node as Node) === "code"; // what is typed is the same in every language
    if (type === "JSXText" && !isCode && hasWords(String((node as Node)["value"]))) {
      found.push(String((node as Node)["value"]).trim());
    }
    if (type === "JSXExpressionContainer") found.push(...literals((node as Node)["expression"] as Node));
    if (type === "JSXOpeningElement") found.push(...spokenLiterals(node as Node));
    for (const [field, value] of Object.entries(node)) {
      if (field !== "attributes" || type !== "JSXOpeningElement") visit(value, { isCode });
      else
        for (const attribute of value as Node[])
          visit((attribute["value"] as Node | null)?.["expression"], { isCode });
    }
  };
  visit(parseSync(file, code).program, { isCode: false });
  return found;
}

const nameOf = (node: Node) =>
  ((node["openingElement"] as Node | undefined)?.["name"] as Node | undefined)?.["name"];

/** A text that an expression is, or may come to. */
function literals(expression: Node | null | undefined): string[] {
  if (!expression) return [];
  if (expression.type === "Literal") {
    const { value } = expression;
    return typeof value === "string" && hasWords(value) ? [value] : [];
  }
  if (expression.type === "TemplateLiteral") {
    const parts = (expression["quasis"] as { value: { cooked: string } }[]).map(({ value }) => value.cooked);
    return parts.filter(hasWords);
  }
  const branches: Readonly<Record<string, readonly string[]>> = {
    ConditionalExpression: ["consequent", "alternate"],
    LogicalExpression: ["right"],
    BinaryExpression: ["left", "right"],
  };
  return (branches[expression.type] ?? []).flatMap((field) => literals(expression[field] as Node));
}

function spokenLiterals(element: Node): string[] {
  const isPart = /^[A-Z]/.test(String((element["name"] as Node)["name"] ?? ""));
  const isIcon = (element["name"] as Node)["name"] === "Icon";
  return (element["attributes"] as Node[]).flatMap((attribute) => {
    const name = String((attribute["name"] as Node | undefined)?.["name"]);
    if (!spoken.includes(name) || isIcon || (ofParts.includes(name) && !isPart)) return [];
    if (name === "name" && (element["name"] as Node)["name"] === "Choice") return []; // of its radio buttons
    const value = attribute["value"] as Node | null;
    return literals(value?.type === "JSXExpressionContainer" ? (value["expression"] as Node) : value);
  });
}

describe("texts of the Studio", () => {
  it.each(sources)("%s holds none that is not in the catalogue", (name) => {
    expect(textsOutside(name, readFileSync(join(folder, name), "utf8"))).toEqual([]);
  });

  it("are found wherever they could hide", () => {
    const code = `const A = ({ x }) => <div title="Read me" aria-label={x ? "One two" : "no thing"}>Hello <b>{x || "World"}</b>
      {\`Dear \${x}\`}<code>npx usher</code><IconButton name="Close it" icon="close" /><input name="query" class="field" /></div>;`;
    expect(textsOutside("a.tsx", code).sort()).toEqual(
      ["Close it", "Dear ", "Hello", "One two", "Read me", "World", "no thing"].sort(),
    );
  });

  it("are each used", () => {
    const all = sources
      .filter((name) => !name.includes("i18n/"))
      .map((name) => readFileSync(join(folder, name), "utf8"))
      .join("\n");
    /** Of these a table or a template makes the key. */
    const made =
      /^(state|reason|rail|term|part|theme|live|status|layer|gate|job|rejection|notice|schedule|trigger|task|scope|you|data|statistics)[.-]/;
    expect(Object.keys(en).filter((key) => !made.test(key) && !all.includes(`"${key}"`))).toEqual([]);
  });
});

/** The same in another language, because they are the same there. */
const sameAllowed: Readonly<Record<string, readonly string[]>> = {
  fr: ["app.pages", "app.menu", "layer.bronze", "notice.catalogue", "overview.route"],
  pt: ["app.menu", "layer.bronze", "op.days"],
  ru: [],
};
/** Names, and texts that are nothing but what is put in. */
const sameEverywhere: readonly string[] = [
  "app.name",
  "chart.csv",
  "op.ms",
  "op.seconds",
  "op.minutes",
  "op.hours",
  "models.rmse",
  "models.mae",
  "state.invalid.text",
  "state.other.text",
];

const formsOf = (message: Message): Record<string, string> =>
  typeof message === "string" ? { other: message } : { ...message };
const namesIn = (text: string) => [...text.matchAll(/\{([\w-]+)\}/g)].map(([, name]) => name).sort();

describe.each(Object.entries(catalogues))("%s", (language, catalogue) => {
  const keys = Object.keys(en);
  it("has the same texts", () => {
    expect(Object.keys(catalogue).sort()).toEqual([...keys].sort());
    expect(Object.keys(viewerEn).filter((key) => key in operatorEn)).toEqual([]);
  });

  it("says everything, in its own words", () => {
    const same = keys.filter((key) => JSON.stringify(catalogue[key]) === JSON.stringify(en[key]));
    expect(same.filter((key) => !sameEverywhere.includes(key)).sort()).toEqual(
      [...(sameAllowed[language] ?? [])].sort(),
    );
  });

  it("puts in the same values, in every form", () => {
    const wrong = keys.filter((key) => {
      const wanted = namesIn(formsOf(en[key] ?? "")["other"] ?? "");
      return Object.values(formsOf(catalogue[key] ?? "")).some(
        (text) => String(namesIn(text)) !== String(wanted),
      );
    });
    expect(wrong).toEqual([]);
  });

  it("has the plural forms of the language", () => {
    const rules = new Intl.PluralRules(language);
    const used = new Set(Array.from({ length: 200 }, (_, count) => rules.select(count)));
    const plural = keys.filter((key) => typeof en[key] !== "string");
    expect(plural.length).toBeGreaterThan(0);
    for (const key of plural)
      expect(
        [key, ...used].filter((form) => form !== key && !(form in formsOf(catalogue[key] ?? ""))),
      ).toEqual([]);
  });
});

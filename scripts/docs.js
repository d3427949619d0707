// Writes what is made from code: docs/errors.md, the files of contracts.js (schemas/, docs/data-contracts.md), and in other pages everything between `<!-- begin: name -->` and `<!-- end: name -->`.
// `node scripts/docs.js` after a build. A test fails when a page is stale.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { contractFiles } from "./contracts.js";
import { table } from "./markdown.js";

const exitCodes =
  "0 done · 1 it could not be done · 2 the command, its options or the configuration are wrong · 130 cancelled";

/** The page of all error codes, from the table in src/errors.ts. */
export const errorsPage = (errorKinds) => `# Errors

Made from the table in \`src/errors.ts\`. A message says what was expected and what came; this page says what to do.
Over HTTP an error is a problem document (RFC 9457) with the code and the status; the command line ends with the exit code.

| code | status | exit | means | what to do |
|---|---|---|---|---|
${errorKinds.map(({ code, status, exitCode, message, remedy }) => `| \`${code}\` | ${status} | ${exitCode} | ${message} | ${remedy} |`).join("\n")}

Exit codes of the command line: ${exitCodes}.
`;

const code = (text) => `\`${text}\``;

/** What a value of the configuration may be, from its schema. */
const allowed = ({ type, anyOf, minimum, maximum, pattern, isSecret }) => {
  if (isSecret) return "a secret, by environment only";
  if (anyOf) return anyOf.map((choice) => code(choice.const)).join(" ");
  if (minimum !== undefined) return `${minimum}..${maximum}`;
  if (pattern) return pattern.startsWith("^(/") ? "a path" : "a URL";
  return { array: "texts", boolean: "`true` `false`", object: "an object" }[type] ?? "a text";
};

/** Every key of `usher.json`: `settings` are those of an empty home. */
const configurationTable = ({ configurationSchema, settings, environmentName, commands }) =>
  table(
    ["key", "default", "may be", "environment", "option", "means"],
    settings.map(({ key, value, meaning }) => {
      const schema = key.split(".").reduce((node, name) => node.properties[name], configurationSchema);
      const flags = commands.flatMap(({ options = [] }) =>
        options.filter(({ setting }) => setting === key).map(({ flags }) => flags.split(" ")[0]),
      );
      const shown = [...new Set(flags)].map(code).join(" ");
      return [
        code(key),
        code(JSON.stringify(value)),
        allowed(schema),
        code(environmentName(key)),
        shown,
        meaning,
      ];
    }),
  );

/** Every command with its arguments and options. */
const commandsReference = ({ commands, sharedOptions }) => {
  const optionRows = (options) => options.map(({ flags, meaning }) => [code(flags), meaning]);
  const parts = commands.map(({ name, summary, arguments: args = [], options = [] }) => {
    const rows = [...args.map(([notation, meaning]) => [code(notation), meaning]), ...optionRows(options)];
    const usage = ["usher", name, ...args.map(([notation]) => notation)].join(" ");
    return [
      `### \`${usage}\``,
      "",
      `${summary[0].toUpperCase()}${summary.slice(1)}.`,
      ...(rows.length === 0 ? [] : ["", table(["argument or option", "means"], rows)]),
    ].join("\n");
  });
  const shared = `### Options of every command\n\n${table(["option", "means"], [...optionRows(sharedOptions), ["`--help`", "what the command takes"]])}`;
  return [
    ...parts,
    shared,
    `### Exit codes\n\n${exitCodes}. The code of each error stands in [errors.md](errors.md).`,
  ].join("\n\n");
};

/** Every silver and gold table with its columns. */
const tablesReference = ({ tables }) =>
  Object.entries(tables)
    .map(([name, { meaning, key, columns }]) => {
      const rows = Object.entries(columns).map(([column, { type, required, meaning }]) => [
        code(column),
        code(type),
        required ? "" : "yes",
        meaning,
      ]);
      const keyed = key.length === 0 ? "Rows may repeat." : `One row for each ${key.map(code).join(" + ")}.`;
      return `### ${name}\n\n${meaning}. ${keyed}\n\n${table(["column", "type", "may be absent", "means"], rows)}`;
    })
    .join("\n\n");

/** How long an event may wait, layer by layer. */
const freshnessRows = ({ freshnessLimitSeconds: { bronze, silver, gold } }) =>
  [
    ["bronze_events_<topic>_raw", bronze, "an event waits in the log"],
    ["silver_events_<topic>", silver, "an event that the build before did not have waited"],
    ["gold_item_stats", gold, "an event that the build before did not have waited"],
  ].map(([name, seconds, when]) => [
    code(name),
    "freshness",
    "warning",
    `${when} longer than ${seconds < 7200 ? `${seconds / 60} minutes` : `${seconds / 3600} hours`}`,
  ]);

/** Why a row is refused, table by table. */
const qualityTable = ({ qualityRules, duplicateReason, unknownItemReason, freshnessLimitSeconds }) =>
  table(
    ["table", "check", "level", "a row fails where"],
    [
      ...Object.entries(qualityRules).flatMap(
        ([name, { rowRules, uniqueBy, itemsMustExist, staging, levels }]) => {
          const reasons = (check) =>
            [...new Set(rowRules.filter((rule) => rule.check === check).map(({ reason }) => reason))].join(
              "; ",
            );
          const unknown =
            staging === "links"
              ? unknownItemReason
              : `${unknownItemReason} (it gets a placeholder; the row is kept)`;
          return [
            ["completeness", reasons("completeness")],
            ["validity", `${reasons("validity")}; the row could not be split`],
            [
              "uniqueness",
              uniqueBy.length === 0
                ? ""
                : `${duplicateReason}: ${uniqueBy.join(" + ")} appears again later in the file`,
            ],
            ["consistency", itemsMustExist ? unknown : ""],
            // most users are known from their ratings, whose volume is checked
            [
              "volume",
              name === "silver_users"
                ? ""
                : "the table would hold less than half of the rows of the previous build",
            ],
          ]
            .filter(([, when]) => when !== "")
            .map(([check, when]) => [code(name), check, levels[check], when]);
        },
      ),
      ...freshnessRows({ freshnessLimitSeconds }),
    ],
  );

/** Every algorithm with its parameters. */
const algorithmsReference = ({ algorithms }) =>
  Object.values(algorithms)
    .map(({ name, purpose, parameters }) => {
      const rows = Object.entries(parameters).map(([key, rule]) => [
        code(key),
        rule.default,
        rule.choices
          ? rule.choices.map(code).join(", ")
          : `${rule.min}..${rule.max}${rule.integer ? ", whole" : ""}`,
        rule.meaning,
      ]);
      const does = {
        ranking: "orders items; fitted on weights",
        rating: "predicts ratings; fitted on ratings",
      };
      return `### ${name}\n\nA ${purpose} model: it ${does[purpose].replace(/;.*/, "")}, and is${does[purpose].replace(/.*;/, "")}.\n\n${table(["parameter", "default", "range", "means"], rows)}`;
    })
    .join("\n\n");

/** Every way into the server, and what each kind of asker gets there. */
const doorsTable = ({ doors, scopes }) => {
  const may = { user_id: "own", id: "own", events: "own events", nobody: "yes" };
  const rows = doors
    .filter(({ method, route }) => method !== "HEAD" && !route.startsWith("/docs/"))
    .sort((left, right) => (left.route < right.route ? -1 : left.route > right.route ? 1 : 0))
    .map(({ method, route, scope, self }) => [
      code(`${method} ${route.replaceAll(/:(\w+)/g, "{$1}")}`),
      scope === "open" ? "yes" : "",
      ...scopes.map((held) => (["open", "any", held].includes(scope) || held === "admin" ? "yes" : "")),
      scope === "open" || scope === "any" ? "yes" : (may[self] ?? ""),
    ]);
  return table(["route", "no key", ...scopes.map(code), "user token"], rows);
};
const fieldWords = { text: "text", number: "number", boolean: "yes or no", texts: "list of texts" };
const filterFields = ({ fields }) =>
  table(
    ["field", "type", "is"],
    Object.entries(fields).map(([name, { type, meaning }]) => [`\`${name}\``, fieldWords[type], meaning]),
  );
const builtInTable = ({ builtInSurfaces }) =>
  table(
    ["surface", "document"],
    builtInSurfaces.map(({ name, title, ...rest }) => [`\`${name}\``, `\`${JSON.stringify(rest)}\``]),
  );

/**
 * The parts of pages that are made from code, by name. `code` holds the exports of the modules that they are made from, and the
 * `settings` of an empty home.
 */
export const sectionsOf = (code) => ({
  configuration: configurationTable(code),
  commands: commandsReference(code),
  tables: tablesReference(code),
  "quality-rules": qualityTable(code),
  algorithms: algorithmsReference(code),
  doors: doorsTable(code),
  "filter-fields": filterFields(code),
  "built-in-surfaces": builtInTable(code),
});

/** The pages that hold such parts. */
export const filledPages = [
  "docs/configuration.md",
  "docs/command-line.md",
  "docs/data.md",
  "docs/models.md",
  "docs/security.md",
  "docs/filter-language.md",
  "docs/surfaces.md",
];

/** A page with its parts made anew. */
export const fillPage = (page, sections) =>
  page.replace(/(<!-- begin: ([a-z-]+) -->\n)[\s\S]*?(<!-- end: \2 -->)/g, (_, begin, name, end) => {
    if (sections[name] === undefined)
      throw new Error(`there is no part "${name}"; there are ${Object.keys(sections).join(", ")}`);
    return `${begin}\n${sections[name]}\n\n${end}`;
  });

/** What the parts are made from: the exports of some modules of src/, which `load` imports, and the settings of an empty home. */
export const readCode = async (load) => {
  const names = [
    "contracts/access-http",
    "contracts/configuration",
    "contracts/events",
    "contracts/mismatch",
    "contracts/quality",
    "contracts/tables",
    "contracts/list-tables",
    "cli/command",
    "cli/commands",
    "recommend/filter/fields",
    "recommend/built-in-surfaces",
  ];
  const modules = await Promise.all(
    [...names, "home/configuration", "models/algorithms", "server/app", "errors"].map(load),
  );
  const code = Object.assign({}, ...modules);
  const app = code.createApp({
    ...{ serving: () => undefined, releases: async () => [], status: () => ({}), allowedHosts: [] },
  });
  await app.ready();
  const { doors } = app;
  await app.close();
  return { ...code, doors, ...(await code.loadConfiguration({ home: "no-such-home", environment: {} })) };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const code = await readCode((name) => import(`../dist/${name}.js`));
  const page = (name) => new URL(`../${name}`, import.meta.url);
  writeFileSync(page("docs/errors.md"), errorsPage(code.errorKinds));
  for (const [name, text] of Object.entries(contractFiles(code))) {
    mkdirSync(new URL(".", page(name)), { recursive: true });
    writeFileSync(page(name), text);
  }
  const sections = sectionsOf(code);
  for (const name of filledPages)
    writeFileSync(page(name), fillPage(readFileSync(page(name), "utf8"), sections));
}

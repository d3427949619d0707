import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { defaultConfiguration } from "../../src/contracts/configuration.ts";
import { loadConfiguration } from "../../src/home/configuration.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "usher-config-"));
});
const file = (content: unknown) =>
  writeFile(join(home, "usher.json"), typeof content === "string" ? content : JSON.stringify(content));

describe("configuration", () => {
  it("is the defaults where nothing is set", async () => {
    const { values, settings } = await loadConfiguration({ home, environment: {} });
    expect(values).toEqual(defaultConfiguration);
    expect(settings.every(({ origin }) => origin === "default")).toBe(true);
  });

  it("takes flags over environment over file over defaults", async () => {
    await file({ port: 1, seed: 1, hosts: ["a.example"], download: { timeout_ms: 5 } });
    const environment = {
      USHER_PORT: "2",
      USHER_SEED: "2",
      USHER_DOWNLOAD_TIMEOUT_MS: "7",
      USHER_HOSTS: "x, y",
    };
    const { values, settings } = await loadConfiguration({
      home,
      environment,
      flags: { port: 3, ratings_file: undefined },
    });
    expect(values).toMatchObject({ port: 3, seed: 2, hosts: ["x", "y"], ratings_file: "" });
    expect(values.download).toEqual({ ...defaultConfiguration.download, timeout_ms: 7 });
    expect(settings.find(({ key }) => key === "port")?.origin).toBe("flag");
    expect(settings.find(({ key }) => key === "seed")?.origin).toBe("environment");
  });

  it("reads true and false from the environment, and nothing else for them", async () => {
    const hidden = async (text: string) =>
      (await loadConfiguration({ home, environment: { USHER_HIDE_CONSUMED: text } })).values.hide_consumed;
    expect([await hidden("true"), await hidden("false")]).toEqual([true, false]);
    for (const text of ["no", "", "0", "TRUE"]) {
      await expect(hidden(text)).rejects.toMatchObject({
        code: "CONFIG_INVALID",
        message: `USHER_HIDE_CONSUMED: expected true or false, got "${text}"`,
      });
    }
  });

  it("reads model parameters as JSON from the environment", async () => {
    const { values } = await loadConfiguration({
      home,
      environment: { USHER_MODELS: '{"ials":{"factors":8}}' },
    });
    expect(values.models).toEqual({ ials: { factors: 8 } });
  });

  const refused: [string, unknown, Record<string, string>, RegExp][] = [
    ["an unknown key names the nearest", { prot: 1 }, {}, /unknown key "prot"; did you mean "port"\?/],
    [
      "a nested unknown key too",
      { download: { timeout: 1 } },
      {},
      /unknown key "download.timeout".*"download.timeout_ms"/,
    ],
    [
      "a port out of range",
      { port: 70000 },
      {},
      /usher.json: port: expected an integer in 0..65535, got 70000/,
    ],
    [
      "a port that is text",
      {},
      { USHER_PORT: "eight" },
      /USHER_PORT: expected an integer in 0..65535, got "eight"/,
    ],
    ["an empty number", {}, { USHER_SEED: " " }, /USHER_SEED: expected an integer/],
    [
      "a wrong level",
      { log_level: "loud" },
      {},
      /expected one of silent, error, warn, info, debug, got "loud"/,
    ],
    ["a list", [1], {}, /expected an object, got \[1\]/],
    ["no JSON", "{port: 1}", {}, /expected JSON/],
    [
      "parameters that are neither numbers nor names",
      { models: { ials: { factors: true } } },
      {},
      /models: expected an object of algorithms/,
    ],
    [
      "JSON in the environment that is none",
      {},
      { USHER_MODELS: "ials" },
      /USHER_MODELS: expected JSON, got ials/,
    ],
    ["__proto__ as a key", '{"__proto__": {"port": 1}}', {}, /unknown key "__proto__"/],
  ];
  it.each(refused)("refuses: %s", async (_case, content, environment, message) => {
    await file(content);
    await expect(loadConfiguration({ home, environment })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(message),
    });
  });
});

it("the least audience cannot be set below 5", async () => {
  await expect(
    loadConfiguration({ home: ".", environment: { USHER_PRIVACY_AUDIENCE_MIN: "4" } }),
  ).rejects.toThrow(/AUDIENCE_MIN: expected an integer in 5\.\./);
});

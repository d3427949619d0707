import { describe, expect, it } from "vitest";
import { read } from "../../docs/blocks.ts";

/** Rows of the checklist: the file of the test, and words of its title. */
const rows = [...read("docs/security.md").matchAll(/^\| .* \| `(test\/[\w/.-]+)`: "(.+)" \|$/gm)];

describe("the checklist of docs/security.md", () => {
  it("has a row for each risk, each with a test", () => {
    const table = read("docs/security.md").split("| risk | here | test |")[1] ?? "";
    expect(rows.length).toBe(table.split("\n").filter((line) => line.startsWith("| ")).length);
    expect(rows.length).toBeGreaterThan(20);
  });

  it.each(rows.map(([, file = "", title = ""]) => [title, file]))(
    "names a test that there is: %s",
    (title, file) => {
      const titles = [
        ...read(file).matchAll(
          /\b(?:it|describe)(?:\.\w+(?:<[^(]*>)?\([\s\S]*?\))?\(\s*"((?:[^"\\]|\\.)*)"/g,
        ),
      ].map((found) => found[1]);
      expect(titles.filter((found) => found?.includes(title))).not.toEqual([]);
    },
  );
});

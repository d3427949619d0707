import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commit, machine, root } from "./project.ts";

/** A table with what must be said beside it. */
export interface Section {
  /** Name of the benchmark, as in `npm run bench -- <name>`. */
  readonly name: string;
  readonly question: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Data, parameters, threads of the rival, what was left out. */
  readonly notes: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
}

const reportFile = join(root, "bench", "REPORT.md");
const intro = `# Benchmark report

Written by \`npm run bench -- <name> --rival\`, a section a run. Ratio = our wall time ÷ the rival's, median of the turns (least–greatest); both sides took turns on the same files. Memory is the peak resident memory of the process, data included. A \`+\` after a commit: sources differed from it.
`;

/** Prints a section; with `keep` also puts it in the place of its namesake in bench/REPORT.md. */
export function publish(section: Section, { keep }: { keep: boolean }): void {
  const text = sectionText(section);
  console.log(`\n${text}`);
  if (!keep) return;
  const before = existsSync(reportFile) ? readFileSync(reportFile, "utf8") : intro;
  writeFileSync(reportFile, merged(before, section.name, text));
}

/** The report with the section replaced, or added at its end. */
export function merged(report: string, name: string, text: string): string {
  const [begin, end] = [`<!-- begin: ${name} -->`, `<!-- end: ${name} -->`];
  const block = `${begin}\n${text}\n${end}`;
  const from = report.indexOf(begin);
  if (from < 0) return `${report.trimEnd()}\n\n${block}\n`;
  return report.slice(0, from) + block + report.slice(report.indexOf(end) + end.length);
}

function sectionText({ name, question, head, rows, notes, versions }: Section): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const list = Object.entries(versions)
    .filter(([of]) => of !== "node")
    .map(([of, version]) => `${of} ${version}`);
  const measured = [machine(), ...list, `commit ${commit()}`, new Date().toISOString().slice(0, 10)];
  return [
    `## ${name}`,
    "",
    question,
    "",
    line(head),
    line(head.map(() => "---")),
    ...rows.map(line),
    "",
    ...notes.map((note) => `- ${note}`),
    `- Measured: ${measured.join(", ")}.`,
    "",
  ].join("\n");
}

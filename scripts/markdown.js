// Pieces of Markdown for the pages that are made from code.

/** Text as Markdown shows it: a bar would end the cell, and `<folder>` outside of code would be taken for HTML. */
const cellText = (text) =>
  text
    .replaceAll("|", "\\|")
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "\\<")))
    .join("");

/** A Markdown table. */
export const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cellText(String(cell))).join(" | ")} |`)
    .join("\n");

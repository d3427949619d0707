import type { ComponentChildren } from "preact";

/** A table with a caption and heads of columns and rows. Wider than the page it scrolls by itself, by keyboard too. */
export function Table({
  caption,
  columns,
  rows,
}: {
  caption: string;
  /** `isNumber` stands at the right. */
  columns: readonly { readonly label: string; readonly isNumber?: boolean }[];
  /** The first cell of a row names it. */
  rows: readonly { readonly id: string; readonly cells: readonly ComponentChildren[] }[];
}) {
  const classOf = (at: number) => (columns[at]?.isNumber ? "is-number" : undefined);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable
    <section class="table" aria-label={caption} tabIndex={0}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ label }, at) => (
              <th key={label} scope="col" class={classOf(at)}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, cells: [head, ...others] }) => (
            <tr key={id}>
              <th scope="row">{head}</th>
              {others.map((cell, at) => (
                <td key={at} class={classOf(at + 1)}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

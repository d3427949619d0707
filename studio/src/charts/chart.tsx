import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../design/button.tsx";
import { Table } from "../design/table.tsx";
import { number } from "../i18n/i18n.ts";
import { w } from "../operator/words.ts";
import { type Cell, csvOf, download } from "./csv.ts";

/** A chart with what it shows as a table: beside it on demand, and as a file. */
export function Chart({
  heading,
  file,
  columns,
  rows,
  digits = 2,
  children,
}: {
  heading: string;
  /** Name of the file, without its end. */
  file: string;
  columns: readonly { readonly label: string; readonly isNumber?: boolean }[];
  /** The first cell of a row names it. */
  rows: readonly (readonly Cell[])[];
  digits?: number;
  children: ComponentChildren;
}) {
  const [isTable, setTable] = useState(false);
  const heads = columns.map(({ label }) => label);
  return (
    <figure class="chart panel">
      <figcaption class="chart-head">
        <h2>{heading}</h2>
        <span class="chart-deeds">
          <Button look="quiet" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
            {w("chart.table")}
          </Button>
          <Button look="quiet" onClick={() => download(`${file}.csv`, csvOf(heads, rows))}>
            {w("chart.csv")}
          </Button>
        </span>
      </figcaption>
      {rows.length === 0 ? <p class="chart-none">{w("chart.none")}</p> : children}
      {isTable && (
        <Table
          caption={heading}
          columns={columns}
          rows={rows.map((cells, at) => ({
            id: `${at} ${cells[0]}`,
            cells: cells.map((cell) => (typeof cell === "number" ? number(cell, digits) : cell)),
          }))}
        />
      )}
    </figure>
  );
}

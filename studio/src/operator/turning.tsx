import { useState } from "preact/hooks";
import { Button } from "../design/button.tsx";
import { w } from "./words.ts";

/** Lines of a page. */
const pageLines = 50;

/** A list that comes in pages: what asks for the one that is shown, and the buttons to its neighbours. */
export function usePages() {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1) ?? "";
  const turning = (next: string | undefined) => (
    <div class="op-row">
      {cursors.length > 0 && <Button onClick={() => setCursors(cursors.slice(0, -1))}>{w("op.back")}</Button>}
      {next && <Button onClick={() => setCursors([...cursors, next])}>{w("op.more")}</Button>}
    </div>
  );
  return { cursor, query: `limit=${pageLines}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, turning };
}

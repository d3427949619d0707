/** One event of a stream of server-sent events. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
}

/**
 * Splits what arrives into events. Reads what the standard calls an event stream, as far as Usher writes it.
 *
 * @returns Takes the next piece of text, gives the events that it completes.
 */
export function eventReader(): (piece: string) => StreamEvent[] {
  let rest = "";
  return (piece) => {
    const blocks = (rest + piece).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    return blocks.map(eventOf).filter((event) => event.data !== "");
  };
}

function eventOf(block: string): StreamEvent {
  const fields = block
    .split("\n")
    .map((line) => /^(\w+): ?(.*)$/.exec(line))
    .filter((found) => found !== null);
  const last = (name: string) => fields.findLast(([, field]) => field === name)?.[2];
  const data = fields.filter(([, field]) => field === "data").map(([, , text]) => text);
  return { event: last("event") ?? "message", data: data.join("\n"), id: last("id") };
}

// What the writer writes in its call n, so that a checker knows what must be there.

const topics = ["events_views", "events_clicks", "events_ratings"];

/** The id of record `at` of call n: a UUID. */
export const idOf = (call, at) =>
  `${call.toString(16).padStart(8, "0")}-0000-4000-8000-${at.toString(16).padStart(12, "0")}`;

/** The records of call n; some span several pages. */
export const recordsOf = (call, batch) =>
  Array.from({ length: batch }, (_, at) => ({
    topic: topics[(call + at) % topics.length],
    key: `user ${at}`,
    id: idOf(call, at),
    receivedMs: 1_800_000_000_000 + call,
    value: Buffer.alloc(at === 0 && call % 7 === 3 ? 9000 : 40 + (call % 50), `${call}/${at};`),
  }));

/** The changes of state n: a counter, a key of its own, and one more that says the same, so that a torn write shows. */
export const changesOf = (state) => [
  ["count", Buffer.from(`${state}`)],
  [`each/${`${state}`.padStart(6, "0")}`, Buffer.alloc(state % 5 === 2 ? 5000 : 30, `${state};`)],
  ["twin", Buffer.from(`${state}`)],
];

/** Rows that call n of the writer of tables writes. */
export const rowsOf = (call) => 40 + (call % 7);

/** Ratings of a few users, from which a release is trained. */
export const trainingRows = () => {
  const [userCount, itemCount] = [30, 12];
  const rows = [];
  for (let user = 0; user < userCount; user++)
    for (let item = 0; item < itemCount; item++)
      if ((user * 7 + item * 5) % 3 !== 0) rows.push([user, item, 1 + ((user + item) % 5)]);
  const column = (at) => rows.map((row) => row[at]);
  return {
    ...{ userCount, itemCount, users: Int32Array.from(column(0)), items: Int32Array.from(column(1)) },
    values: Float32Array.from(column(2)),
  };
};

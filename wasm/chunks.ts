// Laying out both sides of a sparse matrix chunk by chunk; see `src/models/chunked-sides.ts`. Counting and placing are each done twice:
// for users from the matrix as it came, for items from the users' layout, whose chunks keep what is written at a time in the cache.

/** For the users in the places from..to−1: counts the entries of each in each chunk of items, one cell too far on in `starts`. */
export function countUserEntries(
  given: usize,
  order: usize,
  items: usize,
  chunkOf: usize,
  rowCount: i32,
  starts: usize,
  from: i32,
  to: i32,
): void {
  for (let row = from; row < to; row++) {
    const user = given + ((<usize>load<u32>(order + ((<usize>row) << 2))) << 2);
    const end = items + ((<usize>load<u32>(user, 4)) << 2);
    for (let at = items + ((<usize>load<u32>(user)) << 2); at < end; at += 4) {
      const chunk = load<i32>(chunkOf + ((<usize>load<u32>(at)) << 2));
      const cell = starts + ((<usize>(chunk * rowCount + row)) << 2);
      store<i32>(cell, load<i32>(cell, 4) + 1, 4);
    }
  }
}

/** For the same users: writes the place of the item of each entry where the entry belongs. Scratch: one integer a chunk. */
export function placeUserEntries(
  given: usize,
  order: usize,
  items: usize,
  weights: usize,
  chunkOf: usize,
  placeOf: usize,
  rowCount: i32,
  chunks: i32,
  starts: usize,
  outItems: usize,
  outWeights: usize,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  for (let row = from; row < to; row++) {
    for (let chunk = 0; chunk < chunks; chunk++) {
      const start = starts + ((<usize>(chunk * rowCount + row)) << 2);
      store<i32>(scratch + ((<usize>chunk) << 2), load<i32>(start));
    }
    const user = given + ((<usize>load<u32>(order + ((<usize>row) << 2))) << 2);
    const end = items + ((<usize>load<u32>(user, 4)) << 2);
    for (let at = items + ((<usize>load<u32>(user)) << 2); at < end; at += 4) {
      const item = (<usize>load<u32>(at)) << 2;
      const next = scratch + ((<usize>load<u32>(chunkOf + item)) << 2);
      const to = (<usize>load<u32>(next)) << 2;
      store<i32>(next, load<i32>(next) + 1);
      store<i32>(outItems + to, load<i32>(placeOf + item));
      if (weights != 0) store<f32>(outWeights + to, load<f32>(weights + (at - items)));
    }
  }
}

/** For the chunks from..to−1 of users, with these bounds: counts the entries of each item, one cell too far on in `starts`. */
export function countItemEntries(
  userStarts: usize,
  userCount: i32,
  userChunks: i32,
  userItems: usize,
  bounds: usize,
  itemCount: i32,
  starts: usize,
  from: i32,
  to: i32,
): void {
  for (let chunk = from; chunk < to; chunk++) {
    const counts = starts + ((<usize>(chunk * itemCount)) << 2);
    const first = load<i32>(bounds + ((<usize>chunk) << 2));
    const last = load<i32>(bounds + ((<usize>chunk) << 2), 4);
    for (let part = 0; part < userChunks; part++) {
      const rows = userStarts + ((<usize>(part * userCount)) << 2);
      const end = userItems + ((<usize>load<u32>(rows + ((<usize>last) << 2))) << 2);
      for (let at = userItems + ((<usize>load<u32>(rows + ((<usize>first) << 2))) << 2); at < end; at += 4) {
        const cell = counts + ((<usize>load<u32>(at)) << 2);
        store<i32>(cell, load<i32>(cell, 4) + 1, 4);
      }
    }
  }
}

/** For the same chunks: writes the place of the user of each entry where the entry belongs; `next` is a copy of the starts. */
export function placeItemEntries(
  userStarts: usize,
  userCount: i32,
  userChunks: i32,
  userItems: usize,
  userWeights: usize,
  bounds: usize,
  itemCount: i32,
  next: usize,
  outItems: usize,
  outWeights: usize,
  from: i32,
  to: i32,
): void {
  for (let chunk = from; chunk < to; chunk++) {
    const cursors = next + ((<usize>(chunk * itemCount)) << 2);
    const first = load<i32>(bounds + ((<usize>chunk) << 2));
    const last = load<i32>(bounds + ((<usize>chunk) << 2), 4);
    for (let part = 0; part < userChunks; part++) {
      const rows = userStarts + ((<usize>(part * userCount)) << 2);
      for (let row = first; row < last; row++) {
        const start = rows + ((<usize>row) << 2);
        const end = (<usize>load<u32>(start, 4)) << 2;
        for (let at = (<usize>load<u32>(start)) << 2; at < end; at += 4) {
          const cursor = cursors + ((<usize>load<u32>(userItems + at)) << 2);
          const to = (<usize>load<u32>(cursor)) << 2;
          store<i32>(cursor, load<i32>(cursor) + 1);
          store<i32>(outItems + to, row);
          if (userWeights != 0) store<f32>(outWeights + to, load<f32>(userWeights + at));
        }
      }
    }
  }
}

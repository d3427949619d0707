import type { LayoutKernels } from "./layout-kernels.ts";

type UserKernels = Pick<LayoutKernels, "countUserEntries" | "placeUserEntries">;
type ItemKernels = Pick<LayoutKernels, "countItemEntries" | "placeItemEntries">;

/** The layout kernels in JavaScript. */
export function jsLayout(buffer: ArrayBufferLike): LayoutKernels {
  return { ...jsUserLayout(buffer), ...jsItemLayout(buffer) };
}

function jsUserLayout(buffer: ArrayBufferLike): UserKernels {
  const f32 = new Float32Array(buffer);
  const i32 = new Int32Array(buffer);

  const countUserEntries: LayoutKernels["countUserEntries"] = (
    ...[given, order, items, chunkOf, rowCount, starts, from, to]
  ) => {
    for (let row = from; row < to; row++) {
      const user = (given >> 2) + i32[(order >> 2) + row]!;
      for (let entry = i32[user]!; entry < i32[user + 1]!; entry++) {
        const chunk = i32[(chunkOf >> 2) + i32[(items >> 2) + entry]!]!;
        i32[(starts >> 2) + chunk * rowCount + row + 1]!++;
      }
    }
  };

  const placeUserEntries: LayoutKernels["placeUserEntries"] = (
    ...[
      given,
      order,
      items,
      weights,
      chunkOf,
      placeOf,
      rowCount,
      chunks,
      starts,
      outItems,
      outWeights,
      ...rest
    ]
  ) => {
    const [from, to] = rest;
    const next = new Int32Array(chunks);
    for (let row = from; row < to; row++) {
      for (let chunk = 0; chunk < chunks; chunk++) next[chunk] = i32[(starts >> 2) + chunk * rowCount + row]!;
      const user = (given >> 2) + i32[(order >> 2) + row]!;
      for (let entry = i32[user]!; entry < i32[user + 1]!; entry++) {
        const item = i32[(items >> 2) + entry]!;
        const at = next[i32[(chunkOf >> 2) + item]!]!++;
        i32[(outItems >> 2) + at] = i32[(placeOf >> 2) + item]!;
        if (weights !== 0) f32[(outWeights >> 2) + at] = f32[(weights >> 2) + entry]!;
      }
    }
  };

  return { countUserEntries, placeUserEntries };
}

function jsItemLayout(buffer: ArrayBufferLike): ItemKernels {
  const f32 = new Float32Array(buffer);
  const i32 = new Int32Array(buffer);

  /** Calls `visit` with each entry of a chunk of users in the users' layout: its index there, and the place of its user. */
  const eachOfChunk = (
    [userStarts, userCount, userChunks, bounds]: readonly [number, number, number, number],
    chunk: number,
    visit: (entry: number, row: number) => void,
  ) => {
    for (let part = 0; part < userChunks; part++) {
      const starts = (userStarts >> 2) + part * userCount;
      for (let row = i32[(bounds >> 2) + chunk]!; row < i32[(bounds >> 2) + chunk + 1]!; row++) {
        for (let entry = i32[starts + row]!; entry < i32[starts + row + 1]!; entry++) visit(entry, row);
      }
    }
  };

  const countItemEntries: LayoutKernels["countItemEntries"] = (
    ...[userStarts, userCount, userChunks, userItems, bounds, itemCount, starts, from, to]
  ) => {
    for (let chunk = from; chunk < to; chunk++) {
      const counts = (starts >> 2) + chunk * itemCount;
      eachOfChunk([userStarts, userCount, userChunks, bounds], chunk, (entry) => {
        i32[counts + i32[(userItems >> 2) + entry]! + 1]!++;
      });
    }
  };

  const placeItemEntries: LayoutKernels["placeItemEntries"] = (
    ...[userStarts, userCount, userChunks, userItems, userWeights, bounds, itemCount, next, ...rest]
  ) => {
    const [outItems, outWeights, from, to] = rest;
    for (let chunk = from; chunk < to; chunk++) {
      const cursors = (next >> 2) + chunk * itemCount;
      eachOfChunk([userStarts, userCount, userChunks, bounds], chunk, (entry, row) => {
        const at = i32[cursors + i32[(userItems >> 2) + entry]!]!++;
        i32[(outItems >> 2) + at] = row;
        if (userWeights !== 0) f32[(outWeights >> 2) + at] = f32[(userWeights >> 2) + entry]!;
      });
    }
  };

  return { countItemEntries, placeItemEntries };
}

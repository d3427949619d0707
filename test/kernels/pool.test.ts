import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import { type KernelMode, kernelModes } from "../../src/kernels/kernel-mode.ts";
import { scratchFloats } from "../../src/kernels/kernels.ts";
import { openPool, type Pool, type PoolJob, threadCount } from "../../src/kernels/pool.ts";
import { PoolControl } from "../../src/kernels/pool-control.ts";
import { bytesOf, createWorkspace } from "../../src/kernels/workspace.ts";

const width = 16;
const blockRows = 50;
const blocks = 40;
const rows = blockRows * blocks - 7;

/** Gram matrices of blocks of random rows. */
function gramTask(mode: KernelMode) {
  const workspace = createWorkspace({ bytes: bytesOf(4 * rows * width, 4 * blocks * width ** 2), mode });
  const matrix = workspace.f32(rows * width);
  const random = seededRandom(3);
  for (let at = 0; at < matrix.length; at++) matrix[at] = random.normal();
  const out = workspace.f32(blocks * width ** 2);
  const bounds = Array.from({ length: blocks + 1 }, (_, block) => block);
  const job: PoolJob = {
    kernel: "gramBlocks",
    args: [matrix.byteOffset, rows, width, blockRows, out.byteOffset, "from", "to"],
    bounds,
  };
  return { workspace, matrix, out, job };
}

/** A half-step of 200 rows of one entry each, of which every row from 61 on has no finite solution. */
function failingRows(mode: KernelMode) {
  const workspace = createWorkspace({ bytes: 1 << 16, mode });
  const place = (values: ArrayLike<number>, array: Float32Array | Int32Array) => {
    array.set(values);
    return array.byteOffset;
  };
  const weights = Float32Array.from({ length: 200 }, (_, row) => (row < 61 ? 1 : Number.NaN));
  const scratch = workspace.f32(3 * scratchFloats(8));
  const job: PoolJob = {
    kernel: "implicitRows",
    args: [
      ...([
        place(
          Array.from({ length: 201 }, (_, row) => row),
          workspace.i32(201),
        ),
        workspace.i32(200).byteOffset,
      ] as const),
      ...([place(weights, workspace.f32(200)), "from", "to", workspace.f32(200 * 8).byteOffset] as const),
      ...([place([1, 1, 1, 1, 1, 1, 1, 1], workspace.f32(8)), workspace.f32(64).byteOffset] as const),
      ...([workspace.f32(200).fill(1).byteOffset, 8, 8, "scratch"] as const),
    ],
    bounds: Array.from({ length: 101 }, (_, block) => 2 * block),
    scratch,
  };
  return { workspace, job };
}

/** Runs a job for long enough that every thread is up and has taken part. */
async function runOften(pool: Pool, job: PoolJob): Promise<void> {
  const end = performance.now() + 200;
  while (performance.now() < end) expect(await pool.run(job)).toBe(0);
}

describe.each(kernelModes)("a pool (%s)", (mode) => {
  it("gives the same bytes with 1, 2 and 3 threads", async () => {
    const results: string[] = [];
    for (const threads of [1, 2, 3]) {
      const { workspace, out, job } = gramTask(mode);
      const pool = openPool(workspace, threads);
      expect(pool.threads).toBe(threads);
      await runOften(pool, job);
      pool.close();
      results.push(Buffer.from(out.slice().buffer).toString("base64"));
      expect(out.filter((value) => value === 0).length).toBeLessThan(out.length);
    }
    expect(results[1]).toBe(results[0]);
    expect(results[2]).toBe(results[0]);
  });

  it("gives the failure of the first failing row, whoever found it", async () => {
    for (const threads of [1, 3]) {
      const { workspace, job } = failingRows(mode);
      const pool = openPool(workspace, threads);
      const end = performance.now() + 200;
      while (performance.now() < end) expect(await pool.run(job)).toBe(1 + 61);
      pool.close();
    }
  });

  it("turns what a kernel throws into an error, and works on", async () => {
    const { workspace, job, matrix, out } = gramTask(mode);
    const pool = openPool(workspace, 2);
    await runOften(pool, job);
    const outside = workspace.bytes + 100_000;
    const args = [matrix.byteOffset, rows, width, blockRows, outside, "from", "to"] as const;
    if (mode === "js") return pool.close(); // a write outside of a JavaScript array does nothing
    await expect(pool.run({ kernel: "gramBlocks", args, bounds: job.bounds })).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringMatching(/^kernel gramBlocks: RuntimeError: .*out of bounds/),
    });
    out.fill(0);
    expect(await pool.run(job)).toBe(0);
    expect(out.at(-1)).not.toBe(0);
    pool.close();
  });
});

describe("a pool", () => {
  it("ends a job where the caller's turn rejects, and does another one", async () => {
    const { workspace, job, out } = gramTask("wasm");
    const pool = openPool(workspace, 2);
    const long: PoolJob = { ...job, bounds: Array.from({ length: 8001 }, (_, at) => (at % 2) * blocks) };
    let turns = 0;
    const stop = async () => {
      if (++turns === 2) throw new Error("enough");
    };
    await expect(pool.run(long, stop)).rejects.toThrow("enough");
    out.fill(0);
    expect(await pool.run(job)).toBe(0);
    expect(out.at(-1)).not.toBe(0);
    pool.close();
  });

  it("shares out the scratch and leaves what is not a slot alone", async () => {
    const control = new PoolControl();
    const calls: number[][] = [];
    const { kernels: all } = createWorkspace({ bytes: 64, mode: "js" });
    const kernels = { ...all, choleskySolve: (...args: number[]) => calls.push(args) * 0 };
    const scratch = new Float32Array(30);
    const args = ["to", "from", "scratch"] as const;
    control.open({ kernel: "choleskySolve", args, bounds: [5, 7, 11], scratch }, 3);
    for (const thread of [0, 2]) control.runner(kernels, thread)(control.take()!);
    expect(control.take()).toBeUndefined();
    expect(calls).toEqual([
      [7, 5, 0],
      [11, 7, 80],
    ]);
  });

  it("has as many threads as the machine unless told, 1 at least and 64 at most", () => {
    expect(threadCount()).toBeGreaterThanOrEqual(1);
    expect([threadCount(0), threadCount(3), threadCount(1000)]).toEqual([1, 3, 64]);
  });

  it("keeps no process alive, closed or not, at work or asleep", () => {
    const program = `
      import { openPool } from "./dist/kernels/pool.js";
      import { createWorkspace } from "./dist/kernels/workspace.js";
      const pools = [1, 2, 3].map(() => openPool(createWorkspace({ bytes: 4096 }), 3));
      await pools[1].run({ kernel: "gramBlocks", args: [64, 4, 8, 1, 1024, "from", "to"], bounds: [0, 1, 2] });
      pools[2].close();
      if (process.argv[1] === "wait") await new Promise((resolve) => setTimeout(resolve, 300));
      console.log("done");
    `;
    for (const wait of ["wait", "leave"]) {
      const args = ["--input-type=module", "--eval", program, wait];
      const { stdout, stderr, status } = spawnSync(process.execPath, args, {
        encoding: "utf8",
        timeout: 20_000,
      });
      expect({ stdout, stderr, status }).toEqual({ stdout: "done\n", stderr: "", status: 0 });
    }
  });
});

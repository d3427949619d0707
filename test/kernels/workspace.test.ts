import { describe, expect, it } from "vitest";
import { kernelModes } from "../../src/kernels/kernel-mode.ts";
import { bytesOf, createWorkspace } from "../../src/kernels/workspace.ts";

describe.each(kernelModes)("workspace (%s)", (mode) => {
  it("holds exactly what was planned, aligned to 64 bytes and zeroed", () => {
    const workspace = createWorkspace({ bytes: bytesOf(5 * 4, 3 * 8, 7 * 4), mode });
    const arrays = [workspace.f32(5), workspace.f64(3), workspace.i32(7)];
    expect(arrays.map((array) => array.byteOffset % 64)).toEqual([0, 0, 0]);
    expect(arrays.every((array) => array.every((value) => value === 0))).toBe(true);
    expect(() => workspace.f32(1)).toThrow(/64 bytes more are needed/);
  });

  it("gives released memory out again, zeroed", () => {
    const workspace = createWorkspace({ bytes: bytesOf(64), mode });
    const mark = workspace.mark();
    workspace.f32(16).fill(3);
    workspace.release(mark);
    expect([...workspace.f32(16)]).toEqual(new Array(16).fill(0));
  });

  it("refuses more than 4 GiB with a code", () => {
    expect(() => createWorkspace({ bytes: 2 ** 32 + 1, mode })).toThrow(
      expect.objectContaining({ code: "MEMORY_EXCEEDED" }),
    );
  });
});

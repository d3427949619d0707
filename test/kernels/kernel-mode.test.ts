import { describe, expect, it } from "vitest";
import { kernelChoice, kernelModes } from "../../src/kernels/kernel-mode.ts";

describe("kernelChoice", () => {
  it.each(kernelModes)("is %s where USHER_KERNELS says so", (mode) => {
    expect(kernelChoice({ USHER_KERNELS: mode })).toEqual({ mode, reason: "USHER_KERNELS" });
  });

  it.each([{}, { USHER_KERNELS: "" }])(
    "is measured otherwise, once, and says what was measured",
    (environment) => {
      const choice = kernelChoice(environment);
      expect(["wasm", "relaxed"]).toContain(choice.mode);
      const said = /^probe: relaxed SIMD is ([\d.]+) times as fast as strict$/.exec(choice.reason);
      if (said) expect(choice.mode).toBe(Number(said[1]) >= 1.1 ? "relaxed" : "wasm");
      else
        expect(choice).toMatchObject({
          mode: "wasm",
          reason: expect.stringMatching(/^this (Node|processor) has no/),
        });
      expect(kernelChoice(environment)).toBe(choice);
    },
  );

  it.each(["fast", "WASM", "native"])("refuses %s", (name) => {
    expect(() => kernelChoice({ USHER_KERNELS: name })).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: `kernels: expected USHER_KERNELS=js, wasm or relaxed, got ${name}`,
      }),
    );
  });
});

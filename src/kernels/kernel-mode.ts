import { UsherError } from "../errors.ts";
import { probeRelaxed } from "./probe.ts";

/** Which kernels run: `js` (the reference), `wasm` (SIMD, the same bits on every machine) or `relaxed` (SIMD with fused multiply-add). */
export const kernelModes = ["js", "wasm", "relaxed"] as const;
export type KernelMode = (typeof kernelModes)[number];

/** The kernels in use and why, for a person. */
export interface KernelChoice {
  readonly mode: KernelMode;
  readonly reason: string;
}

let probed: KernelChoice | undefined;

/**
 * The kernels that `USHER_KERNELS` names; without it the faster of `wasm` and `relaxed`, measured once a process.
 *
 * @throws UsherError `CONFIG_INVALID`: another name.
 */
export function kernelChoice(environment: NodeJS.ProcessEnv = process.env): KernelChoice {
  const name = environment["USHER_KERNELS"];
  if (!name) {
    probed ??= probeRelaxed();
    return probed;
  }
  const mode = kernelModes.find((known) => known === name);
  if (mode) return { mode, reason: "USHER_KERNELS" };
  throw new UsherError(
    "CONFIG_INVALID",
    `kernels: expected USHER_KERNELS=${kernelModes.slice(0, -1).join(", ")} or ${kernelModes.at(-1)}, got ${name}`,
  );
}

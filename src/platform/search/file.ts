import { readFileSync } from 'node:fs';
import { compiled } from '../compile.ts';
import type { KernelSource } from '../platform.ts';

/** The kernels of searches, in a file beside the script. */
export const searchKernels: KernelSource = compiled(
  (binary) => new Uint8Array(readFileSync(new URL(`../../../dist/wasm/${binary}.wasm`, import.meta.url))),
);

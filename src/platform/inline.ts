import { BINARIES } from '../wasm/inline.js';
import { compiled } from './compile.ts';
import type { KernelSource } from './platform.ts';

/** Kernels that lie in the script itself. */
export const inlineKernels: KernelSource = compiled((variant) =>
  variant === 'debug' ? new Uint8Array(0) : Uint8Array.from(atob(BINARIES[variant]), (letter) => letter.charCodeAt(0)),
);

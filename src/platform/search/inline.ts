import { BINARIES } from '../../wasm/search.js';
import { compiled } from '../compile.ts';
import { bytesOf } from '../letters.ts';
import type { KernelSource } from '../platform.ts';

/** The kernels of searches, in a script that whoever searches loads. */
export const searchKernels: KernelSource = compiled(() => bytesOf(BINARIES.search));

import { TraceletError } from '../base/error.ts';
import { sha256 } from './hash.ts';
import { noFiles } from './nofiles.ts';
import type { Platform } from './platform.ts';

const NO_THREADS = 'tracelet does not know how this runtime starts workers';

/** Any other runtime: the caller compiles the kernels and gives them to useKernels. */
export const platform: Platform = {
  ...noFiles,
  sha256,
  threads: () => NO_THREADS,
  workers: async () => NO_THREADS,
  kernelModule: () => {
    throw new TraceletError('kernels', {
      what: 'tracelet in a runtime that it does not know',
      expected: 'compiled kernels',
      got: 'none',
      cure: 'Call useKernels({ baseline, relaxed }) first, with modules of tracelet/wasm/baseline.wasm and relaxed.wasm, or import tracelet/inline',
    });
  },
};

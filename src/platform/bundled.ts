import { WORKER } from '../wasm/worker.js';
import { files } from './files.ts';
import { inlineKernels } from './inline.ts';
import { nodeThreads } from './nodethreads.ts';
import type { Platform } from './platform.ts';

/** Node, in a script of a bundler, which has no files beside it. */
export const platform: Platform = {
  ...files,
  kernelModule: inlineKernels,
  threads: () => nodeThreads(WORKER),
  workers: async () => nodeThreads((await import('../wasm/pool.js')).WORKER),
};

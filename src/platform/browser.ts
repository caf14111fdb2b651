import { sha256 } from './hash.ts';
import { inlineKernels, inlineThreads, inlineWorkers } from './inline.ts';
import { noFiles } from './nofiles.ts';
import { pageCache } from './pagecache.ts';
import type { Platform } from './platform.ts';

/** Pages, web workers and service workers: nothing to fetch, so that every bundler takes it as it is. */
export const platform: Platform = {
  ...noFiles,
  kernelModule: inlineKernels,
  threads: inlineThreads,
  workers: inlineWorkers,
  sha256,
  cache: pageCache,
};

import { files } from './files.ts';
import { inlineKernels, inlineThreads, inlineWorkers } from './inline.ts';
import type { Platform } from './platform.ts';

/** Bun, whose single-file programs have no files beside the script. */
export const platform: Platform = { ...files, kernelModule: inlineKernels, threads: inlineThreads, workers: inlineWorkers };

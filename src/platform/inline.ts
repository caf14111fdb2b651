import { onDemand } from '../base/ondemand.ts';
import { BINARIES } from '../wasm/inline.js';
import { WORKER } from '../wasm/worker.js';
import { compiled } from './compile.ts';
import { bytesOf } from './letters.ts';
import type { KernelSource, Threads } from './platform.ts';
import { webThreads } from './webthreads.ts';

/** Kernels that lie in the script itself. */
export const inlineKernels: KernelSource = compiled((binary, carried = BINARIES[binary]) =>
  carried === undefined ? new Uint8Array(0) : bytesOf(carried as string),
);

/** Workers whose script lies there as well. */
export const inlineThreads = (): Threads | string => webThreads(WORKER);

/** The script of pools is larger, and loaded when one is made. */
export const inlineWorkers = async (): Promise<Threads | string> =>
  webThreads((await onDemand('the script of workers', () => import('../wasm/pool.js'))).WORKER);

import { BINARIES } from '../wasm/inline.js';
import { WORKER } from '../wasm/worker.js';
import { compiled } from './compile.ts';
import type { KernelSource, Threads } from './platform.ts';
import { webThreads } from './webthreads.ts';

/** Kernels that lie in the script itself. */
export const inlineKernels: KernelSource = compiled((binary, carried = BINARIES[binary]) =>
  carried === undefined ? new Uint8Array(0) : bytesOf(atob(carried as string)),
);

function bytesOf(letters: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

/** Workers whose script lies there as well. */
export const inlineThreads = (): Threads | string => webThreads(WORKER);

/** The script of pools is larger, and loaded when one is made. */
export const inlineWorkers = async (): Promise<Threads | string> => webThreads((await import('../wasm/pool.js')).WORKER);

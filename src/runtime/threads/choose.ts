import { platform } from '#platform';
import { proved } from '../../base/options.ts';
import { type Kind, kind } from '../../base/schema.ts';
import { kernelModule } from '../../kernels/binaries.ts';
import type { Threads, Variant } from '../../platform/platform.ts';
import { MOST_THREADS } from './control.ts';

/** How many threads a call runs on: so many, or as many as the machine has, 8 at most. */
export type ThreadCount = number | 'auto';

/** How many threads there will be, and why. */
export interface ThreadChoice {
  threads: number;
  why: string;
}

export const ONE_THREAD: ThreadChoice = { threads: 1, why: "no more were asked for (threads: 2, or 'auto')" };

const MOST_AUTO = 8;
const NOT_ISOLATED =
  'SharedArrayBuffer is missing: the page is not cross-origin isolated (send Cross-Origin-Opener-Policy: same-origin and ' +
  'Cross-Origin-Embedder-Policy: require-corp)';

/** How many of the threads `wanted` can be had here with these kernels, and why. Throws a `value` error for what is no number of threads. */
export function chooseThreads(wanted: ThreadCount = 1, kernels: Variant): ThreadChoice {
  checkCount('threads', wanted);
  if (wanted === 1) return ONE_THREAD;
  const host = platform.threads();
  const obstacle = typeof host === 'string' ? host : obstacleTo(kernels);
  if (obstacle || typeof host === 'string') return { threads: 1, why: obstacle as string };
  return countOn(host, wanted);
}

/** What numbers of threads there are. */
export const COUNTS: Kind<ThreadCount> = kind<ThreadCount>(
  `a whole number from 1 to ${MOST_THREADS}, or 'auto'`,
  (value) => value === 'auto' || (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_THREADS),
);

/** Throws a `value` error for what is no number of threads. */
export function checkCount(what: string, wanted: ThreadCount): void {
  proved(what, wanted, COUNTS);
}

/** How many there will be where they can be had, and why. */
export function countOn({ count }: Threads, wanted: ThreadCount): ThreadChoice {
  if (wanted !== 'auto') return { threads: wanted, why: 'so many were asked for' };
  const threads = Math.max(1, Math.min(count, MOST_AUTO));
  return { threads, why: `the machine runs ${count} at once${count > MOST_AUTO ? `, and 'auto' is ${MOST_AUTO} at most` : ''}` };
}

/** What keeps threads from running kernels of this variant in one memory, if anything does. */
export function obstacleTo(kernels: Variant): string | undefined {
  if (globalThis.crossOriginIsolated === false) return NOT_ISOLATED;
  if (typeof SharedArrayBuffer !== 'function') return 'SharedArrayBuffer is missing';
  if (!kernelModule('team') || !kernelModule(kernels, true))
    return 'kernels for a shared memory are missing: the engine has no wasm threads, or useKernels gave the kernels';
  return undefined;
}

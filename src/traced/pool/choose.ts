import { platform } from '#platform';
import { TraceletError } from '../../base/error.ts';
import type { Threads, Variant } from '../../platform/platform.ts';
import { checkCount, countOn, obstacleTo, type ThreadCount } from '../../runtime/threads/choose.ts';

/** How many workers there will be, whether they run in one memory, and why. */
export interface WorkerChoice {
  host: Threads | undefined;
  count: number;
  shared: boolean;
  why: string;
}

/** How many of the workers that were asked for can be had here with these kernels, and how. Throws `value` errors. */
export async function chooseWorkers(
  { workers = 1, threads = 1 }: { workers?: ThreadCount; threads?: ThreadCount },
  kernels: Variant,
): Promise<WorkerChoice> {
  checkCount('workers', workers);
  if (threads !== 1)
    throw new TraceletError('value', {
      what: 'options of jit.load',
      expected: 'workers or threads',
      got: 'both',
      cure: 'Ask for threads to have single calls fast, and for workers to have several calls at once: a call in a worker runs on one thread',
    });
  const host = await platform.workers();
  if (typeof host === 'string') return { host: undefined, count: 0, shared: false, why: host };
  const { threads: count, why } = countOn(host, workers);
  const obstacle = obstacleTo(kernels);
  return { host, count, shared: obstacle === undefined, why: obstacle ?? why };
}

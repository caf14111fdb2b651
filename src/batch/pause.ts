import { setTimeout } from 'node:timers/promises';

/** Waits so many milliseconds, or until `signal` comes, whose reason it throws. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  setTimeout(ms, undefined, { signal }).catch((error) => {
    signal?.throwIfAborted();
    throw error;
  });

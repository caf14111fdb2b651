import { availableParallelism } from 'node:os';
import { type TransferListItem, Worker } from 'node:worker_threads';
import type { Threads } from './platform.ts';

/** Threads of node:worker_threads, which let the process end once they have said something. The script is the place of a file, or text. */
export const nodeThreads = (script: URL | string): Threads => ({
  count: availableParallelism(),
  start(heard, died) {
    const worker = new Worker(script, { eval: typeof script === 'string', execArgv: [] });
    worker.once('message', () => worker.unref());
    worker.on('message', heard);
    worker.on('error', (error) => died(`a worker that failed (${(error as Error).message})`));
    worker.on('exit', (code) => died(`a worker that ended (exit code ${code})`));
    return {
      post: (message, transfer) => worker.postMessage(message, transfer as TransferListItem[]),
      hold: (waits) => (waits ? worker.ref() : worker.unref()),
      end: () => void worker.terminate(),
    };
  },
});

import type { Threads } from './platform.ts';

interface AnyWorker extends Worker {
  ref?(): void;
  unref?(): void;
}

function begin(address: string): AnyWorker {
  try {
    return new Worker(address, { type: 'module' });
  } catch (cause) {
    URL.revokeObjectURL(address);
    throw cause;
  }
}

/** Web workers made of the script's text, which needs no file beside the page and no configuration of a bundler. In Bun they let the process end. */
export function webThreads(script: string): Threads | string {
  if (typeof Worker !== 'function') return 'this scope cannot start workers';
  return {
    count: globalThis.navigator?.hardwareConcurrency ?? 1,
    start(heard, died) {
      const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
      const worker = begin(address);
      let started = false;
      const begun = () => {
        if (!started) URL.revokeObjectURL(address);
        started = true;
      };
      worker.onmessage = ({ data }) => {
        if (!started) worker.unref?.();
        begun();
        heard(data);
      };
      worker.onerror = ({ message }) => {
        const never = `a worker that does not start (${message || "is blob: in worker-src of the page's Content-Security-Policy?"})`;
        const why = started ? `a worker that failed (${message})` : never;
        begun();
        died(why);
      };
      worker.onmessageerror = () => died('a worker that cannot be sent a shared memory');
      worker.addEventListener('close', () => died('a worker that ended'));
      return {
        post: (message, transfer = []) => worker.postMessage(message, transfer),
        hold: (waits) => (waits ? worker.ref?.() : worker.unref?.()),
        end: () => worker.terminate(),
      };
    },
  };
}

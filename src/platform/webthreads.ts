import type { Threads } from './platform.ts';

/** Web workers made of the script's text, which needs no file beside the page and no configuration of a bundler. In Bun they let the process end. */
export function webThreads(script: string): Threads | string {
  if (typeof Worker !== 'function') return 'this scope cannot start workers';
  return {
    count: navigator.hardwareConcurrency,
    start(heard, died) {
      const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
      const worker = new Worker(address, { type: 'module' });
      const release = () => URL.revokeObjectURL(address);
      worker.onmessage = ({ data }) => {
        release();
        (worker as { unref?: () => void }).unref?.();
        heard(data);
      };
      worker.onerror = ({ message }) => {
        release();
        died(`a worker that does not start (${message || "is blob: in worker-src of the page's Content-Security-Policy?"})`);
      };
      worker.onmessageerror = () => died('a worker that cannot be sent a shared memory');
      return { post: (message) => worker.postMessage(message), end: () => worker.terminate() };
    },
  };
}

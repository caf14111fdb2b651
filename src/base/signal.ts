/** Calls `stop` when `signal` is aborted, at once where it was before. Answers what ends the listening. */
export function whenAborted(signal: AbortSignal | undefined, stop: () => void): () => void {
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  return () => signal?.removeEventListener('abort', stop);
}

/** What `promise` comes to, unless `signal` is aborted before; `stopped` is told of that. */
export function untilAborted<T>(signal: AbortSignal | undefined, promise: Promise<T>, stopped?: () => void): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const deaf = whenAborted(signal, () => {
      stopped?.();
      reject(signal.reason);
    });
    promise.finally(deaf).then(resolve, reject);
  });
}

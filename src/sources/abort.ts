/** Whether fetch takes this signal: it refuses those of other realms. */
function isOwn(signal: AbortSignal): boolean {
  try {
    new Request('https://localhost/', { signal });
    return true;
  } catch {
    return false;
  }
}

/** Fetches until `signal` is aborted, whatever realm that is of. What comes later than that is not read. */
export async function fetchUntil(signal: AbortSignal | undefined, url: string, init: RequestInit): Promise<Response> {
  if (!signal || isOwn(signal)) return fetch(url, { ...init, signal });
  signal.throwIfAborted();
  const response = fetch(url, init);
  try {
    return await until(signal, response);
  } catch (cause) {
    response.then(({ body }) => body?.cancel()).catch(() => {});
    throw cause;
  }
}

/** What `promise` comes to, unless `signal` is aborted before. */
function until<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

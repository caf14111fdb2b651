import { untilAborted } from '../base/signal.ts';

/** Whether fetch takes the signals that are made here: in a page that is imitated in Node it refuses them. */
function takesSignals(): boolean {
  try {
    new Request('https://localhost/', { signal: new AbortController().signal });
    return true;
  } catch {
    return false;
  }
}

/** Fetches until `signal` is aborted, whatever realm that is of; it is let go of with the answer. What comes later than that is not read. */
export async function fetchUntil(signal: AbortSignal | undefined, url: string, init: RequestInit): Promise<Response> {
  signal?.throwIfAborted();
  const own = signal && takesSignals() ? new AbortController() : undefined;
  const response = fetch(url, { ...init, signal: own?.signal });
  return untilAborted(signal, response, () => {
    own?.abort(signal?.reason);
    response.then(({ body }) => body?.cancel()).catch(() => {});
  });
}

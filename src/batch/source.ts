import { TraceletError } from '../error.ts';
import { describe } from '../json.ts';

/** How long a source may keep what came before it waiting. */
const STALL_MS = 10;

/** What an iterable yields, taken from it as it is asked for. */
export class Source<T> {
  readonly #iterator: Iterator<T> | AsyncIterator<T>;
  readonly #signal: AbortSignal | undefined;
  /** What was asked for and has not come. */
  #pending: Promise<IteratorResult<T>> | undefined;

  constructor(texts: Iterable<T> | AsyncIterable<T>, signal: AbortSignal | undefined) {
    const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = (texts ?? {}) as AsyncIterable<T> & Iterable<T>;
    const open = later ?? now;
    if (typeof open !== 'function')
      throw new TraceletError('value', { what: 'texts', expected: 'an iterable of strings', got: describe(texts) });
    this.#iterator = open.call(texts);
    this.#signal = signal;
  }

  /** What comes next; undefined where the source keeps `impatient` callers waiting. */
  async next(impatient: boolean): Promise<IteratorResult<T> | undefined> {
    this.#signal?.throwIfAborted();
    const next = this.#pending ?? this.#iterator.next();
    if (!(next instanceof Promise)) return next as IteratorResult<T>;
    this.#pending = next;
    const got = await this.#waited(next, impatient);
    if (got) this.#pending = undefined;
    return got;
  }

  /** Tells the source that no more is wanted. One that is late is not waited for. */
  async close(): Promise<void> {
    const closed = Promise.resolve(this.#iterator.return?.());
    if (this.#pending) closed.catch(() => {});
    else await closed;
  }

  async #waited(next: Promise<IteratorResult<T>>, impatient: boolean): Promise<IteratorResult<T> | undefined> {
    const signal = this.#signal;
    const { promise: other, resolve, reject } = deferred();
    const stop = () => reject(signal?.reason);
    const timer = impatient ? setTimeout(resolve, STALL_MS) : undefined;
    signal?.addEventListener('abort', stop);
    try {
      return await Promise.race([next, other]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }
}

function deferred() {
  let resolve: () => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<undefined>((yes, no) => {
    resolve = () => yes(undefined);
    reject = no;
  });
  return { promise, resolve, reject };
}

import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { isPromise, isStream, typedArrayName } from '../base/realm.ts';
import { untilAborted } from '../base/signal.ts';
import type { TextInput } from '../tokenizer/index.ts';

/** Texts as they are given to be embedded: one, a list of them, or whatever yields them. A text may be one with its pair. */
export type Texts<Text extends TextInput = TextInput> = string | Iterable<Text> | AsyncIterable<Text>;

/** How long texts that are there wait for the next one. */
const STALL_MS = 10;

/** Texts, taken as they are asked for. Throws a `value` error for what yields nothing. */
export class Source {
  readonly #iterator: Iterator<TextInput> | AsyncIterator<TextInput>;
  readonly #signal: AbortSignal | undefined;
  /** What was asked for and has not come. */
  #pending: Promise<IteratorResult<TextInput>> | undefined;

  constructor(texts: Texts, signal: AbortSignal | undefined) {
    const given = (typeof texts === 'string' ? [texts] : (texts ?? {})) as AsyncIterable<TextInput> & Iterable<TextInput>;
    const isSpent = (isStream(texts) && texts.locked) || typedArrayName(texts) !== undefined;
    const iterator = isSpent ? undefined : (given[Symbol.asyncIterator]?.() ?? given[Symbol.iterator]?.());
    if (typeof iterator?.next !== 'function')
      throw new TraceletError('value', { what: 'texts', expected: 'strings in an array or iterable', got: describe(texts) });
    this.#iterator = iterator;
    this.#signal = signal;
  }

  /** What comes next; undefined where the source keeps `impatient` callers waiting. */
  async next(impatient: boolean): Promise<IteratorResult<TextInput> | undefined> {
    this.#signal?.throwIfAborted();
    const next = this.#pending ?? this.#iterator.next();
    if (!isPromise(next)) return proveResult(next);
    this.#pending ??= next.then(proveResult);
    const got = await this.#waited(this.#pending, impatient);
    if (got) this.#pending = undefined;
    return got;
  }

  /** Tells the source that no more is wanted. One that is late is not waited for. */
  async close(): Promise<void> {
    const closed = Promise.resolve(this.#iterator.return?.());
    if (this.#pending) closed.catch(() => {});
    else await closed;
  }

  #waited(next: Promise<IteratorResult<TextInput>>, impatient: boolean): Promise<IteratorResult<TextInput> | undefined> {
    let timer: unknown;
    const stalled = new Promise<undefined>((resolve) => {
      if (impatient) timer = setTimeout(resolve, STALL_MS);
    });
    return untilAborted(this.#signal, Promise.race([next, stalled])).finally(() => clearTimeout(timer as number));
  }
}

function proveResult(result: IteratorResult<TextInput>): IteratorResult<TextInput> {
  if (Object(result) === result) return result;
  throw new TraceletError('value', {
    what: 'texts',
    expected: 'an iterator whose next() answers { done, value }',
    got: describe(result),
    cure: 'Write a generator, which does so by itself',
  });
}

import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { chunkText, type EmbedOptions, F, jit, nn, SentenceEmbedder, type Tensor, type TracedModule, tensor } from '../../src/index.ts';
import { modelOutput } from '../../src/nn/outputs.ts';
import { LONG, phrases, tokenizer, WORDS } from '../support/texts.ts';
import { bytesOf, fileOf, problem, tinyConfig } from '../support/tiny.ts';

const LENGTH = 10;
const HIDDEN = 16;
const dummies = (batch = 1): Record<string, Tensor> => {
  const rows = (value: number) => tensor(Array.from({ length: batch }, () => Array(LENGTH).fill(value)));
  return { input_ids: rows(1), token_type_ids: rows(0), attention_mask: rows(1) };
};
const traceOf = (batch: number, options = {}) => jit.trace(new SentenceEmbedder(tinyConfig(), options), dummies(batch), { tokenizer });

let one: TracedModule;
let four: TracedModule;
let raw: TracedModule;
beforeAll(async () => {
  [one, four, raw] = [await traceOf(1), await traceOf(4), await traceOf(2, { normalize: false })];
});

const rowsOf = ({ data }: Tensor): Float32Array[] =>
  Array.from({ length: data.length / HIDDEN }, (_, i) => (data as Float32Array).slice(i * HIDDEN, (i + 1) * HIDDEN));
const bits = (vector: Float32Array): string => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('hex');
const lengthOf = (vector: Float32Array): number => Math.hypot(...vector);

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
}

describe('embed', () => {
  test('answers in the order given, to the bit whatever runs together', async () => {
    const options = fc.record({
      batchTokens: fc.constantFrom(undefined, 1, 7, 12, 1000),
      chunk: fc.constantFrom(true, { overlap: 2 }, { tokens: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(phrases(20), { maxLength: 9 }), options, async (texts, { batchTokens, chunk }) => {
        const alone: string[] = [];
        for (const text of texts) alone.push(bits((await one.embed(text, { chunk })).data as Float32Array));
        expect(rowsOf(await four.embed(texts, { batchTokens, chunk })).map(bits)).toEqual(alone);
        const each = await collect(four.embedEach(texts, { batchTokens, chunk }));
        expect(each.map(({ embedding }) => bits(embedding))).toEqual(alone);
        expect(each.map(({ index, text }) => [index, text])).toEqual(texts.map((text, i) => [i, text]));
      }),
      { numRuns: 25 },
    );
  });

  test('a string is one text, an empty list no rows', async () => {
    expect((await one.embed('jim')).shape).toEqual([1, HIDDEN]);
    expect(bytesOf(await one.embed('jim')).equals(bytesOf(await one.embed(['jim'])))).toBe(true);
    expect((await four.embed([])).shape).toEqual([0, HIDDEN]);
    expect(await collect(four.embedEach([]))).toEqual([]);
    expect((await four.embed(new Set(['jim', 'was']))).shape).toEqual([2, HIDDEN]);
    expect(await collect(four.embedEach('jim'))).toHaveLength(1);
  });

  test('waits for texts that are late', async () => {
    async function* late() {
      yield 'jim';
      await new Promise((resolve) => setTimeout(resolve, 40));
      yield 'was';
    }
    expect(rowsOf(await four.embed(late())).map(bits)).toEqual(rowsOf(await four.embed(['jim', 'was'])).map(bits));
  });

  test('a text that is too long is an error, before anything runs', async () => {
    const progress: unknown[] = [];
    const error = await problem('value', () => one.embed(['a', LONG], { progress_callback: (info) => progress.push(info) }));
    expect(error.message).toMatch(/texts\[1\]: expected at most 10 tokens, .*, got 34 for "jim hen.*option truncate .* option chunk/);
    expect(progress).toEqual([]);
  });

  test('truncate leaves out what does not fit', async () => {
    const cut = await one.embed(LONG, { truncate: true });
    const called = one as unknown as (text: string, options: object) => Record<string, Tensor>;
    expect(bytesOf(cut).equals(bytesOf(called(LONG, { truncate: true }).sentence_embedding))).toBe(true);
    const each = await collect(one.embedEach([LONG, 'jim'], { truncate: true }));
    expect(each.map(({ tokens, truncated }) => [tokens, truncated])).toEqual([
      [34, 24],
      [3, 0],
    ]);
  });

  test.each<[string, unknown, EmbedOptions, RegExp]>([
    ['no text', ['a', 7], {}, /texts\[1\]: expected a string or \[text, pair\], got 7/],
    ['no list', { 0: 'a' }, {}, /texts: expected strings in an array or iterable, got an object/],
    ['batchTokens 0', ['a'], { batchTokens: 0 }, /batchTokens: expected a whole number from 1 to \d+, got 0/],
    ['larger chunks than the trace takes', ['a'], { chunk: { tokens: 11 } }, /chunk\.tokens: .* from 3 to 10, got 11/],
    ['an overlap of a chunk', ['a'], { chunk: { overlap: 8 } }, /chunk\.overlap: .* from 0 to 7, got 8/],
    ['two ways', ['a'], { chunk: true, truncate: true }, /expected truncate or chunk, got both/],
  ])('refuses %s', async (_, texts, options, message) => {
    expect((await problem('value', () => one.embed(texts as string[], options))).message).toMatch(message);
    if (Array.isArray(texts)) expect((await problem('value', () => collect(one.embedEach(texts, options)))).message).toMatch(message);
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'undefined'],
    ['a text', 'jim', '"jim"'],
    ['a promise of nothing', Promise.resolve(), 'undefined'],
    ['a promise of a number', Promise.resolve(7), '7'],
  ])('refuses an iterator whose next() answers %s, and closes it', async (_, answer, got) => {
    for (const symbol of [Symbol.iterator, Symbol.asyncIterator]) {
      const close = vi.fn(() => ({ done: true }));
      const texts = { [symbol]: () => ({ next: () => answer, return: close }) } as unknown as string[];
      const message = `texts: expected an iterator whose next() answers { done, value }, got ${got}`;
      expect((await problem('value', () => one.embed(texts))).message).toContain(message);
      expect((await problem('value', () => collect(one.embedEach(texts)))).message).toContain(message);
      expect(close).toHaveBeenCalledTimes(2);
    }
  });

  test('tells how far it is', async () => {
    const seen: unknown[] = [];
    await four.embed(['a', LONG, 'jim', 'was', '!', ''], { chunk: true, progress_callback: (info) => seen.push(info) });
    expect(seen.at(-1)).toEqual({ done: 6, total: 6 });
    expect(seen.length).toBeGreaterThan(1);
  });

  test('padding needs a mask', async () => {
    const { input_ids } = dummies();
    const maskless = await jit.trace(new SentenceEmbedder(tinyConfig()), { input_ids }, { tokenizer });
    expect((await problem('value', () => maskless.embed('jim'))).message).toMatch(/made with an attention_mask/);
    expect((await maskless.embed(LONG, { truncate: true })).shape).toEqual([1, HIDDEN]);
  });
});

describe('chunks', () => {
  test('are pooled by a mean weighted with their tokens, of length 1 where the model answers such', async () => {
    const parts = chunkText(tokenizer, LONG, { tokens: LENGTH });
    expect(parts.length).toBe(4);
    const texts = parts.map(({ text }) => text);
    for (const [traced, normalized] of [
      [one, true],
      [raw, false],
    ] as const) {
      const vectors = rowsOf(await traced.embed(texts));
      const total = parts.reduce((sum, { tokens }) => sum + tokens - 2, 0);
      const mean = Float32Array.from({ length: HIDDEN }, (_, j) =>
        vectors.reduce((sum, v, i) => sum + ((parts[i].tokens - 2) / total) * v[j], 0),
      );
      const scale = normalized ? lengthOf(mean) : 1;
      const [pooled] = rowsOf(await traced.embed(LONG, { chunk: true }));
      for (const [j, value] of pooled.entries()) expect(value).toBeCloseTo(mean[j] / scale, 5);
    }
  });

  test('leave a text that fits as it is', async () => {
    expect(bytesOf(await one.embed('jim was', { chunk: true })).equals(bytesOf(await one.embed('jim was')))).toBe(true);
  });

  test('know the length of vectors from a saved trace, and from the vectors where nothing says it', async () => {
    const loaded = await jit.load(await fileOf(raw));
    expect(bytesOf(await loaded.embed(LONG, { chunk: true })).equals(bytesOf(await raw.embed(LONG, { chunk: true })))).toBe(true);
    class Own extends nn.Module<Tensor[], ReturnType<typeof modelOutput>> {
      words = new nn.Embedding(40, HIDDEN);
      forward(ids: Tensor, _types: Tensor, mask: Tensor) {
        return modelOutput({ sentence_embedding: F.normalize(F.mean_pool(this.words(ids), mask)) });
      }
    }
    const own = await jit.trace(new Own(), dummies(), { tokenizer });
    expect(lengthOf((await own.embed(LONG, { chunk: true })).data as Float32Array)).toBeCloseTo(1, 6);
  });
});

describe('embedEach', () => {
  async function* counted(texts: Iterable<string>, state: { taken: number; closed: boolean }) {
    try {
      for (const text of texts) {
        state.taken++;
        yield text;
      }
    } finally {
      state.closed = true;
    }
  }
  function* endless() {
    for (let i = 0; ; i++) yield WORDS[i % 6];
  }

  test('takes no more than it needs, and closes its source', async () => {
    const state = { taken: 0, closed: false };
    let got = 0;
    for await (const { index } of four.embedEach(counted(endless(), state))) {
      expect(index).toBe(got++);
      if (got === 3) break;
    }
    expect(state.closed).toBe(true);
    expect(state.taken).toBeLessThanOrEqual((4 * 4 * LENGTH) / 3 + 1);
  });

  test('does not hold back what came when the source is late', async () => {
    let send: (text: string) => void = () => {};
    async function* late() {
      yield 'jim';
      yield await new Promise<string>((resolve) => {
        send = resolve;
      });
    }
    const each = four.embedEach(late());
    expect((await each.next()).value).toMatchObject({ index: 0, text: 'jim' });
    send('was');
    expect((await each.next()).value).toMatchObject({ index: 1, text: 'was' });
    expect((await each.next()).done).toBe(true);
  });

  test('ends without a source that never answers', async () => {
    async function* stuck() {
      yield 'jim';
      await new Promise(() => {});
    }
    const each = four.embedEach(stuck());
    await each.next();
    expect(await each.return()).toEqual({ value: undefined, done: true });
    const stop = new AbortController();
    const waiting = four.embedEach(stuck(), { signal: stop.signal });
    await waiting.next();
    setTimeout(() => stop.abort(), 5);
    await expect(waiting.next()).rejects.toThrow(/abort/i);
  });

  test('yields what came before an error, which names the text', async () => {
    const state = { taken: 0, closed: false };
    const got: number[] = [];
    const error = await problem('value', async () => {
      for await (const { index } of four.embedEach(counted(['a', 'jim', LONG, 'was'], state))) got.push(index);
    });
    expect(error.message).toContain('texts[2]: expected at most 10 tokens');
    expect(got).toEqual([0, 1]);
    expect(state.closed).toBe(true);
    Object.assign(state, { closed: false });
    await problem('value', () => four.embed(counted(['a', LONG], state)));
    expect(state.closed).toBe(true);
    async function* failing() {
      yield 'a';
      throw new Error('the disk is gone');
    }
    await expect(collect(four.embedEach(failing()))).rejects.toThrow('the disk is gone');
    expect((await problem('value', () => collect(four.embedEach(7 as unknown as string[])))).message).toMatch(
      /texts: expected strings .*, got 7/,
    );
  });

  test('leaves no listener on the signal, however many texts came late', async () => {
    const { signal } = new AbortController();
    async function* slow() {
      for (const word of WORDS) yield await Promise.resolve(word);
    }
    await four.embed(slow(), { signal });
    await collect(four.embedEach(slow(), { signal }));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('stops when told to, and tells how far it is', async () => {
    const stop = new AbortController();
    const seen: unknown[] = [];
    const each = one.embedEach(endless(), { signal: stop.signal, progress_callback: (info) => seen.push(info) });
    await each.next();
    expect(seen[0]).toEqual({ done: 1, total: undefined });
    stop.abort();
    await expect(collect(each)).rejects.toThrow(/abort/i);
    expect((await one.embed('jim')).shape).toEqual([1, HIDDEN]);
    await expect(four.embed(['a'], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    await expect(four.embed([], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

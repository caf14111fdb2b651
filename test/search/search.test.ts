import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Hit, quantize_embeddings, semantic_search, Tensor, VectorIndex } from '../../src/index.ts';

const place = vi.hoisted(() => ({ plain: false }));
vi.mock('#search', async (original) => {
  const { searchKernels } = await original<typeof import('../../src/platform/search/file.ts')>();
  return { searchKernels: (...args: Parameters<typeof searchKernels>) => (place.plain ? undefined : searchKernels(...args)) };
});
afterEach(() => {
  place.plain = false;
});

type Numbers = Float32Array | Int8Array | Uint8Array;
const ARRAYS = { float32: Float32Array, int8: Int8Array, uint8: Uint8Array } as const;
type DType = keyof typeof ARRAYS;

const matrix = (dtype: DType, rows: number, cols: number, numberOf: (i: number) => number): Tensor =>
  new Tensor(dtype, [rows, cols], new ARRAYS[dtype](Array.from({ length: rows * cols }, (_, i) => numberOf(i))));

const rowsOf = ({ data, shape: [rows, cols] }: Tensor): number[][] =>
  Array.from({ length: rows }, (_, i) => Array.from(data.slice(i * cols, (i + 1) * cols) as Numbers, Number));

const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** Signs of bytes, as -1 and 1. */
const signsOf = (row: number[]): number[] => row.flatMap((byte) => Array.from({ length: 8 }, (_, bit) => ((byte >> bit) & 1 ? 1 : -1)));

/** All rows for each query in float64, the best first. */
function bruteForce(queries: number[][], corpus: number[][], cosine: boolean, most: number): Hit[][] {
  const lengths = corpus.map((row) => Math.sqrt(dot(row, row)));
  return queries.map((query) => {
    const length = Math.sqrt(dot(query, query));
    const hits = corpus.map((row, corpus_id) => {
      const product = dot(row, query);
      return { corpus_id, score: cosine ? product / (length * lengths[corpus_id] || 1) : product };
    });
    return hits.sort((a, b) => b.score - a.score || a.corpus_id - b.corpus_id).slice(0, most);
  });
}

/** Whole numbers, few of which differ, so that all sums are exact and many scores equal. */
const cases = fc.record({
  held: fc.constantFrom<DType>('float32', 'int8', 'uint8'),
  asked: fc.constantFrom<DType>('float32', 'int8', 'uint8'),
  cols: fc.oneof(fc.constantFrom(1, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 64), fc.integer({ min: 1, max: 70 })),
  rows: fc.oneof(fc.constantFrom(1, 2, 3, 255, 256, 257, 511, 513), fc.integer({ min: 1, max: 700 })),
  queries: fc.integer({ min: 1, max: 4 }),
  top_k: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(256, 1000)),
  seed: fc.nat(1000),
  spread: fc.constantFrom(1, 3, 100),
  cosine: fc.boolean(),
});

const noise = (seed: number, spread: number, dtype: DType) => (i: number) => {
  const at = Math.imul(i + 1, 2654435761) ^ Math.imul(seed + 7, 40503);
  return ((at >>> 9) % (2 * spread + 1)) - (dtype === 'uint8' ? 0 : spread);
};

describe.each([
  ['in wasm', false],
  ['in plain JavaScript', true],
])('a search %s', (_, plain) => {
  test('finds what comparing each row in float64 finds, in the same order', async () => {
    place.plain = plain;
    await fc.assert(
      fc.asyncProperty(cases, async ({ held, asked, cols, rows, queries: count, top_k, seed, spread, cosine }) => {
        const corpus = matrix(held, rows, cols, noise(seed, spread, held));
        const queries = matrix(asked, count, cols, noise(seed + 1, spread, asked));
        const want = bruteForce(rowsOf(queries), rowsOf(corpus), cosine, top_k);
        const score_function = cosine ? 'cosine' : 'dot';
        expect(await semantic_search(queries, corpus, { top_k, score_function })).toEqual(want);
        const index = await VectorIndex.create({ score_function });
        const cut = seed % (rows + 1);
        if (cut > 0) await index.add(corpus.slice([0, cut]));
        if (cut < rows) expect(await index.add(corpus.slice([cut, rows]))).toBe(cut);
        expect(await index.search(queries, { top_k })).toEqual(want);
        index.dispose();
      }),
      { numRuns: plain ? 60 : 200 },
    );
  });

  test.each(['binary', 'ubinary'] as const)('of %s vectors compares signs', async (precision) => {
    place.plain = plain;
    for (const [rows, cols, top_k] of [
      [1, 8, 3],
      [300, 384, 10],
      [600, 40, 700],
      [257, 129, 5],
    ]) {
      const floats = (count: number, seed: number) => matrix('float32', count, cols, (i) => Math.sin(i * 12.9898 + seed));
      const [corpus, queries] = [await quantize_embeddings(floats(rows, 1), precision), await quantize_embeddings(floats(3, 2), precision)];
      const signs = (vectors: Tensor) => rowsOf(vectors).map((row) => signsOf(row.map((byte) => byte & 255)));
      for (const cosine of [true, false]) {
        const index = await VectorIndex.create({ precision, score_function: cosine ? 'cosine' : 'dot' });
        await index.add(corpus);
        const want = bruteForce(signs(queries), signs(corpus), false, top_k);
        const bits = 8 * Math.ceil(cols / 8);
        const scores = want.map((hits) => hits.map(({ corpus_id, score }) => ({ corpus_id, score: cosine ? score / bits : score })));
        expect(await index.search(queries, { top_k })).toEqual(scores);
        index.dispose();
      }
    }
  });

  test('has scores of float32 vectors within rounding of float64', async () => {
    place.plain = plain;
    for (const [rows, cols] of [
      [40, 384],
      [300, 33],
      [5, 1000],
    ]) {
      const floats = (count: number, seed: number) => matrix('float32', count, cols, (i) => Math.sin(i * 12.9898 + seed * 78.233) * 3);
      const [queries, corpus] = [floats(3, 1), floats(rows, 2)];
      const got = await semantic_search(queries, corpus, { top_k: rows });
      const want = bruteForce(rowsOf(queries), rowsOf(corpus), true, rows);
      for (const [i, hits] of got.entries()) {
        const scores = new Map(want[i].map(({ corpus_id, score }) => [corpus_id, score]));
        for (const { corpus_id, score } of hits) expect(Math.abs(score - (scores.get(corpus_id) as number))).toBeLessThan(1e-14);
        expect(hits.map(({ score }) => score)).toEqual(hits.map(({ score }) => score).toSorted((a, b) => b - a));
      }
    }
  });
});

test('both have the same bits', async () => {
  const floats = (count: number, seed: number) => matrix('float32', count, 77, (i) => Math.sin(i * 12.9898 + seed * 78.233) * 3);
  const bytes = matrix('int8', 700, 77, (i) => ((i * 37) % 256) - 128);
  for (const corpus of [floats(700, 1), bytes])
    for (const score_function of ['cosine', 'dot'] as const)
      for (const top_k of [1, 10, 700]) {
        place.plain = false;
        const wasm = await semantic_search(floats(3, 2), corpus, { top_k, score_function });
        place.plain = true;
        expect(await semantic_search(floats(3, 2), corpus, { top_k, score_function })).toEqual(wasm);
      }
});

test('floats of any size are compared as float64 compares them', async () => {
  for (const size of [1e-30, 1e-22, 1e-10, 1, 1e10, 1e18, 1e19, 3e38])
    for (const score_function of ['cosine', 'dot'] as const) {
      const some = (count: number, seed: number) => matrix('float32', count, 21, (i) => Math.sin(i * 12.9898 + seed * 78.233) * size);
      const near = some(900, 2);
      for (let row = 300; row < 900; row++)
        for (let col = 0; col < 21; col++)
          near.data[row * 21 + col] = Number(near.data[(row - 300) * 21 + col]) * (1 + (row % 7) * 2 ** -23);
      place.plain = false;
      const wasm = await semantic_search(some(3, 1), near, { top_k: 40, score_function });
      place.plain = true;
      expect(await semantic_search(some(3, 1), near, { top_k: 40, score_function }), `${size} ${score_function}`).toEqual(wasm);
    }
});

test('bytes of more columns than an int32 adds up are compared in float64', async () => {
  const corpus = matrix('uint8', 3, 40_000, (i) => (i < 80_000 ? 255 : 254));
  const [hits] = await semantic_search(
    matrix('uint8', 1, 40_000, () => 255),
    corpus,
    { score_function: 'dot' },
  );
  expect(hits.map(({ score }) => score)).toEqual([40_000 * 255 ** 2, 40_000 * 255 ** 2, 40_000 * 255 * 254]);
});

test('any number of threads finds the same', async () => {
  const floats = (count: number, cols: number, seed: number) => matrix('float32', count, cols, (i) => Math.sin(i * 12.9898 + seed));
  for (const [rows, cols, top_k] of [
    [1, 8, 5],
    [3000, 65, 20],
    [20_000, 16, 300],
  ]) {
    const [queries, corpus] = [floats(5, cols, 1), floats(rows, cols, 2)];
    const want = await semantic_search(queries, corpus, { top_k });
    for (const threads of [2, 3]) {
      expect(await semantic_search(queries, corpus, { top_k, threads })).toEqual(want);
      const index = await VectorIndex.create({ threads });
      await index.add(corpus);
      expect(index.threads).toMatchObject({ threads });
      expect(await index.search(queries, { top_k })).toEqual(want);
      index.dispose();
    }
  }
});

test('where there is no binary, there is one thread, and it says why', async () => {
  place.plain = true;
  const index = await VectorIndex.create({ threads: 2 });
  await index.add([[1, 2]]);
  expect(index.threads).toEqual({ threads: 1, why: 'kernels of searches for a shared memory are missing' });
});

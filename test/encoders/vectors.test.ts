import { describe, expect, test, vi } from 'vitest';
import { quantize_embeddings, semantic_search, Tensor, tensor } from '../../src/index.ts';
import { problem } from '../support/tiny.ts';

const random = (rows: number, cols: number, seed: number): Tensor<'float32'> =>
  new Tensor(
    'float32',
    [rows, cols],
    Float32Array.from({ length: rows * cols }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233) * 3),
  );

describe('quantize_embeddings', () => {
  const ranges = [
    [-1, 0, 5],
    [1, 10, 5],
  ];

  test('lays steps over ranges, ends included, and keeps what lies beyond at the ends', async () => {
    const vectors = [
      [-1, 0, 5],
      [1, 10, 5],
      [-2, 11, 7.5],
      [0, 5, 4],
    ];
    const steps = [
      [0, 0, 0],
      [255, 255, 0],
      [0, 255, 2],
      [127, 127, 0],
    ];
    const unsigned = await quantize_embeddings(vectors, 'uint8', { ranges });
    expect([unsigned.dtype, unsigned.tolist()]).toEqual(['uint8', steps]);
    const signed = await quantize_embeddings(vectors, 'int8', { ranges });
    expect([signed.dtype, signed.tolist()]).toEqual(['int8', steps.map((row) => row.map((step) => step - 128))]);
  });

  test('takes ranges from vectors to calibrate by, else from those given, of which few are told of', async () => {
    const spy = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const vectors = random(120, 5, 1);
    const columns = (pick: (...values: number[]) => number) =>
      [0, 1, 2, 3, 4].map((col) => pick(...(vectors.tolist() as number[][]).map((row) => row[col])));
    const own = tensor([columns(Math.min), columns(Math.max)], { dtype: 'float32' });
    const want = (await quantize_embeddings(vectors, 'uint8', { ranges: own })).tolist();
    expect((await quantize_embeddings(vectors, 'uint8')).tolist()).toEqual(want);
    const some = (vectors.tolist() as number[][]).slice(0, 3);
    expect(spy).not.toHaveBeenCalled();
    const few = tensor(some, { dtype: 'float32' });
    expect((await quantize_embeddings(few, 'uint8', { calibration_embeddings: vectors })).tolist()).toEqual(
      (want as number[][]).slice(0, 3),
    );
    expect((await quantize_embeddings(few, 'uint8')).tolist()).not.toEqual((want as number[][]).slice(0, 3));
    spy.mockRestore();
  });

  test.each([1, 7, 8, 9, 16, 17])('packs %i signs into bytes, the first the highest', async (cols) => {
    const vectors = random(3, cols, cols);
    const rows = vectors.tolist() as number[][];
    const bits = (row: number[]) =>
      Array.from({ length: Math.ceil(cols / 8) }, (_, i) =>
        Number.parseInt(
          row
            .slice(8 * i, 8 * i + 8)
            .map((value) => (value > 0 ? '1' : '0'))
            .join('')
            .padEnd(8, '0'),
          2,
        ),
      );
    expect((await quantize_embeddings(vectors, 'ubinary')).tolist()).toEqual(rows.map(bits));
    expect((await quantize_embeddings(vectors, 'binary')).tolist()).toEqual(rows.map((row) => bits(row).map((byte) => byte - 128)));
    expect((await quantize_embeddings(rows[0], 'ubinary')).shape).toEqual([Math.ceil(cols / 8)]);
  });

  test('refuses what is quantised already, ranges of another width, and names that are none', async () => {
    const done = await quantize_embeddings([[1, 2]], 'ubinary');
    await problem('dtype', () => quantize_embeddings(done, 'ubinary'));
    await problem('shape', () => quantize_embeddings([[1, 2]], 'int8', { ranges }));
    await problem('shape', () => quantize_embeddings([[1, 2, 3]], 'int8', { ranges: [[1, 2, 3]] }));
    await problem('value', () => quantize_embeddings([[1, 2]], 'int4' as 'int8'));
  });
});

describe('semantic_search', () => {
  const reference = (queries: number[][], corpus: number[][], cosine: boolean, most: number) =>
    queries.map((query) =>
      corpus
        .map((row, corpus_id) => {
          const dot = row.reduce((sum, value, i) => sum + value * query[i], 0);
          return { corpus_id, score: cosine ? dot / (Math.hypot(...row) * Math.hypot(...query) || 1) : dot };
        })
        .sort((a, b) => b.score - a.score)
        .slice(0, most),
    );

  test.each([
    [1, 1, 1, 1],
    [2, 3, 7, 10],
    [3, 300, 16, 5],
    [5, 700, 33, 700],
  ])('%i queries, %i rows of %i numbers, the best %i', async (asked, rows, cols, top_k) => {
    const [queries, corpus] = [random(asked, cols, 1), random(rows, cols, 2)];
    for (const score_function of ['cosine', 'dot'] as const) {
      const got = await semantic_search(queries, corpus, { top_k, score_function });
      const want = reference(queries.tolist(), corpus.tolist(), score_function === 'cosine', top_k);
      expect(got.map((hits) => hits.length)).toEqual(want.map((hits) => hits.length));
      for (const [i, hits] of got.entries())
        for (const [j, { corpus_id, score }] of hits.entries()) {
          expect(Math.abs(score - want[i][j].score)).toBeLessThan(1e-5);
          expect(Math.abs((want[i].find((hit) => hit.corpus_id === corpus_id)?.score ?? score) - score)).toBeLessThan(1e-5);
        }
    }
  });

  test('bytes are compared as the numbers that they are', async () => {
    const [queries, corpus] = [random(2, 24, 3), random(400, 24, 4)];
    const ranges = [Array(24).fill(-3), Array(24).fill(3)];
    const [small, large] = [await quantize_embeddings(queries, 'int8', { ranges }), await quantize_embeddings(corpus, 'int8', { ranges })];
    expect(await semantic_search(small, large)).toEqual(await semantic_search(small.to('float32'), large.to('float32')));
    expect((await semantic_search(queries, large, { top_k: 3 })).map((hits) => hits.length)).toEqual([3, 3]);
  });

  test('of equal scores the first comes first, and the rows that are nothing have no cosine', async () => {
    const corpus = [
      [0, 0],
      [1, 0],
      [2, 0],
      [0, 1],
      [1, 0],
    ];
    const [hits] = await semantic_search([3, 0], corpus, { top_k: 3 });
    expect(hits).toEqual([1, 2, 4].map((corpus_id) => ({ corpus_id, score: 1 })));
    expect((await semantic_search([3, 0], corpus))[0]).toHaveLength(5);
  });

  test('stops when told to, and refuses vectors of another width', async () => {
    await problem('shape', () => semantic_search([1, 2], [[1, 2, 3]]));
    await problem('value', () => semantic_search([1], [[1]], { top_k: 0 }));
    await expect(semantic_search(random(50, 64, 1), random(20_000, 64, 2), { signal: AbortSignal.timeout(1) })).rejects.toThrow(/timeout/i);
  });
});

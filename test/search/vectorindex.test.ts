import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeSafetensors } from '../../src/formats/safetensors.ts';
import { quantize_embeddings, semantic_search, Tensor, tensor, VectorIndex } from '../../src/index.ts';
import { Counter } from '../support/opened.ts';
import { problem } from '../support/tiny.ts';

const floats = (rows: number, cols: number, seed = 1): Tensor<'float32'> =>
  new Tensor(
    'float32',
    [rows, cols],
    Float32Array.from({ length: rows * cols }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233)),
  );

const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), 'search-'));

const bytesOf = async (index: VectorIndex): Promise<Uint8Array> => new Uint8Array(Buffer.concat(await index.serialize()));
const fileOf = (tensors: [string, Tensor][], metadata: Record<string, string> = {}): Uint8Array =>
  new Uint8Array(Buffer.concat([...encodeSafetensors(tensors, metadata)]));

async function filled(vectors: Tensor, options: Parameters<typeof VectorIndex.create>[0] = {}): Promise<VectorIndex> {
  const index = await VectorIndex.create(options);
  await index.add(vectors);
  return index;
}

describe('an index', () => {
  test('is empty at first, and takes its form from the first vectors', async () => {
    const index = await VectorIndex.create();
    expect([index.length, index.width, index.precision, index.bytes, index.threads]).toEqual([0, 0, undefined, 0, undefined]);
    expect(await index.search([[1, 2]])).toEqual([[]]);
    await problem('value', () => index.serialize());
    expect(await index.add([3, 4])).toBe(0);
    expect(await index.add([[1, 0], [0, 1]])).toBe(1); // biome-ignore format: one row
    expect([index.length, index.width, index.precision, index.threads?.threads]).toEqual([3, 2, 'float32', 1]);
    expect(await index.search([2, 0], { top_k: 2 })).toEqual([[{ corpus_id: 1, score: 1 }, { corpus_id: 0, score: 0.6 }]]); // biome-ignore format: one row
    index.dispose();
  });

  test('answers as semantic_search does, whatever it was filled by', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 }), fc.nat(20), async (counts, seed) => {
        const parts = counts.map((count, i) => floats(count, 19, seed + i));
        const index = await VectorIndex.create();
        for (const part of parts) await index.add(part);
        const corpus = tensor(
          parts.flatMap((part) => part.tolist() as number[][]),
          { dtype: 'float32' },
        );
        expect(await index.search(floats(2, 19, 5))).toEqual(await semantic_search(floats(2, 19, 5), corpus));
        expect(index.length).toBe(corpus.shape[0]);
        index.dispose();
      }),
      { numRuns: 30 },
    );
  });

  test('takes as much memory as its rows, and eight bytes more for each', async () => {
    const index = await filled(new Tensor('int8', [10_000, 384], new Int8Array(3_840_000)));
    expect(index.bytes).toBeGreaterThan(10_000 * 392);
    expect(index.bytes).toBeLessThan(10_000 * 392 + 512 * 392 + 5 * 65_536);
    index.dispose();
  });

  test('refuses what is not finite, and is as it was', async () => {
    const index = await filled(floats(300, 5));
    const want = await index.search(floats(1, 5, 2));
    for (const bad of [NaN, Infinity, -Infinity]) {
      const vectors = floats(260, 5, 3);
      vectors.data[5 * 257 + 4] = bad;
      expect((await problem('value', () => index.add(vectors))).message).toMatch(/row 257: expected finite numbers/);
      expect((await problem('value', () => index.search([[1, 2, 3, 4, 5], [1, 2, bad, 4, 5]]))).message).toMatch(/row 1: expected finite/); // biome-ignore format: one row
      expect((await problem('value', () => semantic_search(floats(1, 5), vectors))).message).toMatch(/corpus: row 257/);
    }
    expect(index.length).toBe(300);
    expect(await index.search(floats(1, 5, 2))).toEqual(want);
    expect(await index.add(floats(1, 5, 2))).toBe(300);
    expect((await index.search(floats(1, 5, 2)))[0][0]).toMatchObject({ corpus_id: 300 });
    index.dispose();
  });

  test('refuses vectors whose buffer was handed on, also while they wait', async () => {
    const index = await filled(floats(300, 5));
    for (const act of [(vectors: Tensor) => index.add(vectors), (vectors: Tensor) => index.search(vectors)]) {
      const vectors = floats(3, 5);
      const waiting = act(vectors);
      structuredClone(vectors.data, { transfer: [vectors.data.buffer as ArrayBuffer] });
      expect((await problem('value', () => waiting)).message).toMatch(/expected 15 numbers, got 0: their buffer was detached/);
    }
    expect(index.length).toBe(300);
    index.dispose();
  });

  test('refuses vectors of another width or kind', async () => {
    const index = await filled(await quantize_embeddings(floats(200, 8), 'int8'));
    for (const vectors of [floats(2, 9), [1, 2]]) {
      await problem('shape', () => index.add(vectors));
      await problem('shape', () => index.search(vectors));
    }
    expect((await problem('dtype', () => index.add(floats(2, 8)))).message).toMatch(/quantize_embeddings\(vectors, 'int8'\)/);
    const signs = await filled(await quantize_embeddings(floats(9, 64), 'ubinary'), { precision: 'ubinary' });
    await problem('dtype', () => signs.search(floats(1, 8)));
    await problem('shape', () => index.add([]));
    index.dispose();
    signs.dispose();
  });
});

describe('what is asked at once', () => {
  test('runs one after the other', async () => {
    const index = await VectorIndex.create();
    const [first, second] = [floats(3000, 16, 1), floats(3000, 16, 2)];
    const query = floats(4, 16, 3);
    const [at, before, next, after] = await Promise.all([index.add(first), index.search(query), index.add(second), index.search(query)]);
    expect([at, next]).toEqual([0, 3000]);
    expect(before).toEqual(await semantic_search(query, first));
    expect(after).toEqual(await index.search(query));
    expect(after).not.toEqual(before);
    index.dispose();
  });

  test('ends with its signal, also while it waits, and what comes behind runs', async () => {
    const index = await filled(floats(40_000, 64));
    const stopped = new AbortController();
    const long = index.search(floats(200, 64, 2), { signal: stopped.signal });
    const waiting = index.search(floats(1, 64, 2), { signal: stopped.signal });
    const behind = index.search(floats(1, 64, 3), { top_k: 1 });
    const reason = new Error('enough');
    stopped.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(long).rejects.toBe(reason);
    expect(await behind).toHaveLength(1);
    await expect(index.add(floats(1, 64), { signal: stopped.signal })).rejects.toBe(reason);
    expect(index.length).toBe(40_000);
    index.dispose();
  });

  test('is an error once the index is disposed, with threads too', async () => {
    for (const threads of [1, 2]) {
      const index = await filled(floats(20_000, 64), { threads });
      const under = index.search(floats(100, 64, 2));
      index.dispose();
      await problem('disposed', () => under);
      await problem('disposed', () => index.search([1]));
      await problem('disposed', () => index.add([1]));
      await problem('disposed', () => index.serialize());
      index.dispose();
      expect([index.length, index.bytes]).toEqual([0, 0]);
    }
  });
});

describe('a file', () => {
  test.each(['float32', 'int8', 'uint8', 'binary', 'ubinary'] as const)('of %s vectors opens as the same index', async (precision) => {
    const [corpus, queries] = await Promise.all([floats(600, 40, 1), floats(2, 40, 2)].map((each) => quantize_embeddings(each, precision, { ranges: [Array(40).fill(-1), Array(40).fill(1)] }))); // biome-ignore format: one row
    const index = await filled(corpus, { precision, score_function: 'dot' });
    const want = await index.search(queries);
    const path = join(await temporary(), 'mine.safetensors');
    await index.save(path);
    expect(Buffer.from(await bytesOf(index)).equals(await readFile(path))).toBe(true);
    for (const source of [path, await bytesOf(index), new Blob([(await bytesOf(index)) as never]).stream()]) {
      const loaded = await VectorIndex.load(source);
      expect([loaded.length, loaded.width, loaded.precision, loaded.score_function]).toEqual([600, index.width, precision, 'dot']);
      expect(await loaded.search(queries)).toEqual(want);
      expect(await loaded.add(corpus)).toBe(600);
      loaded.dispose();
    }
    index.dispose();
  });

  test('of another tool opens where it holds one matrix', async () => {
    const loaded = await VectorIndex.load(fileOf([['embeddings', floats(30, 6)]]), { score_function: 'dot', threads: 2 });
    expect([loaded.length, loaded.precision, loaded.score_function, loaded.threads?.threads]).toEqual([30, 'float32', 'dot', 2]);
    expect(await loaded.search(floats(1, 6))).toEqual(await semantic_search(floats(1, 6), floats(30, 6), { score_function: 'dot' }));
    loaded.dispose();
  });

  const told = (value: unknown) => ({ 'tracelet.vectors': JSON.stringify(value) });
  test.each<[string, () => Uint8Array, string, RegExp]>([
    ['with two tensors', () => fileOf([['a', floats(1, 2)], ['b', floats(1, 2)]]), 'format', /one tensor \[vectors, numbers\], got float32 \[1,2\], float32 \[1,2\]/], // biome-ignore format: one row
    ['with none', () => fileOf([]), 'format', /got none/],
    ['with three dimensions', () => fileOf([['a', floats(4, 2).reshape([2, 2, 2])]]), 'format', /got float32 \[2,2,2\]/],
    ['with vectors of nothing', () => fileOf([['a', new Tensor('float32', [3, 0], new Float32Array(0))]]), 'format', /got float32 \[3,0\]/],
    [
      'with rows of more bytes than memory holds',
      () => {
        const header = JSON.stringify({ a: { dtype: 'F32', shape: [1, 2 ** 40], data_offsets: [0, 2 ** 42] } });
        const length = new BigUint64Array([BigInt(header.length)]);
        return new Uint8Array(Buffer.concat([new Uint8Array(length.buffer), Buffer.from(header)]));
      },
      'format',
      /vectors of at most|cut short/,
    ],
    ['with whole numbers', () => fileOf([['a', tensor([[1, 2]])]]), 'format', /expected float32, int8 or uint8, got int32/],
    ['that says another precision', () => fileOf([['a', floats(2, 2)]], told({ precision: 'int8', score_function: 'dot' })), 'format', /expected int8, as int8 vectors are, got float32/], // biome-ignore format: one row
    ['that says no precision', () => fileOf([['a', floats(2, 2)]], told({ score_function: 'dot' })), 'format', /precision one of/],
    ['that says no score', () => fileOf([['a', floats(2, 2)]], told({ precision: 'float32', score_function: 'l2' })), 'format', /score_function one of "cosine", "dot"/], // biome-ignore format: one row
    ['that says nothing', () => fileOf([['a', floats(2, 2)]], told(null)), 'format', /expected an object, got null/],
    ['that says no JSON', () => fileOf([['a', floats(2, 2)]], { 'tracelet.vectors': '{' }), 'format', /expected JSON/],
    ['with a number that is none', () => fileOf([['a', tensor([[1, 2], [NaN, 1]], { dtype: 'float32' })]]), 'value', /row 1: expected finite/], // biome-ignore format: one row
    ['that is cut short', () => fileOf([['a', floats(20, 2)]]).slice(0, -3), 'format', /./],
    ['with more behind', () => new Uint8Array(Buffer.concat([fileOf([['a', floats(20, 2)]]), Buffer.alloc(3)])), 'format', /trailing/],
  ])('%s is refused', async (_, bytes, code, message) => {
    expect((await problem(code as 'format', () => VectorIndex.load(bytes()))).message).toMatch(message);
    const stream = () => new Blob([bytes() as never]).stream();
    await problem(code as 'format', () => VectorIndex.load(stream()));
  });

  test('is whole or not there', async () => {
    const index = await filled(floats(5000, 400));
    const path = join(await temporary(), 'mine.safetensors');
    await writeFile(path, 'before');
    const stopped = AbortSignal.abort();
    await expect(index.save(path, { signal: stopped })).rejects.toThrow(/abort/i);
    expect(await readFile(path, 'utf8')).toBe('before');
    await problem('value', () => index.save(''));
    index.dispose();
  });
});

test('nothing stays open: threads, files and listeners end with what they were opened for', async () => {
  const home = await temporary();
  const [path, broken] = [join(home, 'mine.safetensors'), join(home, 'broken.safetensors')];
  const bad = floats(5000, 4);
  bad.data[17_000] = NaN;
  await writeFile(broken, fileOf([['vectors', bad]]));
  const counter = new Counter(home);
  counter.watchWorkers();
  const { signal } = counter;
  const index = await VectorIndex.create({ threads: 2 });
  await index.add(floats(5000, 4), { signal });
  await index.save(path, { signal });
  await index.search(floats(1, 4), { signal });
  index.dispose();
  const loaded = await VectorIndex.load(path, { threads: 2, signal });
  await problem('value', () => loaded.add(bad, { signal }));
  loaded.dispose();
  await problem('value', () => VectorIndex.load(broken, { threads: 2, signal }));
  await semantic_search(floats(1, 4), floats(500, 4), { threads: 2, signal });
  await problem('value', () => semantic_search(floats(1, 4), bad, { threads: 2, signal }));
  expect(counter.seen.workers).toBe(5);
  await counter.expectNothing();
});

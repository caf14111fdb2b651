import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { SentenceTransformer, type Tensor } from '../../src/index.ts';
import { encoderFolder } from '../support/encoders.ts';
import { pipelineOpener } from '../support/pipelines.ts';
import { folderOf } from '../support/sentence.ts';
import { problem } from '../support/tiny.ts';

const open = pipelineOpener();

const TEXT = 'A man is eating food in Paris.';
const LONG = Array(40).fill(TEXT).join(' ');

describe('vectors', async () => {
  const folder = encoderFolder('ce-1');
  const features = await open('feature-extraction', folderOf('mean'));
  const similar = await open('sentence-similarity', folderOf('mean'));

  test('of tokens, and of texts as asked', async () => {
    const tokens = await features(['Hello', TEXT]);
    expect(tokens.dims.slice(0, 1)).toEqual([2]);
    const count = features.tokenizer.encode('Hello').length;
    const rows = (tokens.tolist() as number[][][])[0];
    expect(
      rows
        .slice(count)
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
    const cut = { truncation: true, max_length: 5 };
    expect((await features(LONG, { tokenize_kwargs: cut })).tolist()).toEqual((await features(LONG, cut)).tolist());
    const mean = (await features('Hello', { pooling: 'mean' })).tolist()[0] as number[];
    for (const [i, value] of mean.entries())
      expect(value).toBeCloseTo(rows.slice(0, count).reduce((sum, row) => sum + row[i], 0) / count, 5);
    expect((await features('Hello', { pooling: 'cls' })).tolist()[0]).toEqual(rows[0]);
    expect((await features('Hello', { pooling: 'last_token' })).tolist()[0]).toEqual(rows[count - 1]);
    const unit: Tensor = await features('Hello', { pooling: 'mean', normalize: true });
    expect(Math.hypot(...(unit.tolist()[0] as number[]))).toBeCloseTo(1, 5);
  });

  test('are those of the folder where asked, and what compares sentences', async () => {
    const vectors = await features([TEXT, 'Hello'], { pooling: 'sentence' });
    expect(vectors.tolist()).toEqual((await features.model.embed([TEXT, 'Hello'])).tolist());
    const [same, other] = await similar(TEXT, [TEXT, 'Hello']);
    expect(same).toBeCloseTo(1, 6);
    expect(other).toBeLessThan(same);
    expect(await similar({ source_sentence: TEXT, sentences: [TEXT, 'Hello'] })).toEqual([same, other]);
    expect(await similar(TEXT, [])).toEqual([]);
    expect((await problem('value', () => features(TEXT, { prompt: 'a' }))).message).toMatch(/pooling: 'sentence'/);
  });

  test('documents are ranked as by a cross-encoder', async () => {
    const rank = await open('reranker', folder);
    const documents = ['food', 'Hello', TEXT];
    const all = await rank(TEXT, documents, { return_documents: true });
    expect(all.map(({ text, corpus_id }) => text === documents[corpus_id])).toEqual([true, true, true]);
    expect(all.map(({ score }) => score)).toEqual(all.map(({ score }) => score).sort((a, b) => b - a));
    expect(await rank({ query: TEXT, documents }, { top_k: 1 })).toEqual([{ corpus_id: all[0].corpus_id, score: all[0].score }]);
  });

  test('of folders of sentence-transformers are of texts cut at its length, told of, as meant, or refused', async () => {
    const spy = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const rank = await open('reranker', folder);
    const calls: [string, (options?: { truncation: boolean }) => Promise<unknown>][] = [
      ['rank()', (options) => rank(TEXT, [LONG], options)],
      ['encode()', (options) => similar(TEXT, [LONG], options)],
      ['encode()', async (options) => (await features(LONG, { pooling: 'sentence', ...options })).tolist()],
    ];
    for (const [what, call] of calls) {
      spy.mockClear();
      const meant = await call({ truncation: true });
      expect(spy.mock.calls.flat().join()).not.toMatch(/left out/);
      expect(await call()).toEqual(meant);
      expect((await problem('value', () => call({ truncation: false }))).message).toMatch(/at most \d+ tokens, which the/);
      expect(spy.mock.calls.length === 0 || spy.mock.calls.flat().join().includes(what)).toBe(true);
    }
    spy.mockRestore();
  });

  test('are compared as the folder says', async () => {
    const texts = [TEXT, 'Hello'];
    for (const [name, best] of [
      ['euclidean', 0],
      ['manhattan', 0],
    ] as const) {
      // biome-ignore format: rows
      const compare = await open('sentence-similarity', folderOf(name));
      const vectors = await (await SentenceTransformer.from_pretrained(compare.model)).encode(texts);
      const [one, other] = vectors.tolist() as number[][];
      const apart = one.map((value, i) => value - other[i]);
      const far = name === 'euclidean' ? Math.hypot(...apart) : apart.reduce((sum, value) => sum + Math.abs(value), 0);
      const [same, less] = await compare(TEXT, texts);
      expect(same).toBeCloseTo(best, 6);
      expect(less).toBeCloseTo(-far, 4);
    }
  });
});

test('of the default model are vectors of texts', async () => {
  const extract = await open('feature-extraction', fileURLToPath(new URL('../../models/all-MiniLM-L6-v2/model.tracelet', import.meta.url)));
  const texts = ['A man is eating food.', 'Hi'];
  const vectors = await extract(texts, { pooling: 'mean', normalize: true });
  const embedded = await extract(texts, { pooling: 'sentence' });
  expect(vectors.dims).toEqual([2, 384]);
  for (const [i, row] of (vectors.tolist() as number[][]).entries())
    for (const [j, value] of row.entries()) expect(value).toBeCloseTo((embedded.tolist() as number[][])[i][j], 5);
});

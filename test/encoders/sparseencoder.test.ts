import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SparseEncoder, type SparseVector } from '../../src/index.ts';
import { answersIn, encoderFolder, expectClose, foldersOf } from '../support/encoders.ts';
import { problem } from '../support/tiny.ts';

interface Answers {
  calls: { sentences: string[]; embeddings: { indices: number[]; values: number[] }[] }[];
  similarity: number[][];
  decoded: [string, number][][];
}

const json = (value: unknown): string => JSON.stringify(value);
const WIDTH = 600;
const dense = ({ indices, values }: { indices: ArrayLike<number>; values: ArrayLike<number> }): number[] => {
  const row = Array(WIDTH).fill(0);
  for (let i = 0; i < indices.length; i++) row[indices[i]] = values[i];
  return row;
};
const TEXTS = ['A man is eating food in Paris.', 'Hello'];

test.each(foldersOf('sparse-'))('$name answers as sentence-transformers does', async ({ path }) => {
  const folder = path();
  const model = await SparseEncoder.from_pretrained(folder);
  const { calls, similarity, decoded } = answersIn<Answers>(folder, 'sparse.json');
  for (const { sentences, embeddings } of calls) {
    const got = await model.encode(sentences);
    for (const [i, vector] of got.entries()) {
      expectClose(dense(vector), dense(embeddings[i]));
      const tiny = (at: number, { indices, values }: { indices: ArrayLike<number>; values: ArrayLike<number> }) =>
        Math.abs(values[Array.prototype.indexOf.call(indices, at)] ?? 0) < 1e-5;
      const [mine, theirs] = [new Set(vector.indices), new Set(embeddings[i].indices)];
      for (const at of mine) if (!theirs.has(at)) expect(tiny(at, vector)).toBe(true);
      for (const at of theirs) if (!mine.has(at)) expect(tiny(at, embeddings[i])).toBe(true);
    }
    expectClose(model.similarity(got, got), similarity);
    const words = model.decode(got, { top_k: 5 });
    for (const [i, pairs] of words.entries())
      for (const [j, [word, weight]] of pairs.entries()) {
        expect(Math.abs(weight - decoded[i][j][1])).toBeLessThan(1e-4);
        if (j < 4 && decoded[i][j][1] - decoded[i][j + 1][1] > 1e-4 && (j === 0 || decoded[i][j - 1][1] - decoded[i][j][1] > 1e-4))
          expect(word).toBe(decoded[i][j][0]);
      }
  }
  expect(model.get_embedding_dimension()).toBe(WIDTH);
});

test('a saved one knows its tokenizer in a process that knows nothing of it, and names the class that answers', async () => {
  const folder = encoderFolder('sparse-max');
  await (await SparseEncoder.from_pretrained(folder)).save(join(folder, 'words.tracelet'));
  const program = `import { jit } from ${json(new URL('../../dist/index.js', import.meta.url).href)};
    const words = await jit.load('words.tracelet');
    const { message } = await words.embed(['Hello']).catch((error) => error);
    console.log(JSON.stringify([words.tokenizer.encode('Hello').length > 2, message]))`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: folder, encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual([true, expect.stringMatching(/got SparseEncoder\. SparseEncoder\.from_pretrained opens it/)]);
});

describe('weights', () => {
  const same = (a: SparseVector, b: SparseVector) => expect([[...a.indices], [...a.values]]).toEqual([[...b.indices], [...b.values]]);

  test.each(['sparse-max', 'sparse-sum'])('of %s do not depend on what else is asked, and fewer are the largest', async (name) => {
    const model = await SparseEncoder.from_pretrained(encoderFolder(name));
    const [all, one] = [await model.encode(TEXTS, { batchTokens: 4 }), await model.encode(TEXTS[1])];
    same(all[1], one);
    const few = await model.encode(TEXTS[1], { max_active_dims: 3 });
    const largest = [...one.values].sort((a, b) => b - a).slice(0, 3);
    expect([...few.values].sort((a, b) => b - a)).toEqual(largest);
    expect(model.decode(few).map(([, weight]) => weight)).toEqual(largest);
    expect(await model.encode([])).toEqual([]);
  });

  test('have one logarithm more where the folder says so', async () => {
    const [once, twice] = await Promise.all(
      ['relu', 'log1p_relu'].map(async (activation_function) => {
        const folder = encoderFolder('sparse-max', {
          '1_SpladePooling/config.json': json({ pooling_strategy: 'max', activation_function }),
        });
        return (await SparseEncoder.from_pretrained(folder)).encode(TEXTS[0]);
      }),
    );
    expect([...twice.indices]).toEqual([...once.indices]);
    expectClose([...twice.values], [...once.values].map(Math.log1p), 1e-6);
  });

  test.each([
    ['cosine', 20 / (5 * 5)],
    ['euclidean', -Math.sqrt(3 ** 2 + 1 ** 2)],
    ['manhattan', -(3 + 1)],
    ['dot', 20],
  ])('are compared by %s', async (similarity_fn_name, want) => {
    const general = { model_type: 'SparseEncoder', similarity_fn_name };
    const model = await SparseEncoder.from_pretrained(encoderFolder('sparse-max', { 'config_sentence_transformers.json': json(general) }));
    const vector = (indices: number[], values: number[]) => ({ indices: Int32Array.from(indices), values: Float32Array.from(values) });
    const [a, b] = [vector([1, 4], [3, 4]), vector([4, 9], [5, 0])];
    expectClose(model.similarity([a, b], b).tolist()[0][0], want, 1e-6);
    expect(model.similarity(a, [a, b, a]).shape).toEqual([1, 3]);
  });

  test('of another form are refused, and so are folders of another kind', async () => {
    const model = await SparseEncoder.from_pretrained(encoderFolder('sparse-max'));
    await problem('value', async () => model.similarity([1, 2] as never, [] as never));
    await problem('value', async () => model.decode({ indices: Int32Array.of(2, 1), values: Float32Array.of(1, 1) }));
    await problem('value', async () => model.decode({ indices: Int32Array.of(600), values: Float32Array.of(1) }));
    await problem('config', () => SparseEncoder.from_pretrained(encoderFolder('ce-1')));
    const folder = encoderFolder('sparse-max', { '1_SpladePooling/config.json': json({ pooling_strategy: 'mean' }) });
    expect((await problem('config', () => SparseEncoder.from_pretrained(folder))).message).toMatch(/pooling_strategy.*"max"/);
  });
});

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { jit, SentenceEmbedder, SentenceTransformer, Tensor } from '../../src/index.ts';
import { answersIn, encoderFolder, expectClose, foldersOf } from '../support/encoders.ts';
import { concat, serialize } from '../support/safetensors.ts';
import { type GoldenCall, rowsOf, TEXTS, traceAny } from '../support/sentence.ts';
import { bytesOf, fileOf, problem } from '../support/tiny.ts';

type Any = (...args: unknown[]) => Promise<Tensor | Tensor[]>;
interface Answers {
  max_seq_length: number;
  dimension: number;
  calls: GoldenCall[];
  similarity?: number[][];
}

const json = (value: unknown): string => JSON.stringify(value);

/** Numbers that lie where one step ends and the next begins may fall to either side. */
function expectSteps(got: Tensor, want: number[][]): void {
  const off = rowsOf(got).flatMap((row, i) => row.map((value, j) => Math.abs(value - want[i][j])));
  expect(Math.max(...off)).toBeLessThanOrEqual(1);
  expect(off.filter((steps) => steps > 0).length).toBeLessThan(off.length / 10);
}

const listed = (answer: Tensor | Tensor[]) => (Array.isArray(answer) ? answer.map((each) => each.tolist()) : answer) as Tensor;

describe.each(foldersOf('st-'))('$name', ({ name, path }) => {
  test('answers as sentence-transformers does', async () => {
    const spy = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const folder = path();
    const model = await SentenceTransformer.from_pretrained(folder);
    const { calls, max_seq_length, dimension, similarity } = answersIn<Answers>(folder, 'sentence.json');
    expect([model.max_seq_length, model.get_embedding_dimension()]).toEqual([max_seq_length, name === 'st-truncate' ? 6 : dimension]);
    for (const { method, sentences, kwargs, embeddings, error } of calls) {
      const { batch_size: _, ...options } = kwargs;
      const answer = () => (model[method as 'encode'] as unknown as Any).call(model, sentences, options);
      if (error) await problem('value', answer);
      else {
        const got = await answer();
        if (options.precision?.toString().endsWith('int8')) expectSteps(got as Tensor, embeddings as number[][]);
        else expectClose(listed(got), embeddings, options.precision ? 1e-9 : 1e-4);
      }
    }
    const first = (await model.encode(calls[0].sentences)) as Tensor;
    if (similarity) expectClose(model.similarity(first, first), similarity);
    spy.mockRestore();
  });
});

describe('encode', () => {
  test('answers what the trace of a SentenceEmbedder embeds, to the bit, however it was opened', async () => {
    const model = await SentenceTransformer.from_pretrained(encoderFolder('st-mean'));
    const before = await traceAny(await SentenceEmbedder.from_pretrained(encoderFolder('st-mean')));
    const want = bytesOf(await before.embed(TEXTS));
    expect(bytesOf(await model.encode(TEXTS)).equals(want)).toBe(true);
    const path = join(encoderFolder('st-mean'), 'mine.tracelet');
    await model.save(path);
    for (const source of [path, await jit.load(await fileOf(before))]) {
      const again = await SentenceTransformer.from_pretrained(source);
      expect(bytesOf(await again.encode(TEXTS, { batchTokens: 5 })).equals(want)).toBe(true);
    }
  });

  test('answers one vector for a text that is in no list', async () => {
    const model = await SentenceTransformer.from_pretrained(encoderFolder('st-mean'));
    const [one, all] = [await model.encode(TEXTS[1]), await model.encode(TEXTS)];
    expect(one.shape).toEqual([16]);
    expect(bytesOf(one).equals(bytesOf(all[1]))).toBe(true);
    expect((await model.encode(new Set(TEXTS))).shape).toEqual([3, 16]);
    expect((await model.encode([])).shape).toEqual([0, 16]);
    expect(((await model.encode(TEXTS[0], { precision: 'ubinary' })) as Tensor).shape).toEqual([2]);
  });

  test('begins texts with the prompts of their role', async () => {
    const prompts = (all: object) =>
      SentenceTransformer.from_pretrained(encoderFolder('st-mean', { 'config_sentence_transformers.json': json({ prompts: all }) }));
    const plain = await prompts({});
    const prompted = (prompt: string) => plain.encode(TEXTS.map((text) => prompt + text)).then(bytesOf);
    const [both, passages] = [await prompts({ query: 'food ', document: 'man ' }), await prompts({ passage: 'in ' })];
    expect(bytesOf((await both.encode_query(TEXTS)) as Tensor)).toEqual(await prompted('food '));
    expect(bytesOf((await both.encode_document(TEXTS)) as Tensor)).toEqual(await prompted('man '));
    expect(bytesOf((await passages.encode_document(TEXTS)) as Tensor)).toEqual(await prompted('in '));
    expect(bytesOf((await passages.encode_query(TEXTS)) as Tensor)).toEqual(await prompted(''));
    expect(bytesOf((await both.encode_query(TEXTS, { prompt: 'a ' })) as Tensor)).toEqual(await prompted('a '));
  });

  test('a folder of an encoder alone is pooled by the mean, and not scaled, as in sentence-transformers', async () => {
    const folder = encoderFolder('st-mean');
    rmSync(join(folder, 'modules.json'));
    const [bare, mean] = [
      await SentenceTransformer.from_pretrained(folder),
      await SentenceTransformer.from_pretrained(encoderFolder('st-mean')),
    ];
    expect(bytesOf(await bare.encode(TEXTS)).equals(bytesOf(await mean.encode(TEXTS)))).toBe(true);
  });

  test('long texts are cut and told of, or refused, or cut into chunks', async () => {
    const spy = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const model = await SentenceTransformer.from_pretrained(encoderFolder('st-truncate'));
    const long = ['a man is eating food in Paris '.repeat(9)];
    const cut = await model.encode(long);
    expect(spy.mock.calls.flat().join()).toMatch(/encode\(\): text 0 has \d+ tokens/);
    expect(bytesOf(await model.encode(long, { truncate: true })).equals(bytesOf(cut))).toBe(true);
    await problem('value', () => model.encode(long, { truncate: false }));
    expect(bytesOf(await model.encode(long, { chunk: true })).equals(bytesOf(cut))).toBe(false);
    spy.mockRestore();
  });

  test.each([
    ['batch_size', { batch_size: 8 }, /batchTokens/],
    ['precision', { precision: 'int4' }, /precision.*"int8"/],
    ['output_value', { output_value: null, normalise_embeddings: true }, /Did you mean normalize_embeddings/],
    ['truncate_dim', { truncate_dim: 17 }, /at most 16/],
  ])('%s is refused', async (_, options, message) => {
    const model = await SentenceTransformer.from_pretrained(encoderFolder('st-mean'));
    expect((await problem('value', () => model.encode(TEXTS, options as never))).message).toMatch(message);
  });
});

describe('similarity', () => {
  const [a, b] = [
    [
      [3, 4],
      [1, 0],
    ],
    [
      [6, 8],
      [0, -2],
      [0, 0],
    ],
  ];
  test.each([
    [
      'cosine',
      [
        [1, -0.8, 0],
        [0.6, 0, 0],
      ],
    ],
    [
      'dot',
      [
        [50, -8, 0],
        [6, 0, 0],
      ],
    ],
    [
      'euclidean',
      [
        [-5, -Math.hypot(3, 6), -5],
        [-Math.hypot(5, 8), -Math.hypot(1, 2), -1],
      ],
    ],
    [
      'manhattan',
      [
        [-7, -9, -7],
        [-13, -3, -1],
      ],
    ],
  ])('%s', async (similarity_fn_name, want) => {
    const folder = encoderFolder('st-mean', { 'config_sentence_transformers.json': json({ similarity_fn_name }) });
    const model = await SentenceTransformer.from_pretrained(folder);
    expectClose(model.similarity(a, b), want, 1e-6);
    expectClose(model.similarity_pairwise(a, b.slice(0, 2)), [want[0][0], want[1][1]], 1e-6);
    expect(model.similarity(a[0], b[0]).shape).toEqual([1, 1]);
    await problem('shape', async () => model.similarity([[1]], b));
    await problem('shape', async () => model.similarity_pairwise(a, b));
    expect(rowsOf(model.similarity(a, b))).toHaveLength(2);
  });

  test('another name is refused', async () => {
    const folder = encoderFolder('st-mean', { 'config_sentence_transformers.json': json({ similarity_fn_name: 'maxsim' }) });
    expect((await problem('config', () => SentenceTransformer.from_pretrained(folder))).message).toMatch(
      /similarity_fn_name.*manhattan.*maxsim/,
    );
  });
});

describe('a folder that begins with a StaticEmbedding', () => {
  const WIDTH = 6;
  const table = new Tensor(
    'float32',
    [600, WIDTH],
    Float32Array.from({ length: 600 * WIDTH }, (_, i) => Math.sin(i * 1.7)),
  );
  const chain = (...types: string[]) => json(types.map((type, idx) => ({ idx, name: `${idx}`, path: idx ? `${idx}_${type}` : '', type: `sentence_transformers.models.${type}` }))); // biome-ignore format: modules
  const folderOf = (name: string, ...types: string[]): string => {
    const folder = encoderFolder('st-mean', {
      'modules.json': chain('StaticEmbedding', ...types),
      'model.safetensors': concat(serialize([[name, table]])),
    });
    for (const file of ['config.json', 'sentence_bert_config.json', 'tokenizer_config.json']) rmSync(join(folder, file));
    return folder;
  };

  test.each(['embedding.weight', 'embeddings'])(
    'answers the mean of the rows of its tokens, without special ones, from %s',
    async (name) => {
      const model = await SentenceTransformer.from_pretrained(folderOf(name));
      const got = rowsOf(await model.encode(['Hello', 'food in Paris', 'butter '.repeat(300)]));
      const rows = table.tolist() as number[][];
      for (const [i, text] of ['Hello', 'food in Paris', 'butter'].entries()) {
        const ids = model.tokenizer.encode(text, { add_special_tokens: false });
        const mean = Array.from({ length: WIDTH }, (_, col) => ids.reduce((sum, id) => sum + rows[id][col], 0) / ids.length);
        expectClose(got[i], mean, 1e-5);
      }
      const path = join(encoderFolder('st-mean'), 'static.tracelet');
      await model.save(path);
      expect(rowsOf(await (await SentenceTransformer.from_pretrained(path)).encode(['Hello']))[0]).toEqual(got[0]);
    },
  );

  test('goes on with other modules, and knows a text of no tokens', async () => {
    const [plain, scaled] = [await SentenceTransformer.from_pretrained(folderOf('embeddings')), await SentenceTransformer.from_pretrained(folderOf('embeddings', 'Normalize'))]; // biome-ignore format: two folders
    expect(rowsOf(await plain.encode(['', 'Hello']))[0]).toEqual(Array(WIDTH).fill(0));
    const [row] = rowsOf(await plain.encode(['Hello']));
    const [unit] = rowsOf(await scaled.encode(['Hello']));
    expectClose(unit, row.map((value) => value / Math.hypot(...row)), 1e-5); // biome-ignore format: a row
  });

  test('whose tokenizer names no token for padding answers several texts', async () => {
    const folder = folderOf('embeddings');
    const path = join(folder, 'tokenizer.json');
    const tokenizer = JSON.parse(readFileSync(path, 'utf8').replaceAll('[PAD]', '[UNUSED]'));
    writeFileSync(path, json({ ...tokenizer, padding: null }));
    const model = await SentenceTransformer.from_pretrained(folder);
    expect(model.tokenizer.special_tokens_map.pad_token).toBeUndefined();
    const [short, long] = ['Hello', 'food in Paris'];
    const [[alone], [beside]] = [rowsOf(await model.encode([short])), rowsOf(await model.encode([short, long]))];
    expect(beside).toEqual(alone);
  });

  test('and was traced answers texts in a process that knows nothing of its folder', async () => {
    const folder = folderOf('embeddings');
    const model = await SentenceTransformer.from_pretrained(folder);
    await model.save(join(folder, 'static.tracelet'));
    const program = `import { load } from ${json(new URL('../../dist/jit/index.js', import.meta.url).href)};
      import ${json(new URL('../../dist/index.js', import.meta.url).href)};
      console.log(JSON.stringify((await (await load('static.tracelet')).embed(['Hello'])).tolist()))`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: folder, encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual(rowsOf(await model.encode(['Hello'])));
  });

  test('without its table is refused', async () => {
    expect((await problem('checkpoint', () => SentenceTransformer.from_pretrained(folderOf('others')))).message).toMatch(
      /embedding\.weight.*none/,
    );
    await problem('config', () => SentenceTransformer.from_pretrained(folderOf('embeddings', 'Pooling')));
  });
});

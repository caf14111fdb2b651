import { describe, expect, test } from 'vitest';
import { BertForSequenceClassification, BertTokenizer, jit, SentenceEmbedder, type Tensor, tensor, zeros } from '../../src/index.ts';
import { bytesOf, expectSameBits, fileOf, problem, tinyBert, tinyConfig } from '../support/tiny.ts';

const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'jim', 'hen', '##son', 'was', 'a', 'puppet', '##eer', '!'];
const tokenizer = new BertTokenizer({ vocab });
const dummies = (batch = 1, length = 10): Record<string, Tensor> => {
  const ones = tensor(Array.from({ length: batch }, () => Array(length).fill(1)));
  return { input_ids: ones, token_type_ids: tensor(Array.from({ length: batch }, () => Array(length).fill(0))), attention_mask: ones };
};

const classifier = await jit.trace(new BertForSequenceClassification(tinyConfig()), dummies(), { tokenizer });
const embedder = await jit.trace(new SentenceEmbedder(tinyConfig()), dummies(), { tokenizer });
const call = (...texts: unknown[]) => (classifier as (...args: unknown[]) => unknown)(...texts);

describe('a trace with its tokenizer', () => {
  test('encodes a text and pads it', () => {
    const { input_ids, token_type_ids, attention_mask } = classifier.encode('Jim Henson', 'a puppeteer!');
    expect(input_ids.tolist()).toEqual([[2, 5, 6, 7, 3, 9, 10, 11, 12, 3]]);
    expect(token_type_ids.tolist()).toEqual([[0, 0, 0, 0, 0, 1, 1, 1, 1, 1]]);
    expect(classifier.encode('jim').input_ids.tolist()).toEqual([[2, 5, 3, 0, 0, 0, 0, 0, 0, 0]]);
    expect(classifier.encode('jim').attention_mask.tolist()).toEqual([[1, 1, 1, 0, 0, 0, 0, 0, 0, 0]]);
    expect(attention_mask.tolist()).toEqual([Array(10).fill(1)]);
  });

  test('cuts what is too long where it is told to', async () => {
    const long = 'jim '.repeat(50);
    for (const refused of [() => classifier.encode(long), () => call(long), () => classifier.run(long), () => classifier.run([long])])
      expect((await problem('value', refused)).message).toMatch(/text: expected at most 10 tokens, .*, got 52 for "jim .*truncate/);
    const { input_ids } = classifier.encode(long, { truncate: true });
    expect(input_ids.tolist()).toEqual([[2, 5, 5, 5, 5, 5, 5, 5, 5, 3]]);
    const cut = classifier(classifier.encode(long, { truncate: true }));
    expectSameBits(call(long, { truncate: true }), cut);
    expectSameBits(await classifier.run(long, { truncate: true }), cut);
    const pair = classifier.encode('jim', 'henson '.repeat(9), { truncate: true }).input_ids.tolist();
    expect(pair).toEqual([[2, 5, 3, 6, 7, 6, 7, 6, 7, 3]]);
    expectSameBits(
      await classifier.run('jim', 'henson '.repeat(9), { truncate: true }),
      classifier({ ...classifier.encode('jim', 'henson '.repeat(9), { truncate: true }) }),
    );
  });

  test('takes pairs in lists, and refuses what is none', async () => {
    const batch = await jit.trace(new BertForSequenceClassification(tinyConfig()), dummies(3), { tokenizer });
    const lists = batch.encode(['jim', 'was'], ['a', '!']);
    expect(lists.input_ids.tolist()).toEqual([[2, 5, 3, 9, 3, 0, 0, 0, 0, 0], [2, 8, 3, 12, 3, 0, 0, 0, 0, 0], Array(10).fill(0)]);
    expect(
      batch.encode([
        ['jim', 'a'],
        ['was', '!'],
      ]),
    ).toEqual(lists);
    expect(lists.token_type_ids.tolist()[0]).toEqual([0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
    for (const args of [
      [
        ['jim', 'was'],
        ['a', '!'],
      ],
      [
        [
          ['jim', 'a'],
          ['was', '!'],
        ],
      ],
    ] as const)
      expectSameBits(await (batch.run as (...given: unknown[]) => Promise<unknown>)(...args), batch(lists));
    expectSameBits(await classifier.run('jim', 'a'), call('jim', 'a'));
    const encode =
      (...args: unknown[]) =>
      () =>
        (batch.encode as (...given: unknown[]) => unknown)(...args);
    for (const refused of [
      encode(['jim', 'was'], ['a']),
      encode(['jim', 'was'], ['a', 'b', 'c']),
      encode('jim', ['a']),
      encode(['jim'], 'a'),
      encode([['a', 'b', 'c']]),
      encode('a', 7),
      encode('a', 'b', {}, {}),
      encode([7]),
    ])
      await problem('value', refused);
    await problem('value', () => (batch.run as (...given: unknown[]) => unknown)(['jim', 'was'], ['a']));
  });

  test('is called with texts as with their tensors', async () => {
    expectSameBits(call('Jim Henson'), classifier(classifier.encode('Jim Henson')));
    expectSameBits(call('Jim', 'Henson'), classifier(classifier.encode('Jim', 'Henson')));
    expectSameBits(await classifier.run('Jim Henson'), call('Jim Henson'));
    expect(bytesOf((call('Jim Henson') as Tensor[])[0]).equals(bytesOf((call('was a') as Tensor[])[0]))).toBe(false);
  });

  test('keeps it when saved', async () => {
    const loaded = await jit.load(await fileOf(classifier));
    expect([...loaded.files.keys()]).toContain('config.json');
    expect(loaded.encode('Jim Henson!')).toEqual(classifier.encode('Jim Henson!'));
    expect(loaded.tokenizer.convert_tokens_to_ids(['hen', '##son'])).toEqual([6, 7]);
  });

  test('fills a batch', async () => {
    const batch = await jit.trace(new BertForSequenceClassification(tinyConfig()), dummies(3), { tokenizer });
    const { input_ids, attention_mask } = batch.encode(['jim', 'a puppet']);
    expect(input_ids.tolist()).toEqual([[2, 5, 3, 0, 0, 0, 0, 0, 0, 0], [2, 9, 10, 3, 0, 0, 0, 0, 0, 0], Array(10).fill(0)]);
    expect((attention_mask.tolist() as number[][]).map((row) => row.reduce((a, b) => a + b))).toEqual([3, 4, 0]);
    await problem('shape', () => batch.encode(['a', 'a', 'a', 'a']));
  });
});

describe('embed', () => {
  const texts = ['jim henson', 'was', 'a puppeteer !', '', 'jim'];

  test('gives a row of length 1 for each text, the same in any company', async () => {
    const rows = await embedder.embed(texts);
    expect(rows.shape).toEqual([5, 16]);
    for (const [i, text] of texts.entries()) {
      const row = bytesOf(rows).subarray(64 * i, 64 * i + 64);
      expect(bytesOf(await embedder.embed([text])).equals(row), text).toBe(true);
      const values = [...(rows.data as Float32Array).subarray(16 * i, 16 * i + 16)];
      expect(values.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
    }
    expect((await embedder.embed([])).shape).toEqual([0, 16]);
  });

  test('gives the same through a batch that it does not fill', async () => {
    const batch = await jit.trace(new SentenceEmbedder(tinyConfig()), dummies(2), { tokenizer });
    expect(bytesOf(await batch.embed(texts)).equals(bytesOf(await embedder.embed(texts)))).toBe(true);
  });

  test('needs an embedder', async () => {
    expect((await problem('value', () => classifier.embed(['a']))).message).toMatch(
      /output sentence_embedding, got logits.*SentenceEmbedder/,
    );
  });

  test('stops when told to', async () => {
    await expect(embedder.embed(texts, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    expect((await embedder.embed(['jim'])).shape).toEqual([1, 16]);
  });
});

test('a trace without a tokenizer says so', async () => {
  const bare = await jit.trace(tinyBert(), dummies());
  const error = await problem('value', () => bare.tokenizer);
  expect(error.message).toMatch(/expected vocab\.txt or tokenizer\.json among its extra files, got config\.json.*\{ tokenizer \}/);
  await problem('value', () => (bare as unknown as (text: string) => unknown)('jim'));
  await problem('value', () => bare.run('jim'));
});

test('texts that need padding need a mask', async () => {
  const { input_ids } = dummies();
  const maskless = await jit.trace(tinyBert(), { input_ids }, { tokenizer });
  expect((await problem('value', () => maskless.encode('jim'))).message).toMatch(/made with an attention_mask/);
  expect(maskless.encode('jim '.repeat(20), { truncate: true }).input_ids.shape).toEqual([1, 10]);
});

test('what a tokenizer answers goes into a trace, a model and pad as it is', () => {
  const encoded = tokenizer('jim was a puppeteer', undefined, {
    padding: 'max_length',
    max_length: 10,
    return_tensors: true,
    return_special_tokens_mask: true,
  });
  const inputs = encoded as unknown as Record<string, Tensor>;
  const { input_ids, token_type_ids, attention_mask } = encoded;
  const bare = { input_ids, token_type_ids, attention_mask };
  const model = new BertForSequenceClassification(tinyConfig());
  expectSameBits(classifier(inputs), classifier(bare));
  expect(Object.keys(classifier.pad(inputs)).sort()).toEqual(Object.keys(bare).sort());
  expectSameBits(model(inputs), model(bare));
});

test('numbers alone make a tensor, and whole dimensions', () => {
  expect(() => tensor(['a'] as unknown as number[])).toThrow(/tensor\(\): expected numbers/);
  expect(() => tensor([undefined, 1] as unknown as number[])).toThrow(/got undefined/);
  for (const shape of [[-1], [1.5], [1e8, 1e7]]) expect(() => zeros(shape)).toThrow(/tensor: expected whole dimensions/);
});

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { BertModel, jit, MultiVectorEncoder, openCheckpoint, type Tensor, tensor } from '../../src/index.ts';
import { answersIn, encoderFolder, expectClose } from '../support/encoders.ts';
import { bytesOf, problem } from '../support/tiny.ts';

const GENERAL = 'config_sentence_transformers.json';
const METADATA = 'artifact.metadata';
const json = (value: unknown): string => JSON.stringify(value);
const TEXTS = ['A man is eating food in Paris.', 'Hello', "I can't believe it's not butter! [PAD] or (so) they say: a man, a food, a fox"];

const saying = (name: string, file: string, says: object): string =>
  encoderFolder(name, { [file]: json({ ...answersIn<object>(encoderFolder(name), file), ...says }) });
const silently = async <T>(run: () => Promise<T>): Promise<T> => {
  const spy = vi.spyOn(console, 'warn').mockImplementation(() => {});
  return run().finally(() => spy.mockRestore());
};

/** What a folder of late interaction is by definition. */
interface Definition {
  query: { marker: string; length: number; expands: boolean; attends: boolean };
  document: { marker: string; length: number; skipped: readonly string[] };
  weights(folder: string): Promise<Tensor>;
}

type Role = 'query' | 'document';
interface Parts {
  encoder: BertModel;
  weight: number[][];
}

/** The vectors of one text, in plain numbers behind the hidden states of BERT: the marker behind [CLS], masks behind short queries. */
function vectorsOf({ tokenizer }: MultiVectorEncoder, { encoder, weight }: Parts, text: string, role: Role, definition: Definition) {
  const { marker, length } = definition[role];
  const idOf = (token: string): number => tokenizer.convert_tokens_to_ids([token])[0] as number;
  const [first, ...rest] = tokenizer.encode(text).slice(0, -1);
  const tokens = [first, idOf(marker), ...rest].slice(0, length - 1).concat(idOf('[SEP]'));
  const { expands, attends } = definition.query;
  const added = role === 'query' && expands ? length - tokens.length : 0;
  const ids = [...tokens, ...Array(added).fill(idOf('[MASK]'))];
  const seen = ids.map((_, at) => Number(attends || at < tokens.length));
  const hidden = encoder({ input_ids: tensor([ids]), attention_mask: tensor([seen]) }).last_hidden_state.tolist()[0] as number[][];
  const skipped = role === 'document' ? definition.document.skipped.map(idOf) : [];
  return hidden.flatMap((state, at) => {
    if (skipped.includes(ids[at])) return [];
    const projected = weight.map((row) => row.reduce((sum, value, i) => sum + value * state[i], 0));
    const norm = Math.hypot(...projected);
    return [projected.map((value) => value / norm)];
  });
}

const maxSim = (query: number[][], document: number[][]): number =>
  query.reduce((sum, q) => sum + Math.max(...document.map((d) => d.reduce((dot, value, i) => dot + value * q[i], 0))), 0);

async function holds(folder: string, definition: Definition): Promise<void> {
  const model = await MultiVectorEncoder.from_pretrained(folder);
  const [queries, documents] = [await model.encode_query(TEXTS), await model.encode_document(TEXTS)];
  const encoder = await BertModel.from_pretrained(folder, { add_pooling_layer: false, strict: false });
  const parts = { encoder, weight: (await definition.weights(folder)).tolist() as number[][] };
  const wanted = (role: Role) => TEXTS.map((text) => vectorsOf(model, parts, text, role, definition));
  const want = { query: wanted('query'), document: wanted('document') };
  for (const [i] of TEXTS.entries()) {
    for (const [got, plain] of [
      [queries[i], want.query[i]],
      [documents[i], want.document[i]],
    ] as const) {
      expect(got.shape).toEqual([plain.length, 8]);
      expectClose(got, plain, 1e-5);
    }
  }
  expectClose(
    model.similarity(queries, documents),
    want.query.map((query) => want.document.map((document) => maxSim(query, document))),
    1e-5,
  );
}

/** That the prompt of a role is its marker and no more. */
async function isNamed(model: MultiVectorEncoder): Promise<void> {
  const [named, plain, other] = [
    await model.encode(TEXTS[1], { prompt_name: 'query' }),
    await model.encode(TEXTS[1]),
    await model.encode(TEXTS[1], { prompt_name: 'document' }),
  ];
  expect([named.shape[0], other.shape[0]]).toEqual([plain.shape[0] + 1, plain.shape[0] + 1]);
  expect(bytesOf(named).equals(bytesOf(other))).toBe(false);
}

const weightIn =
  (name: string, path = '') =>
  async (folder: string): Promise<Tensor> =>
    (await openCheckpoint(path ? `${folder}/${path}` : folder)).tensors.get(name) as Tensor;

describe('PyLate', () => {
  const says = answersIn<Record<string, never>>(encoderFolder('colbert-pylate'), GENERAL);
  const defined = { marker: '[Q] ', length: 12, expands: true, attends: false };
  const document = { marker: '[D] ', length: 24, skipped: says.skiplist_words as string[] };
  test.each<[string, object, Partial<Definition['query']>, Partial<Definition['document']>]>([
    ['masks that are looked at', { attend_to_expansion_tokens: true }, { attends: true }, {}],
    ['queries that stay short', { do_query_expansion: false }, { expands: false }, {}],
    [
      'other lengths, and no word skipped',
      { query_length: 20, document_length: 9, skiplist_words: [], model_type: 'ColBERT' },
      { length: 20 },
      { length: 9, skipped: [] },
    ],
    ['what is not said', { query_length: null, do_query_expansion: null, attend_to_expansion_tokens: null }, { length: 32 }, {}],
  ])('by definition: %s', async (_, changes, query, held) => {
    const weights = weightIn('linear.weight', '1_Dense');
    await silently(() =>
      holds(saying('colbert-pylate', GENERAL, changes), {
        query: { ...defined, ...query },
        document: { ...document, ...held },
        weights,
      }),
    );
  });

  test('markers travel with traces, and stand apart from prompts', () =>
    silently(async () => {
      const model = await MultiVectorEncoder.from_pretrained(
        saying('colbert-pylate', GENERAL, { prompts: { query: '[Q] find: ', document: '' } }),
      );
      expect(model.prompts).toEqual({ query: 'find: ', document: '' });
      const again = await MultiVectorEncoder.from_pretrained(await jit.load(Buffer.concat([...(await jit.serialize(model.traced))])));
      const [one, other] = [await model.encode_query(TEXTS), await again.encode_query(TEXTS)];
      for (const [i, matrix] of one.entries()) expect(bytesOf(matrix).equals(bytesOf(other[i]))).toBe(true);
      const asked = await model.encode_query(TEXTS[1], { prompt: 'find: ' });
      expect(bytesOf(asked).equals(bytesOf(one[1]))).toBe(true);
      expect(bytesOf(await model.encode_query(TEXTS[1], { prompt: '' })).equals(bytesOf(asked))).toBe(false);
      const [bare, named] = [await model.encode(TEXTS[1]), await model.encode(TEXTS[1], { prompt_name: 'query' })];
      expect(named.shape[0] - bare.shape[0]).toBeGreaterThan(1);
    }));

  test('without prompts is asked by the names of its roles', () =>
    silently(async () => {
      const model = await MultiVectorEncoder.from_pretrained(saying('colbert-pylate', GENERAL, { prompts: { title: 'food ' } }));
      expect(model.prompts).toEqual({ query: '', document: '', title: 'food ' });
      await isNamed(model);
    }));

  test('a marker that is no token stands before texts as words, and the console says so', async () => {
    const spy = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const model = await MultiVectorEncoder.from_pretrained(
      saying('colbert-pylate', GENERAL, { document_prefix: 'food: ', query_prefix: '', skiplist_words: [] }),
    );
    expect(spy.mock.calls.flat().join()).toMatch(/marker "food: ".*no token/);
    spy.mockRestore();
    const plain = await MultiVectorEncoder.from_pretrained(
      saying('colbert-pylate', GENERAL, { document_prefix: '', query_prefix: '', skiplist_words: [] }),
    );
    const [marked, written] = [await model.encode_document('Hello'), await plain.encode_document('food: Hello')];
    expect(bytesOf(marked).equals(bytesOf(written))).toBe(true);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['a length that is none', { [GENERAL]: { query_prefix: '[Q] ', query_length: '32' } }, /query_length of config_sentence/],
    ['markers that are none', { [GENERAL]: { query_prefix: 1 } }, /query_prefix of config_sentence/],
    [
      'modules that are not known',
      {
        'modules.json': ['sentence_transformers.models.Transformer', 'pylate.models.Other.Other'].map((type, idx) => ({
          idx,
          path: '',
          type,
        })),
      },
      /module 1 of modules\.json.*"pylate\.models\.Other\.Other"/,
    ],
    ['a list of no modules', { 'modules.json': [] }, /modules\.json/],
    ['modules of no type', { 'modules.json': [null] }, /module 0 of modules\.json/],
  ])('%s are refused', async (_, files, message) => {
    const texts = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, json(content)]));
    const { message: got } = await problem('config', () => MultiVectorEncoder.from_pretrained(encoderFolder('colbert-pylate', texts)));
    expect(got).toMatch(message);
  });
});

describe("Stanford's ColBERT", () => {
  const punctuation = [...'!"#%&\'()*+,-./:;<=>?@[\\]_`{}'];
  const definition: Definition = {
    query: { marker: '[unused0]', length: 16, expands: true, attends: false },
    document: { marker: '[unused1]', length: 20, skipped: punctuation },
    weights: weightIn('linear.weight'),
  };
  test.each<[string, object, Partial<Definition['query']>, Partial<Definition['document']>]>([
    ['masks that are looked at', { attend_to_mask_tokens: true }, { attends: true }, {}],
    ['punctuation that counts', { mask_punctuation: false }, {}, { skipped: [] }],
    [
      'other markers and lengths',
      { query_token_id: 'man', doc_token_id: 'a', query_maxlen: 9, doc_maxlen: 12 },
      { marker: 'man', length: 9 },
      { marker: 'a', length: 12 },
    ],
  ])('by definition: %s', async (_, changes, query, document) => {
    await silently(() =>
      holds(saying('colbert-stanford', METADATA, changes), {
        ...definition,
        query: { ...definition.query, ...query },
        document: { ...definition.document, ...document },
      }),
    );
  });

  test('is asked by the names of its roles', () =>
    silently(async () => isNamed(await MultiVectorEncoder.from_pretrained(encoderFolder('colbert-stanford')))));

  test('without its metadata it is what it is by default', () =>
    silently(async () => {
      const folder = encoderFolder('colbert-stanford');
      rmSync(join(folder, METADATA));
      await holds(folder, {
        ...definition,
        query: { ...definition.query, length: 32 },
        document: { ...definition.document, length: 128 },
      });
    }));

  test.each<[string, object, RegExp]>([
    ['another similarity', { similarity: 'l2' }, /similarity of artifact\.metadata.*l2/],
    ['another interaction', { interaction: 'flipr' }, /interaction of artifact\.metadata.*flipr/],
    ['a length that is none', { doc_maxlen: 0 }, /doc_maxlen of artifact\.metadata/],
  ])('%s is refused', async (_, says, message) => {
    const { message: got } = await problem('config', () => MultiVectorEncoder.from_pretrained(saying('colbert-stanford', METADATA, says)));
    expect(got).toMatch(message);
  });

  test('a checkpoint without the projection is refused by its name, and so is an encoder alone', async () => {
    const config = { ...answersIn<object>(encoderFolder('colbert'), 'config.json'), architectures: ['HF_ColBERT'] };
    const folder = encoderFolder('colbert', { 'config.json': json(config) });
    rmSync(join(folder, 'modules.json'));
    expect((await problem('checkpoint', () => MultiVectorEncoder.from_pretrained(folder))).message).toMatch(/linear\.weight/);
    const alone = encoderFolder('colbert');
    rmSync(join(alone, 'modules.json'));
    expect((await problem('config', () => MultiVectorEncoder.from_pretrained(alone))).message).toMatch(/HF_ColBERT/);
  });
});

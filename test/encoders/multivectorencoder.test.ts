import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { BertModel, F, MultiVectorEncoder, Tensor, tensor } from '../../src/index.ts';
import { answersIn, encoderFolder, expectClose, foldersOf } from '../support/encoders.ts';
import { bytesOf, problem } from '../support/tiny.ts';

interface Answers {
  queries: string[];
  documents: string[];
  query: number[][][];
  document: number[][][];
  maxsim: number[][];
}

const json = (value: unknown): string => JSON.stringify(value);
const TEXTS = ['A man is eating food in Paris.', 'Hello', "I can't believe it's not butter!"];
const GENERAL = 'config_sentence_transformers.json';
const MASK = '2_MultiVectorMask/config.json';
const opened = (transformer: object = {}, mask: object = {}): Promise<MultiVectorEncoder> =>
  MultiVectorEncoder.from_pretrained(
    encoderFolder('colbert', { 'sentence_bert_config.json': json({ max_seq_length: 64, ...transformer }), [MASK]: json(mask) }),
  );

test.each(foldersOf('colbert'))('$name answers as sentence-transformers does', async ({ path }) => {
  const folder = path();
  const model = await MultiVectorEncoder.from_pretrained(folder);
  const { queries, documents, query, document, maxsim } = answersIn<Answers>(folder, 'multi.json');
  const [asked, held] = [await model.encode_query(queries), await model.encode_document(documents)];
  for (const [got, want] of [
    [asked, query],
    [held, document],
  ] as const)
    for (const [i, matrix] of got.entries()) {
      expect(matrix.shape).toEqual([want[i].length, want[i][0].length]);
      expectClose(matrix, want[i]);
    }
  expectClose(model.similarity(asked, held), maxsim);
});

describe('vectors of tokens', () => {
  test('do not depend on what else is asked', async () => {
    const model = await opened();
    const [all, one] = [await model.encode(TEXTS, { batchTokens: 8 }), await model.encode(TEXTS[1])];
    expect(bytesOf(all[1]).equals(bytesOf(one))).toBe(true);
    expect(await model.encode([])).toEqual([]);
    expect(model.get_embedding_dimension()).toBe(128);
  });

  test('of words that are skipped are left out, of documents unless said otherwise', async () => {
    const spy = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const [plain, skipping] = [await opened(), await opened({}, { skiplist_words: ['.', 'a', 'unheard'] })];
    expect(spy.mock.calls.flat().join()).toMatch(/"unheard".*no token/);
    const tokens = plain.tokenizer.convert_ids_to_tokens(plain.tokenizer.encode(TEXTS[0]));
    const whole = await plain.encode_document(TEXTS[0]);
    const kept = tokens.flatMap((token, i) => (['.', 'a'].includes(token) ? [] : [whole.tolist()[i]]));
    expect(kept.length).toBe(tokens.length - 2);
    for (const matrix of [await skipping.encode_document(TEXTS[0]), await skipping.encode(TEXTS[0])]) expect(matrix.tolist()).toEqual(kept);
    expect(bytesOf(await skipping.encode_query(TEXTS[0])).equals(bytesOf(whole))).toBe(true);
    const both = await opened({}, { skiplist_words: ['.', 'a'], skiplist_tasks: ['query', 'document'] });
    expect((await both.encode_query(TEXTS[0])).tolist()).toEqual(kept);
    const [id] = plain.tokenizer.convert_tokens_to_ids(['man']);
    const only = await opened({}, { keep_only_token_ids: [id] });
    expect((await only.encode_document(TEXTS[0])).tolist()).toEqual([whole.tolist()[tokens.indexOf('man')]]);
    expect((await only.encode_document('Hello')).shape).toEqual([0, 128]);
    expect((await only.encode_query('Hello')).shape[0]).toBeGreaterThan(0);
    spy.mockRestore();
  });

  test.each([
    [false, 'fixed', null],
    [true, 'fixed', '[PAD]'],
    [false, 'min', '[SEP]'],
  ] as const)('of queries that are made longer: attended %s, %s, with %s', async (attend, strategy, token) => {
    const length = 20;
    const folder = encoderFolder('colbert');
    const model = await opened({ query_expansion: { strategy, attend, token, length } });
    const got = await model.encode_query(TEXTS);
    expect(got.map(({ shape }) => shape)).toEqual(TEXTS.map(() => [length, 128]));
    const encoder = await BertModel.from_pretrained(folder);
    const { tokenizer } = model;
    const [filler] = tokenizer.convert_tokens_to_ids([token ?? '[MASK]']);
    const { openCheckpoint } = await import('../../src/index.ts');
    const { tensors } = await openCheckpoint(`${folder}/1_Dense`);
    for (const [i, text] of TEXTS.entries()) {
      const ids = tokenizer.encode(text);
      const row = Array.from({ length }, (_, at) => ids[at] ?? filler);
      const mask = Array.from({ length }, (_, at) => Number(attend || at < ids.length));
      const { last_hidden_state } = encoder({ input_ids: tensor([row]), attention_mask: tensor([mask]) });
      const projected = F.linear(last_hidden_state.reshape([length, 16]), tensors.get('linear.weight') as Tensor);
      expectClose(got[i], F.normalize(projected, 2, -1).tolist(), 1e-5);
    }
    const documents = await model.encode_document(TEXTS);
    const plain = await (await opened()).encode_document(TEXTS);
    for (const [i, matrix] of documents.entries()) expectClose(matrix, plain[i].tolist(), 1e-5);
  });

  test('are as many as the lengths of queries and documents allow', async () => {
    const spy = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const model = await opened({ query_length: 5, document_length: 7 });
    const long = 'butter '.repeat(30);
    const rows = async (matrix: Promise<Tensor>) => (await matrix).shape[0];
    expect([await rows(model.encode_query(long)), await rows(model.encode_document(long)), await rows(model.encode(long))]).toEqual([
      5, 7, 64,
    ]);
    await problem('value', () => model.encode_query(long, { truncate: false }));
    const [fixed, least] = await Promise.all(
      (['fixed', 'min'] as const).map((strategy) => opened({ query_expansion: { strategy, length: 9 } })),
    );
    expect([await rows(fixed.encode_query(long)), await rows(least.encode_query(long)), await rows(least.encode_query('Hello'))]).toEqual([
      9, 64, 9,
    ]);
    spy.mockRestore();
  });
});

/** A folder whose queries and documents take all of another folder each, documents those of the first route. */
function routed(folders: Record<'document' | 'query', string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'encoder-'));
  const types: Record<string, string> = {};
  const structure = Object.entries(folders).map(([route, from]) => {
    const ids = answersIn<{ type: string; path: string }[]>(from, 'modules.json').map(({ type, path }, idx) => {
      const id = `${route}_${idx}`;
      cpSync(join(from, path), join(folder, id), { recursive: true });
      types[id] = type;
      return id;
    });
    return [route, ids] as const;
  });
  const router = [{ idx: 0, name: '0', path: '', type: 'sentence_transformers.base.modules.router.Router' }];
  writeFileSync(join(folder, 'modules.json'), json(router));
  writeFileSync(join(folder, 'router_config.json'), json({ types, structure: Object.fromEntries(structure) }));
  cpSync(join(folders.query, GENERAL), join(folder, GENERAL));
  return folder;
}

test('texts of each route of a Router are read as its own modules and its own tokenizer say', async () => {
  const general = { [GENERAL]: json({ model_type: 'MultiVectorEncoder', prompts: { query: '' }, markers: { query: 'man' } }) };
  const expansion = { strategy: 'fixed', attend: true, length: 12, token: null };
  const folders = {
    document: encoderFolder('colbert', {
      ...general,
      'sentence_bert_config.json': json({ document_length: 7, query_length: 3 }),
      [MASK]: json({ skiplist_words: ['man'] }),
    }),
    query: encoderFolder('colbert', {
      ...general,
      'sentence_bert_config.json': json({ query_expansion: expansion }),
      'tokenizer_config.json': json({ tokenizer_class: 'BertTokenizer', mask_token: '[PAD]' }),
      [MASK]: json({ skiplist_words: ['a'], skiplist_tasks: ['query'] }),
    }),
  };
  const model = await MultiVectorEncoder.from_pretrained(routed(folders));
  const [documents, queries] = await Promise.all(
    [folders.document, folders.query].map((folder) => MultiVectorEncoder.from_pretrained(folder)),
  );
  const bytes = (matrices: Tensor[]) => matrices.map((matrix) => bytesOf(matrix).toString('hex'));
  const asked = await model.encode_query(TEXTS, { truncate: true });
  expect(asked.map(({ shape }) => shape[0])).toEqual([11, 12, 12]);
  expect(bytes(asked)).toEqual(bytes(await queries.encode_query(TEXTS, { truncate: true })));
  const held = await model.encode_document(TEXTS, { truncate: true });
  expect(bytes(held)).toEqual(bytes(await documents.encode_document(TEXTS, { truncate: true })));
  expect(bytes(await model.encode(TEXTS, { task: 'document', truncate: true }))).toEqual(bytes(held));
  expect(bytes(await model.encode(TEXTS, { task: 'query', prompt_name: 'query', truncate: true }))).toEqual(bytes(asked));
});

describe('similarity', () => {
  const [a, b] = [tensor([[1, 0], [0, 2]], { dtype: 'float32' }), tensor([[3, -1], [1, 1], [-5, 0]], { dtype: 'float32' })]; // biome-ignore format: matrices
  test.each([
    ['maxsim', [[3 + 2, 0 + 4]]],
    ['meanmaxsim', [[2.5, 2]]],
  ])('%s', async (similarity_fn_name, want) => {
    const general = json({ model_type: 'MultiVectorEncoder', similarity_fn_name });
    const model = await MultiVectorEncoder.from_pretrained(encoderFolder('colbert', { [GENERAL]: general }));
    expectClose(model.similarity(a, [b, tensor([[0, 2]], { dtype: 'float32' })]), want, 1e-6);
    expect(model.similarity(a, new Tensor('float32', [0, 2], [])).item()).toBeLessThan(-1e8);
    await problem('shape', async () => model.similarity(a, tensor([[1]], { dtype: 'float32' })));
    await problem('value', async () => model.similarity('a' as never, b));
  });

  test.each<[string, Record<string, string>, RegExp]>([
    [
      'an expansion of no length',
      { 'sentence_bert_config.json': json({ query_expansion: { strategy: 'fixed' } }) },
      /query_expansion of sentence_bert_config.*length/,
    ],
    ['tokens that are none', { [MASK]: json({ skiplist_words: [1] }) }, /skiplist_words/],
    [
      'another similarity',
      { [GENERAL]: json({ model_type: 'MultiVectorEncoder', similarity_fn_name: 'cosine' }) },
      /similarity_fn_name.*maxsim/,
    ],
    ['no kind', { [GENERAL]: json({ model_type: 'ColBURT' }) }, /model_type.*MultiVectorEncoder.*ColBURT/],
  ])('%s is refused', async (_, files, message) => {
    expect((await problem('config', () => MultiVectorEncoder.from_pretrained(encoderFolder('colbert', files)))).message).toMatch(message);
  });

  test('a token to expand by that the vocabulary lacks is refused when a query needs it', async () => {
    const spy = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const model = await opened({ query_expansion: { strategy: 'fixed', length: 9, token: 'unheard' } });
    await problem('config', () => model.encode_query('Hello'));
    spy.mockRestore();
  });
});

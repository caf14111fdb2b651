import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { jit, type Tensor } from '../../src/index.ts';
import { BertTokenizer, type BertTokenizerOptions, type Encoding, type TensorEncoding } from '../../src/tokenizer/index.ts';
import { problem, tinyBert } from '../support/tiny.ts';
import { bertJson } from '../support/tokenizerjson.ts';

const vocab = readFileSync(fileURLToPath(new URL('../fixtures/tokenizer/vocab.txt', import.meta.url)), 'utf8').trimEnd();
const words = vocab.split('\n');
const bert = BertTokenizer.from_files({ 'vocab.txt': vocab });

const PLAIN = bertJson(words);
const JSON_FILE = {
  ...PLAIN,
  added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].map((content) => ({ id: words.indexOf(content), content, special: true })),
  post_processor: { ...PLAIN.post_processor, special_tokens: { '[CLS]': { ids: [101] }, '[SEP]': { ids: [102] } } },
};
const json = (changes: object = {}): string => JSON.stringify({ ...JSON_FILE, ...changes });

describe('every file of a folder', () => {
  const directory = mkdtempSync(`${tmpdir()}/tokenizer-cases-`);
  const files: Record<string, string> = {
    'vocab.txt': vocab,
    'added_tokens.json': '{"<e1>":30522,"</e1>":30523,"covid19":30524}',
    'tokenizer_config.json': '{"do_lower_case":true,"max_len":77}',
  };
  const IDS = [101, 30522, 3958, 30523, 2038, 30524, 102];
  const TEXT = '<e1> Jim </e1> has covid19';
  let server: Server;
  beforeAll(async () => {
    for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/${name}`, text);
    writeFileSync(`${directory}/tokenizer-x.json`, json());
    mkdirSync(`${directory}/json`);
    writeFileSync(`${directory}/json/tokenizer.json`, json());
    writeFileSync(`${directory}/json/tokenizer_config.json`, '{"do_lower_case":false}');
    server = createServer(({ url = '' }, response) => {
      const text = files[url.slice(1).replace(/\?.*/, '')];
      response.writeHead(text === undefined ? 404 : 200).end(text);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterAll(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  const address = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;

  test('counts, from a directory, an address and a trace', async () => {
    const tokenizer = await BertTokenizer.from_pretrained(directory);
    expect(tokenizer.encode(TEXT)).toEqual(IDS);
    expect(tokenizer.decode(IDS, { skip_special_tokens: true })).toBe('<e1> jim </e1> has covid19');
    expect(tokenizer.model_max_length).toBe(77);
    expect([tokenizer.vocab_size, tokenizer.length]).toEqual([30522, 30525]);
    expect((await BertTokenizer.from_pretrained(address(''))).encode(TEXT)).toEqual(IDS);

    const traced = await jit.trace(tinyBert({ vocab_size: 30525 }), [await idsOf(tokenizer)], { tokenizer });
    await jit.save(traced, `${directory}/model.tracelet`);
    expect((await BertTokenizer.from_pretrained(`${directory}/model.tracelet`)).encode(TEXT)).toEqual(IDS);
    traced.dispose();
  });

  test('may travel in a trace as it is', async () => {
    const traced = await jit.trace(tinyBert({ vocab_size: 30525 }), [await idsOf(bert)]);
    await jit.save(traced, `${directory}/files.tracelet`, { _extra_files: files });
    const loaded = await jit.load(`${directory}/files.tracelet`);
    expect(loaded.tokenizer.encode(TEXT)).toEqual(IDS);
    for (const one of [traced, loaded]) one.dispose();
  });

  test('alone is read alone', async () => {
    for (const path of [
      `${directory}/vocab.txt`,
      `${directory}/json/tokenizer.json`,
      `${directory}/tokenizer-x.json`,
      address('vocab.txt'),
      address('vocab.txt?x=1'),
    ]) {
      const tokenizer = await BertTokenizer.from_pretrained(path);
      expect(tokenizer.encode('Hello'), path).toEqual([101, 7592, 102]);
      expect([tokenizer.length, tokenizer.model_max_length]).toEqual([30522, Infinity]);
    }
    expect((await BertTokenizer.from_pretrained(`${directory}/json`)).tokenize('Hello')).toEqual(['[UNK]']);
    expect((await BertTokenizer.from_pretrained(`${directory}/vocab.txt`, { do_lower_case: false })).tokenize('Hello')).toEqual(['[UNK]']);
    await problem('source', () => BertTokenizer.from_pretrained(`${directory}/none.txt`));
    await problem('source', () => BertTokenizer.from_pretrained(address('none.txt')));
    await problem('config', () => BertTokenizer.from_pretrained(`${directory}/tokenizer_config.json`));
  });
});

const idsOf = async (tokenizer: BertTokenizer): Promise<Tensor> => tokenizer('jim', { return_tensors: true }).input_ids;

describe('tokenizer.json', () => {
  test.each(['TokenizersBackend', 'MPNetTokenizer', 'T5Tokenizer', 'AnyTokenizer'])(
    'of the class %s loads by its contents',
    async (tokenizer_class) => {
      const config = JSON.stringify({ tokenizer_class, pad_token: '[PAD]', unk_token: '[UNK]', do_lower_case: true });
      const tokenizer = BertTokenizer.from_files({ 'tokenizer.json': json(), 'tokenizer_config.json': config });
      expect(tokenizer.encode('Hello world')).toEqual([101, 7592, 2088, 102]);
      const other = { 'tokenizer.json': json({ model: { type: 'Unigram', vocab: [] } }), 'tokenizer_config.json': config };
      await problem('unsupported', () => BertTokenizer.from_files(other));
    },
  );

  test('without the type of its model is what its fields say', () => {
    const { type: _, ...model } = JSON_FILE.model;
    const load = (changed: object) => BertTokenizer.from_files({ 'tokenizer.json': json({ model: changed }), 'vocab.txt': 'other' });
    expect(load(model).encode('hello')).toEqual([101, 7592, 102]);
    const wrong: [object, RegExp][] = [
      [{ ...model, merges: [] }, /got BPE/],
      [{ vocab: [] }, /got Unigram/],
      [{ vocab: {}, unk_token: '[UNK]' }, /got WordLevel/],
      [{ ...model, type: null }, /got null/],
    ];
    for (const [changed, expected] of wrong) expect(() => load(changed)).toThrow(expected);
  });

  test('decides the sides of padding and truncation, unless the configuration does', async () => {
    const sides = { truncation: { direction: 'Left', max_length: 9 }, padding: { direction: 'Left', strategy: { Fixed: 9 } } };
    const left = { 'tokenizer.json': json(sides) };
    const tokenizer = BertTokenizer.from_files(left);
    expect(tokenizer.encode('one two three four five', { truncation: true, max_length: 4 })).toEqual([101, 2176, 2274, 102]);
    expect(tokenizer.encode('one', { padding: 'max_length', max_length: 6 })).toEqual([0, 0, 0, 101, 2028, 102]);
    expect(tokenizer.encode('one')).toEqual([101, 2028, 102]);
    const right = BertTokenizer.from_files({ ...left, 'tokenizer_config.json': '{"padding_side":"right"}' }, { truncation_side: 'right' });
    expect(right.encode('one two three', { truncation: true, max_length: 4 })).toEqual([101, 2028, 2048, 102]);
    expect(right.encode('one', { padding: 'max_length', max_length: 4 })).toEqual([101, 2028, 102, 0]);
    for (const wrong of [{ padding: 7 }, { truncation: { direction: 'Up' } }])
      await problem('format', () => BertTokenizer.from_files({ 'tokenizer.json': json(wrong) }));
  });

  test('decides how words are split, whatever the configuration says', () => {
    const config = JSON.stringify({ wordpieces_prefix: '@@', max_input_chars_per_word: 2, never_split: ['HELLO'] });
    const tokenizer = BertTokenizer.from_files({ 'tokenizer.json': json(), 'tokenizer_config.json': config });
    expect(tokenizer.tokenize('HELLO puppeteer')).toEqual(['hello', 'puppet', '##eer']);
    const other = BertTokenizer.from_files({ 'vocab.txt': vocab, 'tokenizer_config.json': config });
    expect(other.tokenize('HELLO to puppeteer')).toEqual(['[UNK]', 'to', '[UNK]']);
  });

  test('may lack ids and give keys twice', () => {
    const at = words.indexOf('[unused7]');
    const { '[unused7]': _, ...hole } = JSON_FILE.model.vocab;
    const tokenizer = BertTokenizer.from_files({ 'tokenizer.json': json({ model: { ...JSON_FILE.model, vocab: hole } }) });
    for (const one of [tokenizer, BertTokenizer.from_files(tokenizer.files())]) {
      expect(one.encode('Hello world')).toEqual([101, 7592, 2088, 102]);
      expect([one.vocab_size, one.length, one.get_vocab().size]).toEqual([30521, 30521, 30521]);
      expect(one.get_vocab().get('hello')).toBe(7592);
      expect(one.convert_tokens_to_ids('[unused7]')).toBe(100);
      expect(() => one.convert_ids_to_tokens(at)).toThrow(/id: expected the id of a token, got 8, which no token has/);
      expect(() => one.decode([at])).toThrow(/ids\[0\]: expected the id of a token/);
      expect(() => one.decode([30522])).toThrow(/expected an id from 0 to 30521/);
    }
    const twice = BertTokenizer.from_files({ 'tokenizer.json': json().replace('"hello":7592', '"world":7592') });
    expect(twice.encode('world')).toEqual([101, 7592, 102]);
    expect(() => twice.convert_ids_to_tokens(2088)).toThrow(/which no token has/);
  });

  test('whose post-processor has other ids than its vocabulary is refused', async () => {
    const special_tokens = { '[CLS]': { ids: [101] }, '[SEP]': { ids: [103] } };
    const load = (post_processor: object) => BertTokenizer.from_files({ 'tokenizer.json': json({ post_processor }) });
    expect(() => load({ ...JSON_FILE.post_processor, special_tokens })).toThrow(/id of "\[SEP\]" in the post_processor.*expected 102/);
    expect(() => load({ type: 'BertProcessing', cls: ['[CLS]', 5], sep: ['[SEP]', 102] })).toThrow(
      /expected 101 as in the vocabulary, got 5/,
    );
    const { '[SEP]': _, ...vocab } = JSON_FILE.model.vocab;
    const behind = json({
      model: { ...JSON_FILE.model, vocab },
      post_processor: { ...JSON_FILE.post_processor, special_tokens: { '[SEP]': { ids: [30522] } } },
    });
    expect(BertTokenizer.from_files({ 'tokenizer.json': behind.replace('"id":102', '"id":40000') }).encode('hello')).toEqual([
      101, 7592, 30522,
    ]);
    await problem('format', () => BertTokenizer.from_files({ 'tokenizer.json': json({ added_tokens: 7 }) }));
    await problem('config', () => BertTokenizer.from_files({ 'tokenizer.json': json({ added_tokens: [7] }) }));
  });
});

describe('vocabularies', () => {
  test('get the special tokens they lack behind them', () => {
    const OLD = ['[UNK]', '[CLS]', '[SEP]', 'want', '##want', '##ed', 'wa', 'un', 'runn', '##ing', ',', 'low', 'lowest'];
    const tokenizer = new BertTokenizer({ vocab: OLD });
    expect(tokenizer.encode('UNwantéd,running')).toEqual([1, 7, 4, 5, 10, 8, 9, 2]);
    expect([tokenizer.pad_token_id, tokenizer.mask_token_id, tokenizer.length, tokenizer.vocab_size]).toEqual([13, 14, 15, 13]);
    const bare = new BertTokenizer({ vocab: OLD.slice(3) });
    expect(bare.all_special_tokens.map((token) => bare.convert_tokens_to_ids(token))).toEqual([10, 11, 12, 13, 14]);
    expect(bare.encode('low zz')).toEqual([13, 8, 10, 11]);
  });

  test('with a token twice take the last', () => {
    const tokenizer = new BertTokenizer({ vocab: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'jim', 'x', 'jim'] });
    for (const one of [tokenizer, BertTokenizer.from_files(tokenizer.files())]) {
      expect(one.encode('jim x')).toEqual([2, 7, 6, 3]);
      expect([one.vocab_size, one.length, one.convert_ids_to_tokens(7)]).toEqual([7, 7, 'jim']);
      expect(() => one.convert_ids_to_tokens(5)).toThrow(/which no token has/);
    }
    const sparse = new BertTokenizer({ vocab: { '[PAD]': 0, a: 2 } });
    expect(sparse.encode('a')).toEqual([5, 2, 4]);
    expect(() => new BertTokenizer({ vocab: { a: 2 ** 31 } })).toThrow(/vocab entry "a": expected an id from 0 to 2097151/);
  });
});

describe('options', () => {
  const make = (options: object) => new BertTokenizer({ vocab: ['jim'], ...options } as BertTokenizerOptions);

  test('have their old names', () => {
    expect(make({ max_len: 77 }).model_max_length).toBe(77);
    expect(make({ max_len: 77, model_max_length: 66 }).model_max_length).toBe(66);
    expect(make({ max_len: null, do_basic_tokenize: true }).model_max_length).toBe(Infinity);
    const files = { 'vocab.txt': vocab, 'tokenizer_config.json': '{"model_max_length":512}' };
    expect(BertTokenizer.from_files(files, { max_len: 77 }).model_max_length).toBe(77);
    expect(() => make({ do_basic_tokenize: false })).toThrow(/do_basic_tokenize: expected only true, got false.*never_split/);
    const config = { 'vocab.txt': vocab, 'tokenizer_config.json': '{"do_basic_tokenize":false}' };
    expect(() => BertTokenizer.from_files(config)).toThrow(/tokenizer_config.json: option do_basic_tokenize/);
    const versions = { 'vocab.txt': vocab, 'tokenizer_config.json': '{"fast_tokenizer_files":["tokenizer.4.0.json","tokenizer.json"]}' };
    expect(() => BertTokenizer.from_files(versions)).toThrow(/fast_tokenizer_files: expected only tokenizer.json/);
  });

  test('that are unknown are refused with the nearest name, and their values shown nowhere', async () => {
    const options = { use_auth_token: 'hf_secret' } as object;
    const refusals = [
      () => make(options),
      () => BertTokenizer.from_files({ 'vocab.txt': vocab }, options),
      () => BertTokenizer.from_pretrained('/nowhere', options),
    ];
    for (const refused of refusals) await expect((async () => refused())()).rejects.toThrow(/^(?!.*secret).*option "use_auth_token"/s);
    expect(() => make({ do_lowercase: false })).toThrow(/option "do_lowercase".*Did you mean do_lower_case\?/);
    expect(() => new BertTokenizer('vocab.txt' as never)).toThrow(/expected an object of options.*from_pretrained takes a path/);
    const odd = make({ added_tokens: [{ content: 'x', token: 'hf_secret' }], mask_token: { content: '[M]', path: 'hf_secret' } });
    expect(JSON.stringify(odd.files())).not.toContain('secret');
  });

  test('split special tokens where asked to', () => {
    expect(bert.tokenize('[SEP]')).toEqual(['[SEP]']);
    const split = BertTokenizer.from_files({ 'vocab.txt': vocab }, { split_special_tokens: true });
    expect(split.tokenize('[SEP]')).toEqual(['[', 'sep', ']']);
    expect(split.encode('[SEP]').at(-1)).toBe(102);
  });
});

describe('arguments, as in Python', () => {
  test('options may come second, and null is not given', () => {
    expect(bert('hello', { padding: 'max_length', max_length: 5 }).input_ids).toEqual([101, 7592, 102, 0, 0]);
    expect(bert(['hello', 'hello world'], { padding: true }).input_ids).toEqual([[101, 7592, 102, 0], [101, 7592, 2088, 102]]); // biome-ignore format: one row
    expect(bert.encode('hello', { add_special_tokens: false })).toEqual([7592]);
    expect(bert.encode_plus('hello', { text_pair: 'world' }).token_type_ids).toEqual([0, 0, 0, 1, 1]);
    expect(bert.tokenize('hello', { add_special_tokens: true })).toEqual(['[CLS]', 'hello', '[SEP]']);
    expect(bert('hello', { text_pair: 'world' })).toEqual(bert('hello', 'world'));
    expect(bert(['hello'], null, { text_pair: ['world'] })).toEqual(bert(['hello'], ['world']));
    expect(bert.batch_encode_plus(['hello'], { text_pair: ['world'] })).toEqual(bert.batch_encode_plus([['hello', 'world']]));
    expect(bert('hello', null, null as never)).toEqual(bert('hello'));
    const nothing = { max_length: null, truncation: null, padding: null, return_tensors: null, text_pair: null, pad_to_multiple_of: null };
    expect(bert.encode('hello world', { ...nothing, offset_unit: null })).toEqual([101, 7592, 2088, 102]);
    expect(bert.decode([7592, 102], { skip_special_tokens: null })).toBe('hello [SEP]');
  });

  test('names of tensors mean tensors', () => {
    for (const return_tensors of ['pt', 'np', 'tf', true] as const) {
      expect(bert('hello', { return_tensors }).input_ids.tolist()).toEqual([[101, 7592, 102]]);
      expect(bert.encode('hello', { return_tensors }).tolist()).toEqual([[101, 7592, 102]]);
      expect(bert.encode_plus('hello', null, { return_tensors }).attention_mask.shape).toEqual([1, 3]);
      expect(bert.batch_encode_plus(['hello'], { return_tensors }).token_type_ids.shape).toEqual([1, 3]);
    }
    expectTypeOf(bert('hello', { return_tensors: 'pt' })).toEqualTypeOf<TensorEncoding>();
    expectTypeOf(bert('hello', { max_length: null, padding: true })).toEqualTypeOf<Encoding>();
    expectTypeOf(bert.encode('hello', { return_tensors: 'pt' })).toEqualTypeOf<Tensor>();
    expectTypeOf(bert.encode('hello', { truncation: true })).toEqualTypeOf<number[]>();
  });

  const any = bert as unknown as Record<string, (...args: unknown[]) => unknown> & ((...args: unknown[]) => unknown);
  const wrong: [string, () => unknown, RegExp][] = [
    ['pairs of another count', () => any(['a'], ['b', 'c']), /pair: expected an array as long as that of the texts/],
    ['a number', () => any(5), /text: expected a string, got 5/],
    ['nothing', () => any(), /text: expected a string, got undefined/],
    ['null', () => any(null), /text: expected a string, got null/],
    ['a pair that is an array', () => any('a', ['b']), /pair: expected a string, got \["b"\]/],
    ['a pair that is a string', () => any(['a'], 'b'), /pair: expected an array as long/],
    ['a pair with a hole', () => any(['a'], [undefined]), /pair\[0\]: expected a string, got null/],
    ['a batch with a number', () => any(['a', 5]), /text\[1\]: expected a string or \[text, pair\], got 5/],
    ['four arguments', () => any('a', 'b', {}, {}), /the tokenizer: expected a text, a pair and options, got 4 arguments/],
    ['options twice', () => any('a', {}, {}), /expected options once/],
    ['a pair twice', () => any('a', 'b', { text_pair: 'c' }), /expected one pair/],
    ['options that are none', () => any('a', 'b', 5), /the tokenizer: options: expected an object, got 5/],
    ['an unknown option', () => any('a', { paddin: true }), /option "paddin".*Did you mean padding\?/],
    ['unknown tensors', () => any('a', { return_tensors: 'jax' }), /return_tensors: expected boolean or pt or np or tf, got "jax"/],
    ['an unknown unit', () => any('a', { offset_unit: 'bytes' }), /offset_unit: expected one of "utf16", "codepoint", "byte", got "bytes"/],
    ['tensors, one each', () => any.encode_batch(['a'], { return_tensors: true }), /encode_batch\(\): option return_tensors/],
    ['three arguments of a batch', () => any.batch_encode_plus(['a'], ['b'], {}), /expected texts and options, got 3 arguments/],
    ['a flag for options', () => any.decode([5], true), /decode\(\): options: expected an object, got true/],
  ];
  test.each(wrong)('%s: refused', async (_, run, expected) => {
    expect(run).toThrow(expected);
    await problem('value', run);
  });
});

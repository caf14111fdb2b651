import { describe, expect, test } from 'vitest';
import '../../src/tokenizer/all.ts';
import { fastOptions } from '../../src/tokenizer/fileoptions.ts';
import { sentencePieces } from '../support/sentencepieces.ts';
import { problem } from '../support/tiny.ts';

const PIECES = sentencePieces(
  ['<unk>', 0, 2],
  ['<s>', 0, 3],
  ['</s>', 0, 3],
  ['<user>', 0, 4],
  ['▁a', -1, 1],
  ['1,', -2, 1],
  ['<unused>', -3, 5],
);
const VOCAB = [['<unk>', 0], ['<s>', 0], ['</s>', 0], ['<user>', 0], ['▁a', -1], ['1,', -2], ['<unused>', -3]]; // biome-ignore format: one row

type Json = Record<string, unknown> & { normalizer: { normalizers: object[] }; model: Record<string, unknown> };

/** What files say with a model of PIECES and what is behind them in its bytes. */
function read(config: object = {}, more: readonly number[] = [], files: object = {}) {
  const { tokenizer_object, ...roles } = fastOptions({
    'spiece.model': new Uint8Array([...PIECES, ...more]),
    'tokenizer_config.json': JSON.stringify(config),
    ...files,
  });
  return { json: tokenizer_object as Json, roles };
}

const metaspace = (prepend_scheme = 'always') => ({ type: 'Metaspace', replacement: '▁', prepend_scheme, split: true });
const replace = (text: string, content: string) => ({ type: 'Replace', pattern: { String: text }, content });
const QUOTES = [replace('``', '"'), replace("''", '"')];
const ONE_SPACE = { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' };
const PLAIN = { type: 'NFKD' };
const TIDY = [
  { type: 'Strip', strip_left: false, strip_right: true },
  { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '▁' },
];

describe('a model of SentencePiece without a class', () => {
  test('is what it says by itself', () => {
    expect(read().json).toEqual({
      normalizer: { type: 'Sequence', normalizers: TIDY },
      pre_tokenizer: metaspace(),
      decoder: metaspace(),
      model: { type: 'Unigram', vocab: VOCAB, unk_id: 0, byte_fallback: false },
      added_tokens: [
        { id: 1, content: '<s>', normalized: false, special: true },
        { id: 2, content: '</s>', normalized: false, special: true },
        { id: 3, content: '<user>', normalized: false, special: false },
      ],
    });
  });

  test('has the rules of its normalizer, however long', () => {
    const rules = Array.from({ length: 5000 }, (_, i) => (i * 7) % 256);
    const { json } = read({}, [0x1a, 0x8b, 0x27, 0x12, 0x88, 0x27, ...rules]);
    const precompiled = { type: 'Precompiled', precompiled_charsmap: Buffer.from(rules).toString('base64') };
    expect(json.normalizer.normalizers).toEqual([precompiled, ...TIDY]);
    expect(read({}, [0x1a, 2, 0x12, 0]).json.normalizer.normalizers).toEqual(TIDY);
  });

  test('says which piece is unknown, and whether bytes are pieces', () => {
    const { model } = read({}, [0x12, 6, 0xc0, 2, 4, 0x98, 2, 1]).json;
    expect(model).toMatchObject({ type: 'Unigram', unk_id: 4, byte_fallback: true });
    expect(read({}, [0x12, 3, 0x98, 2, 0]).json.model.byte_fallback).toBe(false);
    const bpe = read({}, [0x12, 2, 0x18, 2, 0x12, 6, 0xea, 2, 3, 0x3c, 0x73, 0x3e]).json.model;
    expect(bpe).toEqual({
      type: 'BPE',
      vocab: Object.fromEntries(VOCAB.map(([piece], id) => [piece, id])),
      merges: [],
      unk_token: '<s>',
      fuse_unk: true,
      byte_fallback: false,
    });
  });

  test.each<[what: string, code: 'format' | 'unsupported', more: number[]]>([
    ['an unknown piece behind the last', 'format', [0x12, 3, 0xc0, 2, 7]],
    ['an unknown piece that is bytes', 'format', [0x12, 5, 0xc2, 2, 1, 0x61, 0x08]],
    ['a kind that is bytes', 'format', [0x12, 3, 0x1a, 1, 1]],
    ['a kind that is none', 'format', [0x12, 2, 0x18, 5]],
    ['a kind that is 0', 'format', [0x12, 2, 0x18, 0]],
    ['words', 'unsupported', [0x12, 2, 0x18, 3]],
    ['a piece that is a number', 'format', [0x08, 1]],
    ['a piece with a text that is a number', 'format', [0x0a, 2, 0x08, 1]],
    ['a piece that is no UTF-8', 'format', [0x0a, 3, 0x0a, 1, 0xff]],
    ['a score that is none', 'format', [0x0a, 5, 0x15, 0, 0, 0xc0, 0x7f]],
    ['rules that are a number', 'format', [0x1a, 2, 0x10, 1]],
  ])('with %s is refused', async (_, code, more) => {
    await problem(code, () => read({}, more));
  });
});

describe('byte pairs of a model', () => {
  const mergesOf = (...pieces: Parameters<typeof sentencePieces>) =>
    (fastOptions({ 'spiece.model': new Uint8Array([...sentencePieces(...pieces), 0x12, 2, 0x18, 2]) }).tokenizer_object as Json).model
      .merges;

  test('are the better first, and of a piece the one whose halves are longer', () => {
    const merges = mergesOf(['<unk>', 0, 2], ['a', -9, 1], ['b', -9, 1], ['ab', -2, 1], ['ba', -2, 1], ['aba', -2, 1], ['abab', -1, 1]);
    expect(merges).toEqual([['aba', 'b'], ['ab', 'ab'], ['ab', 'a'], ['a', 'ba'], ['a', 'b'], ['b', 'a']]); // biome-ignore format: one row
  });

  test('are of pieces that are not too long', async () => {
    const long = (length: number) => [0x0a, ...varint(length + 3), 0x0a, ...varint(length), ...Array(length).fill(0x61)];
    const open = (length: number) =>
      fastOptions({ 'spiece.model': new Uint8Array([...sentencePieces(['<unk>', 0, 2]), ...long(length), 0x12, 2, 0x18, 2]) });
    expect((open(1024).tokenizer_object as Json).model.merges).toEqual([]);
    await problem('format', () => open(1025));
  });
});

const varint = (value: number): number[] => [0x80 | (value & 0x7f), value >> 7];

describe('a class', () => {
  const tokenizer = (tokenizer_class: string, config: object = {}) => read({ tokenizer_class, ...config });

  test.each<[name: string, config: object, normalizers: object[]]>([
    ['Albert', {}, [...QUOTES, PLAIN, { type: 'StripAccents' }, { type: 'Lowercase' }, ONE_SPACE]],
    ['Albert', { keep_accents: true, do_lower_case: false }, [...QUOTES, ONE_SPACE]],
    ['XLNet', {}, [...QUOTES, PLAIN, { type: 'StripAccents' }, ONE_SPACE]],
    ['XLNet', { do_lower_case: true }, [...QUOTES, PLAIN, { type: 'StripAccents' }, { type: 'Lowercase' }, ONE_SPACE]],
    ['DebertaV2', {}, [{ type: 'Strip', strip_left: true, strip_right: true }, ONE_SPACE]],
    ['DebertaV2', { do_lower_case: true }, [{ type: 'Lowercase' }, { type: 'Strip', strip_left: true, strip_right: true }, ONE_SPACE]],
    ['T5', {}, TIDY],
    ['Camembert', {}, TIDY],
    ['XLMRoberta', {}, TIDY],
  ])('%sTokenizer with %j has normalizers of its own', (name, config, normalizers) => {
    expect(tokenizer(`${name}Tokenizer`, config).json.normalizer.normalizers).toEqual(normalizers);
  });

  test('may split at punctuation', () => {
    expect(tokenizer('DebertaV2Tokenizer').json.pre_tokenizer).toEqual(metaspace());
    expect(tokenizer('DebertaV2Tokenizer', { split_by_punct: true }).json.pre_tokenizer).toEqual({
      type: 'Sequence',
      pretokenizers: [{ type: 'Punctuation', behavior: 'Isolated' }, metaspace()],
    });
  });

  test.each<[name: string, vocab: unknown[], unknown: number]>([
    ['Albert', [...VOCAB.slice(0, 5), ['1,', -102], VOCAB[6]], 0],
    ['DebertaV2', VOCAB, 0],
    ['XLMRoberta', [['<s>', 0], ['<pad>', 0], ['</s>', 0], ['<unk>', 0], ...VOCAB.slice(3), ['<mask>', 0]], 3],
    [
      'Camembert',
      [['<s>NOTUSED', 0], ['<pad>', 0], ['</s>NOTUSED', 0], ['<unk>', 0], ['<unk>NOTUSED', -100], ...VOCAB.slice(1), ['<mask>', 0]],
      3,
    ],
  ])('%s has ids of its own', (name, vocab, unk_id) => {
    expect(tokenizer(`${name}TokenizerFast`).json.model).toMatchObject({ vocab, unk_id });
  });

  test.each<[extra_ids: unknown, count: number]>([
    [undefined, 100],
    [2, 2],
    [0, 0],
    [65_536, 65_536],
    [65_537, 100],
    [-1, 100],
    [1.5, 100],
    ['2', 100],
  ])(
    // biome-ignore format: one row
    'T5 with extra_ids %j has %i sentinels',
    (extra_ids, count) => {
      const vocab = tokenizer('T5Tokenizer', { extra_ids }).json.model.vocab as [string, number][];
      expect(vocab.slice(0, 7)).toEqual(VOCAB);
      expect(vocab).toHaveLength(7 + count);
      if (count)
        expect([vocab[7], vocab.at(-1)]).toEqual([
          [`<extra_id_${count - 1}>`, 0],
          ['<extra_id_0>', 0],
        ]);
    },
  );

  test.each<[name: string, single: string, pair: string, known: object]>([
    ['Albert', '[CLS]:0 A:0 [SEP]:0', '[CLS]:0 A:0 [SEP]:0 B:1 [SEP]:1', {}],
    ['DebertaV2', '[CLS]:0 A:0 [SEP]:0', '[CLS]:0 A:0 [SEP]:0 B:1 [SEP]:1', {}],
    ['T5', 'A:0 </s>:0', 'A:0 </s>:0 B:0 </s>:0', { '</s>': 2 }],
    ['XLMRoberta', '<s>:0 A:0 </s>:0', '<s>:0 A:0 </s>:0 </s>:0 B:0 </s>:0', { '<s>': 0, '</s>': 2 }],
    ['XLNet', 'A:0 <sep>:0 <cls>:2', 'A:0 <sep>:0 B:1 <sep>:1 <cls>:2', {}],
  ])('%s stands around texts, with the ids that are known', (name, single, pair, known) => {
    type Place = Record<string, { id: string; type_id: number }>;
    const { post_processor } = tokenizer(`${name}Tokenizer`).json as unknown as { post_processor: Record<string, Place[]> };
    const textOf = (places: Place[]) => places.map((place) => Object.values(place).map(({ id, type_id }) => `${id}:${type_id}`)).join(' ');
    expect([textOf(post_processor.single), textOf(post_processor.pair)]).toEqual([single, pair]);
    const special = Object.entries(known).map(([id, number]) => [id, { id, ids: [number], tokens: [id] }]);
    expect(post_processor.special_tokens).toEqual(Object.fromEntries(special));
  });

  const ROBERTA = { bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>', sep_token: '</s>', pad_token: '<pad>', cls_token: '<s>' };
  const BRACKETS = { bos_token: '[CLS]', eos_token: '[SEP]', sep_token: '[SEP]', cls_token: '[CLS]' };
  test.each<[name: string, roles: object]>([
    ['Albert', { ...BRACKETS, unk_token: '<unk>', pad_token: '<pad>', mask_token: { content: '[MASK]', lstrip: true } }],
    ['Camembert', { ...ROBERTA, mask_token: { content: '<mask>', lstrip: true } }],
    ['XLMRoberta', { ...ROBERTA, mask_token: { content: '<mask>', lstrip: true } }],
    ['DebertaV2', { ...BRACKETS, unk_token: '[UNK]', pad_token: '[PAD]', mask_token: '[MASK]' }],
    ['T5', { eos_token: '</s>', unk_token: '<unk>', pad_token: '<pad>' }],
    ['XLNet', { ...ROBERTA, sep_token: '<sep>', cls_token: '<cls>', mask_token: { content: '<mask>', lstrip: true } }],
  ])('%s has tokens for its roles', (name, roles) => {
    const { added_tokens, additional_special_tokens, extra_special_tokens, ...found } = tokenizer(`${name}Tokenizer`).roles as object &
      Record<string, unknown>;
    expect(found).toEqual(roles);
  });

  test('has the tokens that files give roles: special_tokens_map.json, or tokenizer_config.json', () => {
    const firstOf = (config: object, map: object): unknown => {
      const { json } = read({ tokenizer_class: 'XLMRobertaTokenizer', ...config }, [], { 'special_tokens_map.json': JSON.stringify(map) });
      return (json as unknown as { post_processor: { single: { SpecialToken: { id: string } }[] } }).post_processor.single[0].SpecialToken
        .id;
    };
    expect(firstOf({}, {})).toBe('<s>');
    expect(firstOf({}, { cls_token: { content: '<user>' } })).toBe('<user>');
    expect(firstOf({ cls_token: '▁a' }, {})).toBe('▁a');
    expect(firstOf({ cls_token: null }, {})).toBe('<s>');
  });

  test.each(['FooTokenizer', 'constructorTokenizer', 'GPT2Tokenizer', 5])(
    '%s, which reads no such model, is refused',
    async (tokenizer_class) => {
      await problem('unsupported', () => read({ tokenizer_class }));
    },
  );

  test('is that of the model_type, where none is named', async () => {
    const open = (model_type: unknown) => read({}, [], { 'config.json': JSON.stringify({ model_type }) }).json.model.unk_id;
    expect([open('xlm-roberta'), open('camembert'), open('t5'), open(undefined)]).toEqual([3, 3, 0, 0]);
    for (const other of ['gpt2', 'none', 7]) await problem('unsupported', () => open(other));
  });
});

import { describe, expect, test } from 'vitest';
import '../../src/tokenizer/all.ts';
import { fastOptions } from '../../src/tokenizer/fileoptions.ts';
import { PreTrainedTokenizerFast } from '../../src/tokenizer/tokenizer.ts';
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
  const FLAGS = { add_dummy_prefix: true, remove_extra_whitespaces: true };
  const KINDS = ['unknown', 'control', 'control', 'user-defined', 'normal', 'normal', 'unused'];
  const WHOLE = {
    normalizer: {
      type: 'SentencePiece',
      ...FLAGS,
      escape_whitespaces: true,
      treat_whitespace_as_suffix: false,
      user_defined_symbols: ['<user>'],
    },
    model: {
      type: 'SentencePiece',
      model_type: 'unigram',
      vocab: VOCAB.map(([piece, score], id) => [piece, score, KINDS[id]]),
      byte_fallback: false,
      treat_whitespace_as_suffix: false,
    },
    decoder: { type: 'SentencePiece', ...FLAGS, byte_fallback: false, control_symbols: ['<s>', '</s>'], unk_piece: '<unk>' },
    added_tokens: [
      { id: 1, content: '<s>', normalized: false, special: true },
      { id: 2, content: '</s>', normalized: false, special: true },
    ],
  };

  test('is what it says by itself', () => {
    const { json, roles } = read();
    expect(json).toEqual(WHOLE);
    expect(roles).toMatchObject({ split_special_tokens: true });
  });

  test('has the rules of its normalizer, however long, and those of its denormalizer', () => {
    const rules = Array.from({ length: 5000 }, (_, i) => (i * 7) % 256);
    const precompiled_charsmap = Buffer.from(rules).toString('base64');
    const { normalizer } = read({}, [0x1a, 0x8b, 0x27, 0x12, 0x88, 0x27, ...rules]).json;
    expect(normalizer).toEqual({ ...WHOLE.normalizer, precompiled_charsmap });
    expect(read({}, [0x1a, 2, 0x12, 0]).json.normalizer).toEqual(WHOLE.normalizer);
    const { decoder } = read({}, [0x2a, 5, 0x12, 1, 7, 0x18, 0]).json;
    const denormalizer = { ...FLAGS, add_dummy_prefix: false, escape_whitespaces: true, precompiled_charsmap: 'Bw==' };
    expect(decoder).toEqual({ ...WHOLE.decoder, denormalizer });
  });

  test.each<[name: string, more: number[], changes: object]>([
    ['add_dummy_prefix', [0x1a, 2, 0x18, 0], { normalizer: { add_dummy_prefix: false }, decoder: { add_dummy_prefix: false } }],
    [
      'remove_extra_whitespaces',
      [0x1a, 2, 0x20, 0],
      { normalizer: { remove_extra_whitespaces: false }, decoder: { remove_extra_whitespaces: false } },
    ],
    ['escape_whitespaces', [0x1a, 2, 0x28, 0], { normalizer: { escape_whitespaces: false } }],
    [
      'treat_whitespace_as_suffix',
      [0x12, 3, 0xc0, 1, 1],
      { normalizer: { treat_whitespace_as_suffix: true }, model: { treat_whitespace_as_suffix: true } },
    ],
    ['byte_fallback', [0x12, 3, 0x98, 2, 1], { model: { byte_fallback: true }, decoder: { byte_fallback: true } }],
    ['unk_surface', [0x12, 4, 0xe2, 2, 1, 0x3f], { decoder: { unk_surface: '?' } }],
    ['model_type', [0x12, 2, 0x18, 4], { model: { model_type: 'char' } }],
  ])('has %s, a second message beside the first', (_, more, changes) => {
    expect(read({}, [0x1a, 0, ...more, 0x12, 0]).json).toMatchObject(changes);
  });

  test.each<[what: string, code: 'format' | 'unsupported', more: number[]]>([
    ['an unknown piece that is bytes', 'format', [0x12, 5, 0xc2, 2, 1, 0x61, 0x08]],
    ['a kind that is bytes', 'format', [0x12, 3, 0x1a, 1, 1]],
    ['a kind that is none', 'format', [0x12, 2, 0x18, 5]],
    ['a kind that is 0', 'format', [0x12, 2, 0x18, 0]],
    ['a piece that is a number', 'format', [0x08, 1]],
    ['a piece with a text that is a number', 'format', [0x0a, 2, 0x08, 1]],
    ['a piece that is no UTF-8', 'format', [0x0a, 3, 0x0a, 1, 0xff]],
    ['a score that is none', 'format', [0x0a, 5, 0x15, 0, 0, 0xc0, 0x7f]],
    ['rules that are a number', 'format', [0x1a, 2, 0x10, 1]],
  ])('with %s is refused', async (_, code, more) => {
    await problem(code, () => read({}, more));
  });

  const bytes = (count: number) =>
    Array.from({ length: count }, (_, i): Piece => [`<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`, 0, 6]);
  const UNKNOWN: Piece = ['<unk>', 0, 2];
  test.each<[what: string, pieces: Piece[], got: RegExp]>([
    ['no unknown piece', [['a', 0, 1]], /one piece of type unknown, got 0/],
    ['two unknown pieces', [UNKNOWN, ['<other>', 0, 2]], /got 2/],
    ['a piece twice', [UNKNOWN, ['a', 0, 1], ['a', 0, 4]], /each piece once, got "a" again/],
    ['a piece without a text', [UNKNOWN, ['', 0, 1]], /pieces with a text/],
    ['a byte too few', [UNKNOWN, ...bytes(255)], /256, for byte_fallback, got 255/],
    ['a byte that is another piece', [UNKNOWN, ...bytes(255), ['<0xFF>', 0, 1]], /got 255/],
  ])('with %s is refused', async (_, pieces, got) => {
    const model = new Uint8Array([...sentencePieces(...pieces), ...(pieces.length > 9 ? [0x12, 3, 0x98, 2, 1] : [])]);
    const { message } = await problem('format', () => PreTrainedTokenizerFast.from_files({ 'spiece.model': model }));
    expect(message).toMatch(got);
  });
});

type Piece = [piece: string, score: number, type: number];

describe('a model of a class', () => {
  const T5 = { tokenizer_class: 'T5Tokenizer', extra_ids: 0 };

  test('says which piece is unknown, and whether bytes are pieces', () => {
    const { model } = read(T5, [0x12, 6, 0xc0, 2, 4, 0x98, 2, 1]).json;
    expect(model).toMatchObject({ type: 'Unigram', unk_id: 4, byte_fallback: true });
    expect(read(T5, [0x12, 3, 0x98, 2, 0]).json.model.byte_fallback).toBe(false);
    const bpe = read(T5, [0x12, 2, 0x18, 2, 0x12, 6, 0xea, 2, 3, 0x3c, 0x73, 0x3e]).json.model;
    expect(bpe).toEqual({
      type: 'BPE',
      vocab: Object.fromEntries(VOCAB.map(([piece], id) => [piece, id])),
      merges: [],
      unk_token: '<s>',
      fuse_unk: true,
      byte_fallback: false,
    });
  });

  test('has the rules of its normalizer', () => {
    const { json } = read(T5, [0x1a, 3, 0x12, 1, 7]);
    expect(json.normalizer.normalizers).toEqual([{ type: 'Precompiled', precompiled_charsmap: 'Bw==' }, ...TIDY]);
  });

  test('is refused with an unknown piece behind the last, or of words', async () => {
    await problem('format', () => read(T5, [0x12, 3, 0xc0, 2, 7]));
    await problem('unsupported', () => read(T5, [0x12, 2, 0x18, 3]));
  });
});

describe('byte pairs of a model of a class', () => {
  const opened = (pieces: Uint8Array) => {
    const files = { 'spiece.model': new Uint8Array([...pieces, 0x12, 2, 0x18, 2]), 'config.json': '{"model_type":"t5"}' };
    const config = { 'tokenizer_config.json': '{"extra_ids":0}' };
    return fastOptions({ ...files, ...config }).tokenizer_object as Json;
  };
  const mergesOf = (...pieces: Parameters<typeof sentencePieces>) => opened(sentencePieces(...pieces)).model.merges;

  test('are the better first, and of a piece the one whose halves are longer', () => {
    const merges = mergesOf(['<unk>', 0, 2], ['a', -9, 1], ['b', -9, 1], ['ab', -2, 1], ['ba', -2, 1], ['aba', -2, 1], ['abab', -1, 1]);
    expect(merges).toEqual([['aba', 'b'], ['ab', 'ab'], ['ab', 'a'], ['a', 'ba'], ['a', 'b'], ['b', 'a']]); // biome-ignore format: one row
  });

  test('are of pieces that are not too long', async () => {
    const long = (length: number) => [0x0a, ...varint(length + 3), 0x0a, ...varint(length), ...Array(length).fill(0x61)];
    const open = (length: number) => opened(new Uint8Array([...sentencePieces(['<unk>', 0, 2]), ...long(length)]));
    expect(open(1024).model.merges).toEqual([]);
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
    expect([open('xlm-roberta'), open('camembert'), open('t5'), open(undefined)]).toEqual([3, 3, 0, undefined]);
    for (const other of ['gpt2', 'none', 7]) await problem('unsupported', () => open(other));
  });
});

test('rules without an end, and rules that make too much, are refused', () => {
  const normalized = (units: Record<number, number>, size: number, text: string) => {
    const map = Buffer.alloc(4 + 4 * size + text.length);
    map.writeUInt32LE(4 * size, 0);
    for (const [at, unit] of Object.entries(units)) map.writeUInt32LE(unit >>> 0, 4 + 4 * Number(at));
    map.write(text, 4 + 4 * size);
    const fields = { type: 'SentencePiece', precompiled_charsmap: map.toString('base64') };
    const tokenizer = PreTrainedTokenizerFast.from_files({ 'tokenizer.json': JSON.stringify({ ...read().json, normalizer: fields }) });
    return () => tokenizer.encode('a'.repeat(1000));
  };
  const A = 0x61;
  const loop = { 0: 256 << 10, [256 ^ A]: (A << 10) | A };
  expect(normalized(loop, 512, '')).toThrow(/precompiled_charsmap.*a rule for more than 256 bytes/);
  const leaf = { 0: 256 << 10, [256 ^ A]: (0 << 10) | 0x100 | A, [256 ^ A ^ 0]: (0 << 10) | 0x100 | A };
  expect(normalized(leaf, 512, 'b'.repeat(2000))).toThrow(/precompiled_charsmap.*a rule that makes 1647 bytes/);
});

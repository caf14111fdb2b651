import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/base/error.ts';
import { MODEL_NAMES } from '../../src/tokenizer/files.ts';
import { filesRead } from '../../src/tokenizer/filesread.ts';
import { BertTokenizer, type TokenizerFiles } from '../../src/tokenizer/index.ts';
import { message } from '../support/message.ts';
import { bertJson } from '../support/tokenizerjson.ts';

const VOCAB = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'jim', 'é', 'e', '##s', '中', 'x', '_'];

const added = (id: number, content: string, flags = {}) => ({ id, content, special: true, normalized: false, ...flags });

const TOKENIZER = {
  ...bertJson(VOCAB),
  truncation: { max_length: 4, strategy: 'LongestFirst', stride: 0 },
  padding: { strategy: { Fixed: 8 }, pad_id: 0, pad_token: '[PAD]' },
  added_tokens: VOCAB.slice(0, 5).map((content, id) => added(id, content)),
};

const from = (changes: object = {}, config?: object): BertTokenizer =>
  BertTokenizer.from_files({
    'tokenizer.json': JSON.stringify({ ...TOKENIZER, ...changes }),
    ...(config && { 'tokenizer_config.json': JSON.stringify(config) }),
  });

describe('tokenizer.json', () => {
  test('its normalizer is used, its truncation and padding are not', () => {
    expect(from().tokenize('Jim és jim jim jim')).toEqual(['jim', 'e', '##s', 'jim', 'jim', 'jim']);
    expect(from({ normalizer: { ...TOKENIZER.normalizer, strip_accents: false } }).tokenize('JIM é')).toEqual(['jim', 'é']);
    expect(from({ normalizer: { ...TOKENIZER.normalizer, lowercase: false } }).tokenize('JIM é')).toEqual(['[UNK]', 'é']);
    expect(from({ normalizer: { ...TOKENIZER.normalizer, handle_chinese_chars: false } }).tokenize('x中')).toEqual(['[UNK]']);
  });

  test('the configuration prevails over it, and options over both', () => {
    expect(from({}, { do_lower_case: false, strip_accents: null }).tokenize('JIM é')).toEqual(['[UNK]', 'é']);
    expect(from({}, { tokenize_chinese_chars: false, do_lower_case: null }).tokenize('JIM x中')).toEqual(['jim', '[UNK]']);
    const files = { 'tokenizer.json': JSON.stringify(TOKENIZER), 'tokenizer_config.json': '{"do_lower_case":false}' };
    expect(BertTokenizer.from_files(files, { do_lower_case: true }).tokenize('JIM')).toEqual(['jim']);
  });

  test('what lets a user in is no special token', () => {
    const secrets = {
      auth_token: 'hf_x',
      use_auth_token: 'hf_x',
      hf_token: 'hf_x',
      hub_token: 'hf_x',
      access_token: 'hf_x',
      api_token: 'hf_x',
    };
    const tokenizer = from({}, { ...secrets, image_token: '<image>' });
    expect(JSON.stringify(tokenizer.files())).not.toContain('hf_x');
    expect(tokenizer.tokenize('<image> jim')).toEqual(['<image>', 'jim']);
  });

  test('BertProcessing is the same template', () => {
    const post_processor = { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] };
    expect(from({ post_processor }).encode('jim', 'x')).toEqual([2, 5, 3, 10, 3]);
  });

  test('may lack a decoder, and added tokens', () => {
    for (const nothing of [null, undefined]) {
      const tokenizer = from({ decoder: nothing, added_tokens: nothing, truncation: nothing, padding: nothing });
      expect(tokenizer.encode('jim')).toEqual([2, 5, 3]);
    }
  });

  test.each(['Left', 'Right'] as const)('its sides are those of the tokenizer: %s', (direction) => {
    const tokenizer = from({ padding: { direction }, truncation: { direction } });
    const cut = tokenizer.encode('jim x', { truncation: true, max_length: 3 });
    const padded = tokenizer.encode('jim', { padding: 'max_length', max_length: 4 });
    expect([cut, padded]).toEqual(direction === 'Left' ? [[2, 10, 3], [0, 2, 5, 3]] : [[2, 5, 3], [2, 5, 3, 0]]); // biome-ignore format: one row
  });

  test('an added token of the vocabulary needs no id', () => {
    const token = { content: 'jim', normalized: false, lstrip: true };
    expect(from({ added_tokens: [token] }).tokenize('x  jim')).toEqual(['x', '  jim']);
  });

  test('its added tokens come behind the greatest id, wherever that stands', () => {
    const vocab = Object.fromEntries(VOCAB.map((word, id) => [word, id] as const).reverse());
    const tokenizer = from({
      model: { ...TOKENIZER.model, vocab },
      added_tokens: [...TOKENIZER.added_tokens, added(12, '[A]'), added(13, '[B]'), added(12, '[A]')],
    });
    expect(tokenizer.convert_tokens_to_ids(['[A]', '[B]', '[PAD]'])).toEqual([12, 13, 0]);
  });

  test('its template counts, whatever else is beside it and whatever its tokens are called', () => {
    const { post_processor } = TOKENIZER;
    const both = { ...post_processor, cls: ['x', 10], sep: ['x', 10] };
    expect(from({ post_processor: both }).encode('jim')).toEqual([2, 5, 3]);
    const named = JSON.stringify({ ...TOKENIZER, added_tokens: [] })
      .replaceAll('[CLS]', '<s:0>')
      .replaceAll('[SEP]', '<:0:0>');
    const tokenizer = BertTokenizer.from_files({ 'tokenizer.json': named });
    expect([tokenizer.cls_token, tokenizer.sep_token]).toEqual(['<s:0>', '<:0:0>']);
    expect(tokenizer.encode('jim', 'x')).toEqual([2, 5, 3, 10, 3]);
  });

  test.each([5, {}, { '[CLS]': 5 }, { '[CLS]': { ids: 5 } }, { '[CLS]': { ids: [2] } }])(
    'its template need not say ids: %j',
    (special_tokens) => {
      const changes = { padding: { direction: null }, truncation: { direction: null } };
      const tokenizer = from({ ...changes, post_processor: { ...TOKENIZER.post_processor, special_tokens } });
      expect(tokenizer.encode('jim', null, { padding: 'max_length', max_length: 5 })).toEqual([2, 5, 3, 0, 0]);
      expect(tokenizer.encode('jim x e', null, { truncation: true, max_length: 4 })).toEqual([2, 5, 10, 3]);
    },
  );

  const [cls, a, sep] = TOKENIZER.post_processor.single;
  test.each<[string, object, ErrorCode, RegExp]>([
    ['no pre-tokenizer', { pre_tokenizer: null }, 'config', /^pre_tokenizer of tokenizer\.json: expected BertPreTokenizer, got none/],
    [
      'no template',
      { post_processor: undefined },
      'config',
      /^post_processor of tokenizer\.json: expected TemplateProcessing or .*, got none/,
    ],
    ['a normalizer of no type', { normalizer: {} }, 'config', /^normalizer of tokenizer\.json: expected BertNormalizer, got undefined/],
    ['a normalizer of an empty type', { normalizer: { type: '' } }, 'unsupported', /expected BertNormalizer, got ""/],
    ['a normalizer whose type is a number', { normalizer: { type: 5 } }, 'config', /expected BertNormalizer, got 5/],
    ['another normalizer', { normalizer: { type: 'NFC' } }, 'unsupported', /expected BertNormalizer, got NFC/],
    [
      'an added token that is none',
      { added_tokens: [added(0, '[PAD]'), 7] },
      'config',
      /^added_tokens\[1\] of tokenizer\.json: expected a token/,
    ],
    [
      'a template with a piece more',
      { post_processor: { ...TOKENIZER.post_processor, single: [cls, a, sep, sep] } },
      'config',
      /^post_processor of tokenizer\.json: .*, got \[CLS\]:0 A:0 \[SEP\]:0 \[SEP\]:0, and for pairs/,
    ],
    [
      'a template with nothing in it',
      { post_processor: { ...TOKENIZER.post_processor, single: [null, a, sep] } },
      'config',
      /^post_processor of tokenizer\.json: .*, got undefined:undefined A:0/,
    ],
    ...[[2, 3], [], [1]].map((ids): [string, object, ErrorCode, RegExp] => [
      `a template whose token has the ids [${ids}]`,
      { post_processor: { ...TOKENIZER.post_processor, special_tokens: { '[CLS]': { ids } } } },
      'config',
      /^id of "\[CLS\]" in the post_processor of tokenizer\.json: expected 2 as in the vocabulary, got /,
    ]),
    [
      'a template whose token nobody knows',
      { post_processor: { type: 'BertProcessing', cls: ['[CLS]', 2], sep: ['[S]', 3] } },
      'config',
      /^id of "\[S\]" in the post_processor of tokenizer\.json: expected a token of the vocabulary, got 3/,
    ],
  ])('refuses %s', (_, changes, code, expected) => {
    const refused = () => from(changes);
    expect(message(refused)).toMatch(expected);
    expect(refused).toThrow(expect.objectContaining({ code }));
  });

  test('added tokens take in whitespace, stand alone and match normalized text as they ask to', () => {
    const tokens = (flags: object, text: string) => {
      const all = [
        ...TOKENIZER.added_tokens.slice(0, 4),
        added(4, '[MASK]', flags),
        added(12, '[MASK]x'),
        added(13, 'New Tök', { normalized: true }),
      ];
      const { tokens, offset_mapping } = from({ added_tokens: all }).encode_plus(text, null, {
        add_special_tokens: false,
        return_offsets_mapping: true,
      });
      return tokens.map((token, i) => `${token}@${offset_mapping?.[i]}`);
    };
    expect(tokens({ lstrip: true }, 'x  [MASK] x')).toEqual(['x@0,1', '  [MASK]@1,9', 'x@10,11']);
    expect(tokens({ rstrip: true }, 'x [MASK]\t x')).toEqual(['x@0,1', '[MASK]\t @2,10', 'x@10,11']);
    expect(tokens({ single_word: true }, 'é[MASK] ![MASK]')).toEqual([
      'e@0,1',
      '[UNK]@1,2',
      '[UNK]@2,6',
      '[UNK]@6,7',
      '[UNK]@8,9',
      '[MASK]@9,15',
    ]);
    expect(tokens({}, '[MASK]x[MASK]')).toEqual(['[MASK]x@0,7', '[MASK]@7,13']);
    expect(tokens({}, 'NEW tok')).toEqual(['new tok@0,7']);
  });

  const unsupported: [string, object, RegExp][] = [
    ['model', { model: { type: 'BPE' } }, /model of tokenizer.json: expected WordPiece, got BPE/],
    ['normalizer', { normalizer: { type: 'NFC' } }, /normalizer of tokenizer.json: expected BertNormalizer, got NFC/],
    ['no normalizer', { normalizer: null }, /normalizer of tokenizer.json: expected BertNormalizer, got none/],
    ['pre_tokenizer', { pre_tokenizer: { type: 'ByteLevel' } }, /expected BertPreTokenizer, got ByteLevel/],
    [
      'post_processor',
      { post_processor: { type: 'RobertaProcessing' } },
      /expected TemplateProcessing or BertProcessing, got RobertaProcessing/,
    ],
    ['template', { post_processor: { ...TOKENIZER.post_processor, pair: [] } }, /post_processor of tokenizer.json: expected \[CLS\]:0 A:0/],
    [
      'template with pieces of no text',
      { post_processor: { ...TOKENIZER.post_processor, pair: [{ SpecialToken: { id: {}, type_id: [0] } }] } },
      /for pairs an empty object:\[0\]/,
    ],
    [
      'BertProcessing without a text',
      { post_processor: { type: 'BertProcessing', cls: [{}, 2], sep: ['[SEP]', 3] } },
      /got undefined, and/,
    ],
    [
      'id of no number',
      {
        model: { ...TOKENIZER.model, vocab: { '[UNK]': 1, '[CLS]': {}, '[SEP]': 3 } },
        post_processor: { type: 'BertProcessing', cls: ['[CLS]', 2], sep: ['[SEP]', 3] },
      },
      /expected an empty object as in the vocabulary/,
    ],
    [
      'content within a content',
      { added_tokens: [{ id: 0, content: { content: '[PAD]' } }] },
      /token with a content.*got an object with "content"/,
    ],
    ['decoder', { decoder: { type: 'BPEDecoder' } }, /decoder of tokenizer.json: expected WordPiece, got BPEDecoder/],
    ['vocab', { model: { type: 'WordPiece' } }, /model.vocab of tokenizer.json: expected a JSON object, got undefined/],
    ['id that no token has', { added_tokens: [added(99, '[MASK]')] }, /added token "\[MASK\]": expected 4 as in the vocabulary, got 99/],
    ['side', { padding: { direction: 'left' } }, /padding\.direction of tokenizer.json: expected "Left" or "Right", got "left"/],
    ['padding', { padding: 'Left' }, /padding of tokenizer.json: expected a JSON object, got "Left"/],
    ['id', { added_tokens: [added(9, '[MASK]')] }, /added token "\[MASK\]": expected 4 as in the vocabulary, got 9/],
    [
      'taken id',
      { added_tokens: [added(5, '[NEW]')] },
      /added token "\[NEW\]": expected a free id behind the vocabulary, got 5, which "jim" has/,
    ],
  ];
  test.each(unsupported)('refuses another %s', (_, changes, expected) => {
    expect(message(() => from(changes))).toMatch(expected);
  });

  test.each([
    ['tokenizer_config.json', { added_tokens_decoder: 7 }, /added_tokens_decoder of tokenizer_config.json: expected a JSON object, got 7/],
    ['tokenizer_config.json', { added_tokens_decoder: { x1: { content: 'y' } } }, /expected ids that are whole numbers, got "x1"/],
    ['tokenizer_config.json', { added_tokens_decoder: { '1x': { content: 'y' } } }, /expected ids that are whole numbers, got "1x"/],
    ['tokenizer_config.json', { do_basic_tokenize: false }, /^tokenizer_config.json: option do_basic_tokenize/],
    ['tokenizer_config.json', { init_inputs: [1] }, /init_inputs: expected an empty array, got \[1\]/],
    ['added_tokens.json', { y: -1 }, /added_tokens.json: expected ids that are whole numbers, got -1/],
    ['added_tokens.json', { y: 1.5 }, /added_tokens.json: expected ids that are whole numbers, got 1.5/],
    ['added_tokens.json', { y: '12' }, /added_tokens.json: expected ids that are whole numbers, got "12"/],
    ['special_tokens_map.json', { mask_token: 7 }, /special_tokens_map.json: option mask_token/],
  ])('refuses a %s that says %j', (name, contents, expected) => {
    const files = { 'vocab.txt': VOCAB.join('\n'), [name]: JSON.stringify(contents) };
    expect(message(() => BertTokenizer.from_files(files))).toMatch(expected);
  });

  test('only what is needed is read', async () => {
    const readOf = async (...present: string[]): Promise<string[]> => {
      const asked: string[] = [];
      await filesRead(async (name) => {
        asked.push(name);
        return present.includes(name) ? new Uint8Array([0x7b, 0x7d]) : undefined;
      });
      return asked;
    };
    const others = ['tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json'];
    expect(await readOf('tokenizer.json', 'vocab.txt')).toEqual(['tokenizer.json', ...others]);
    expect(await readOf('vocab.txt')).toEqual(['tokenizer.json', 'vocab.txt', ...others]);
    const pairs = ['tokenizer.json', 'vocab.txt', 'vocab.json', 'merges.txt'];
    expect(await readOf('vocab.json', 'merges.txt')).toEqual([...pairs, 'config.json', ...others]);
    expect(await readOf('vocab.json', 'spm.model')).toEqual([...pairs, ...MODEL_NAMES.slice(0, 3), 'config.json', ...others]);
    expect(await readOf('vocab.json')).toEqual([...pairs, ...MODEL_NAMES]);
  });

  test('refuses malformed files by name', () => {
    expect(message(() => BertTokenizer.from_files({ 'tokenizer.json': '{' }))).toMatch(/tokenizer.json: expected JSON/);
    expect(message(() => BertTokenizer.from_files({ 'tokenizer.json': '[]' }))).toMatch(/tokenizer.json: expected a JSON object, got \[\]/);
    expect(message(() => BertTokenizer.from_files({ 'vocab.txt': 7 } as unknown as TokenizerFiles))).toMatch(
      /vocab.txt: expected the text/,
    );
    expect(message(() => BertTokenizer.from_files({}))).toMatch(
      /expected tokenizer.json, vocab.txt, vocab.json with merges.txt, or a model/,
    );
    const t5 = { 'vocab.txt': VOCAB.join('\n'), 'tokenizer_config.json': '{"tokenizer_class":"T5Tokenizer"}' };
    expect(message(() => BertTokenizer.from_files(t5))).toMatch(/tokenizer_class of tokenizer_config.json.*got "T5Tokenizer"/);
    expect(message(() => from({}, { cls_token: '[SEP]' }))).toMatch(/cls_token: expected \[CLS\] as in the post_processor/);
  });
});

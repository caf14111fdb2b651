import { describe, expect, test } from 'vitest';
import { tensor } from '../../src/tensor/creation.ts';
import { BertTokenizer, type BertTokenizerOptions } from '../../src/tokenizer/index.ts';
import { message } from '../support/message.ts';

const VOCAB = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'jim', 'é', 'e', '##s', '中', 'x', '_'];

describe('settings', () => {
  const make = (options: object) => new BertTokenizer({ vocab: VOCAB, ...options } as BertTokenizerOptions);
  const wrong: [string, object, RegExp][] = [
    ['an id twice', { vocab: new Map([['a', 0], ['b', 0]]) }, /vocab entry "b".*got 0, which "a" has/], // biome-ignore format: one row
    ['a token that is no string', { vocab: [...VOCAB, 5] }, /vocab\[12\]: expected a string, got 5/],
    ['a line break', { vocab: [...VOCAB, 'a\nb'] }, /vocab\[12\]: expected a token without line breaks/],
    ['half a character', { vocab: [...VOCAB, '\ud83d'] }, /vocab\[12\]: expected a token of whole characters/],
    ['an empty vocabulary', { vocab: [] }, /vocab: expected at least one token/],
    ['no vocabulary', { vocab: undefined }, /vocab: expected an array, Map or object/],
    ['an id below 0', { vocab: { a: -1 } }, /vocab entry "a": expected an id from 0 to 2097151, got -1/],
    ['an id that is not whole', { vocab: { a: 0.5 } }, /vocab entry "a": expected an id from 0 to 2097151, got 0.5/],
    ['an id that is too high', { vocab: { a: 2 ** 21 } }, /vocab entry "a": expected an id from 0 to 2097151, got 2097152/],
    ['an array with a hole', { vocab: ['a', undefined, 'b'] }, /vocab\[1\]: expected a string, got undefined/],
    ['the other half of a character', { vocab: [...VOCAB, '\ude00'] }, /vocab\[12\]: expected a token of whole characters/],
    ['a prefix of nothing', { wordpieces_prefix: '' }, /wordpieces_prefix"?: expected a non-empty string, got ""/],
    ['a prefix that is a number', { wordpieces_prefix: 5 as never }, /wordpieces_prefix"?: expected a non-empty string, got 5/],
    ['a limit of 0', { model_max_length: 0 }, /option "?model_max_length"?: expected a positive number, got 0/],
    ['a limit of text', { model_max_length: '5' as never }, /model_max_length"?: expected a positive number, got "5"/],
    ['words of no length', { max_input_chars_per_word: 0 }, /max_input_chars_per_word"?: expected a positive whole number, got 0/],
    ['words of text', { max_input_chars_per_word: '5' as never }, /max_input_chars_per_word"?: expected a positive whole number, got "5"/],
    ['a flag of a token', { added_tokens: [{ content: 'y', lstrip: 1 }] }, /lstrip of added_tokens\[0\]: expected true or false, got 1/],
    [
      'a token without content',
      { added_tokens: [{ content: '' }] },
      /added_tokens\[0\]: expected a token with a content that is not empty, got ""/,
    ],
    [
      'a token below 0',
      { added_tokens: [{ content: 'y', id: -1 }] },
      /id of added token "y": expected a free id behind the vocabulary, got -1$/,
    ],
    ['a token between ids', { added_tokens: [{ content: 'y', id: 12.5 }] }, /id of added token "y": expected a free id .*, got 12.5$/],
    [
      'two tokens with an id',
      {
        added_tokens: [
          { content: 'y', id: 20 },
          { content: 'z', id: 20 },
        ],
      },
      /id of added token "z".*got 20, which "y" has/,
    ],
    [
      'another id than that of the vocabulary',
      { added_tokens: [{ content: 'jim', id: 12 }] },
      /"jim": expected 5 as in the vocabulary, got 12$/,
    ],
    ['a content that is none', { added_tokens: [{ content: 7 }] }, /added_tokens\[0\]: expected a token .*, got 7/],
    ['a wrong flag', { do_lower_case: 'yes' }, /do_lower_case: expected true or false, got "yes"/],
    ['a wrong side', { padding_side: 'top' }, /padding_side: expected 'left' or 'right', got "top"/],
    ['a wrong length', { model_max_length: -1 }, /model_max_length: expected a positive number, got -1/],
    ['a wrong limit', { max_input_chars_per_word: 0.5 }, /max_input_chars_per_word: expected a positive whole number/],
    ['a wrong strip_accents', { strip_accents: 1 }, /strip_accents: expected true, false or null, got 1/],
    ['a wrong list', { never_split: 'a' }, /never_split: expected an array of strings/],
    ['a token without a name', { extra_special_tokens: { '': 5 } }, /^"": expected a token with a content.*got 5/],
    ['no unknown token', { unk_token: null }, /unk_token: expected a token with a content/],
  ];
  test.each(wrong)('refuses %s', (_, options, expected) => {
    expect(message(() => make(options))).toMatch(expected);
  });

  test('a limit above 1e20 is none', () => {
    expect([1e20, 1.1e20, 1e30].map((model_max_length) => make({ model_max_length }).model_max_length)).toEqual([1e20, Infinity, Infinity]);
  });

  test('special tokens may have names', () => {
    const tokenizer = make({ extra_special_tokens: { image_token: '[IMG]' }, additional_special_tokens: ['[B]'] });
    expect(tokenizer.all_special_tokens.slice(-2)).toEqual(['[IMG]', '[B]']);
    expect(tokenizer.encode('[IMG] [B]', { add_special_tokens: false })).toEqual([12, 13]);
  });

  test('extra special tokens prevail over additional ones, unless there are none', () => {
    const of = (extra_special_tokens: string[]) =>
      make({ extra_special_tokens, additional_special_tokens: ['[B]'] }).all_special_tokens.at(-1);
    expect([of(['[E]']), of([])]).toEqual(['[E]', '[B]']);
  });

  test('a special token that is listed is matched as it is written, unless it says otherwise', () => {
    for (const [normalized, ids] of [[undefined, [4, 1]], [true, [4, 4]]] as const) // biome-ignore format: one row
      expect(
        make({ added_tokens: [{ content: '[MASK]', normalized, rstrip: true }] })
          .encode('[MASK] [mask]', { add_special_tokens: false })
          .slice(0, 2),
      ).toEqual(ids);
  });

  test('a vocabulary may do without [PAD] and [MASK]', () => {
    const tokenizer = new BertTokenizer({ vocab: ['[UNK]', '[CLS]', '[SEP]', 'jim'], pad_token: null, mask_token: null });
    expect(tokenizer.encode('jim')).toEqual([1, 3, 2]);
    expect(tokenizer.all_special_tokens).toEqual(['[UNK]', '[SEP]', '[CLS]']);
    expect(message(() => tokenizer.mask_token_id)).toMatch(/mask_token: expected a token, got null/);
    expect(message(() => tokenizer.encode('jim', null, { padding: 'max_length', max_length: 9 }))).toMatch(/pad_token/);
  });

  test('a vocabulary may have ids up to the greatest, characters of two halves, and lines of Windows', () => {
    const last = 2 ** 21 - 1;
    expect(make({ vocab: { '[UNK]': 0, '[CLS]': 1, '[SEP]': 2, jim: last } }).encode('jim')).toEqual([1, last, 2]);
    expect(make({ vocab: [...VOCAB, '😀'] }).tokenize('😀')).toEqual(['😀']);
    for (const text of [VOCAB.join('\r\n'), `${VOCAB.join('\r\n')}\r\n`, VOCAB.join('\n').replace('\n', '\r\n')]) {
      const tokenizer = BertTokenizer.from_files({ 'vocab.txt': text });
      expect([tokenizer.vocab_size, tokenizer.convert_ids_to_tokens(11)]).toEqual([12, '_']);
    }
    const blank = BertTokenizer.from_files({ 'vocab.txt': `${VOCAB.join('\n')}\n\n` });
    expect([blank.vocab_size, blank.convert_ids_to_tokens(12)]).toEqual([13, '']);
  });

  test('an added token of which normalizing leaves nothing is nowhere', () => {
    expect(make({ added_tokens: [{ content: '\u0001', normalized: true }] }).tokenize('jim \u0001 jim')).toEqual(['jim', 'jim']);
  });

  test('a vocabulary may begin behind 0', () => {
    expect(message(() => make({ vocab: { jim: 1 } }).convert_ids_to_tokens(0))).toMatch(/^id: expected the id of a token, got 0, which no/);
  });

  test('null says nothing of an added token', () => {
    expect(make({ added_tokens: [{ content: '<a>', lstrip: null, id: null }] }).encode(' <a>', { add_special_tokens: false })).toEqual([
      12,
    ]);
  });

  test('an added token takes in no whitespace that the one before it has', () => {
    const tokenizer = make({
      added_tokens: [
        { content: '<a>', rstrip: true },
        { content: '<b>', lstrip: true },
      ],
    });
    const { offset_mapping } = tokenizer.encode_plus(' <a>  <b>  <b><a> ', { add_special_tokens: false, return_offsets_mapping: true });
    expect(offset_mapping).toEqual([[1, 6], [6, 9], [9, 14], [14, 18]]); // biome-ignore format: one row
  });

  test('added tokens are found as they are written, and alone beside characters of any plane', () => {
    const tokenizer = make({
      added_tokens: [{ content: 'c++ [x]|(.y)*?^$/-{1}\\' }, { content: 'a.b' }, { content: '<w>', single_word: true, special: true }],
    });
    expect(tokenizer.tokenize('c++ [x]|(.y)*?^$/-{1}\\')).toEqual(['c++ [x]|(.y)*?^$/-{1}\\']);
    expect(tokenizer.tokenize('a.b axb')).toEqual(['a.b', '[UNK]']);
    for (const [text, found] of [['<w>', 1], ['💢<w>💢', 1], ['𠀀<w>', 0], ['<w>𠀀', 0], ['é<w>', 0], ['x <w> x', 1]] as const) // biome-ignore format: one row
      expect(
        tokenizer.tokenize(text).filter((token) => token === '<w>'),
        text,
      ).toHaveLength(found);
  });

  test('additional special tokens come behind the vocabulary', () => {
    const tokenizer = make({ additional_special_tokens: ['[E1]', '[E2]'] });
    expect(tokenizer.encode('[E2] jim [E1]', null, { add_special_tokens: false })).toEqual([13, 5, 12]);
    expect([tokenizer.vocab_size, tokenizer.length]).toEqual([12, 14]);
    expect(tokenizer.decode([13, 5], { skip_special_tokens: true })).toBe('jim');
  });

  test('every setting survives files() and from_files', () => {
    const tokenizer = make({
      do_lower_case: false,
      strip_accents: true,
      tokenize_chinese_chars: false,
      clean_text: false,
      model_max_length: 7,
      max_input_chars_per_word: 3,
      never_split: ['jim'],
      padding_side: 'left',
      truncation_side: 'left',
      clean_up_tokenization_spaces: false,
      mask_token: { content: '[MASK]', lstrip: true },
      additional_special_tokens: ['[E1]'],
      added_tokens: [{ content: 'two words', id: 20 }],
    });
    const again = BertTokenizer.from_files(tokenizer.files());
    expect(again.files()).toEqual(tokenizer.files());
    for (const text of ['x [MASK] Two words two words [E1] é\u0000s x中 xxxx jim'])
      expect(again.encode_plus(text, null, { return_offsets_mapping: true })).toEqual(
        tokenizer.encode_plus(text, null, { return_offsets_mapping: true }),
      );
  });
});

describe('calls', () => {
  const tokenizer = new BertTokenizer({ vocab: VOCAB });
  const any = tokenizer as unknown as Record<string, (...args: unknown[]) => unknown>;
  const wrong: [string, () => unknown, RegExp][] = [
    ['a text that is no string', () => any.encode(5), /text: expected a string, got 5/],
    ['options twice', () => any.encode('a', {}, {}), /^encode\(\): expected options once/],
    ['a pair twice', () => any.encode('a', 'b', { text_pair: 'c' }), /^encode\(\): expected one pair/],
    ['four arguments', () => any.encode('a', 'b', {}, {}), /^encode\(\): expected /],
    ['a method that is named', () => any.tokenize('a', 'b', { text_pair: 'c' }), /^tokenize\(\): expected one pair/],
    ['another that is named', () => any.encode_plus('a', 'b', { text_pair: 'c' }), /^encode_plus\(\): expected one pair/],
    ['a pair that is no string', () => any.encode('a', 5), /pair: expected a string, got 5/],
    ['a text of a batch', () => any.batch_encode_plus(['a', null]), /text\[1\]: expected a string or \[text, pair\], got null/],
    ['a batch that is none', () => any.batch_encode_plus('a'), /batch: expected an array of texts/],
    ['pairs of another count', () => any.call_(['a'], ['b', 'c']), /pair: expected an array as long as that of the texts/],
    ['an unknown option', () => any.encode('a', null, { max_len: 3 }), /option "max_len": expected one of text_pair, add_special_tokens/],
    ['an unknown strategy', () => any.encode('a', null, { truncation: 'first' }), /option truncation: expected boolean or longest_first/],
    ['a negative length', () => any.encode('a', null, { max_length: -1 }), /option max_length: expected a whole number, 0 or more, got -1/],
    [
      'no room',
      () => tokenizer.encode('x', 'x', { truncation: true, max_length: 2 }),
      /max_length: expected room for 3 special tokens, got 2/,
    ],
    ['only_second without one', () => tokenizer.encode('x x x', null, { truncation: 'only_second', max_length: 4 }), /got no second text/],
    [
      'only_second that is too short',
      () => tokenizer.encode('x x x', 'x', { truncation: 'only_second', max_length: 6 }),
      /truncation 'only_second' of text to 6 tokens: expected room for a token of the second text, got 3 tokens of the other/,
    ],
    [
      'only_first that is too short',
      () => tokenizer.encode('x', 'x x x', { truncation: 'only_first', max_length: 6 }),
      /truncation 'only_first' of text to 6 tokens: expected room for a token of the first text, got 3 tokens of the other and 3 special/,
    ],
    ['padding without length', () => tokenizer.encode('x', null, { padding: 'max_length' }), /padding 'max_length': expected a max_length/],
    [
      'ragged tensors',
      () => tokenizer(['x', 'x x'], null, { return_tensors: true }),
      /return_tensors: expected rows of one length, got lengths 3, 4/,
    ],
    ['an unknown id', () => tokenizer.decode([5, 99]), /ids\[1\]: expected an id from 0 to 11, got 99/],
    ['an id that is none', () => any.convert_ids_to_tokens(1.5), /id: expected an id from 0 to 11, got 1.5/],
    ['ids that are none', () => any.decode('5'), /ids: expected an array of ids/],
    ['no ids', () => any.decode(null), /ids: expected an array of ids or a one-dimensional tensor, got null/],
    ['ids of a batch', () => tokenizer.decode(tensor([[5]])), /ids: expected .*, got a tensor of shape \[1,1\]\. Use batch_decode/],
    ['a batch of ids that is none', () => any.batch_decode(5), /batch: expected an array of ids or a tensor \[batch, length\], got 5/],
    ['no batch of ids', () => any.batch_decode(), /batch: expected an array of ids .*, got undefined/],
    ['tokens that are none', () => any.convert_tokens_to_ids(5), /tokens: expected a token or an array of tokens, got 5/],
    ['an id below 0', () => tokenizer.decode([-1]), /ids\[0\]: expected an id from 0 to 11, got -1/],
    ['an id behind the last', () => tokenizer.decode([12]), /ids\[0\]: expected an id from 0 to 11, got 12/],
    ['a token that is none', () => any.convert_tokens_to_ids([5]), /tokens\[0\]: expected a string, got 5/],
  ];
  test('name themselves where an option is not known', () => {
    for (const method of ['tokenize', 'encode', 'encode_plus', 'batch_encode_plus', 'encode_batch'])
      expect(
        message(() => any[method](['a'], { zz: 1 })),
        method,
      ).toMatch(`${method}(): option "zz"`);
    for (const method of ['decode', 'convert_ids_to_tokens'])
      expect(
        message(() => any[method]([5], { zz: 1 })),
        method,
      ).toMatch(`${method}(): option "zz"`);
  });

  test.each(wrong)('refuse %s', (_, run, expected) => {
    expect(message(run)).toMatch(expected);
    expect(run).toThrow(expect.objectContaining({ code: expect.stringMatching(/^(value|shape)$/) }));
  });
});

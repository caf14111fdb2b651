import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Normalized, read, write } from '../../src/tokenizer/chars.ts';
import { decoderOf } from '../../src/tokenizer/decoders/index.ts';
import { PreTrainedTokenizerFast } from '../../src/tokenizer/index.ts';
import { normalizerOf } from '../../src/tokenizer/normalizers/index.ts';
import { preTokenizerOf } from '../../src/tokenizer/pretokenizers/index.ts';
import { processorOf } from '../../src/tokenizer/processors/index.ts';
import { charsmap } from '../support/tokenizertruth.ts';
import { unigramJson } from '../support/unigram.ts';

type Fields = { type: string; precompiled_charsmap?: string };
type Piece = [piece: string, offsets: [start: number, end: number]];
interface Part {
  normalizer?: Fields;
  pre_tokenizer?: Fields;
  answers: (string | Piece[] | null)[];
}

const path = fileURLToPath(new URL('../fixtures/tokenizer/parts.jsonl', import.meta.url));
const [first, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
const texts = JSON.parse(first) as string[];
const parts = lines.map((line) => JSON.parse(line) as Part);
const whole = (text: string) => read(text, 0, text.length);

/** Pieces with their offsets in code points. */
function piecesOf(fields: Fields, text: string): Piece[] {
  const pieces: Piece[] = [];
  const normalized = write(whole(text));
  const at = (index: number): number => Array.from(text.slice(0, index)).length;
  const add = ({ text: rewritten, from }: Normalized, start: number, end: number): void => {
    pieces.push([rewritten.slice(start, end), [at(from[start]), at(from[end - 1]) + 1]]);
  };
  if (normalized.text) preTokenizerOf(fields)(normalized, 0, normalized.text.length, add);
  return pieces;
}

describe('single parts agree with the Rust tokenizers', () => {
  test.each(parts.flatMap((part) => (part.normalizer ? [[part.normalizer, part.answers] as const] : [])))('%j', (fields, answers) => {
    const normalizer = normalizerOf('precompiled_charsmap' in fields ? { ...fields, precompiled_charsmap: charsmap } : fields);
    for (const [i, text] of texts.entries()) expect(write(normalizer(whole(text))).text, JSON.stringify(text)).toBe(answers[i] ?? text);
  });

  test.each(parts.flatMap((part) => (part.pre_tokenizer ? [[part.pre_tokenizer, part.answers] as const] : [])))('%j', (fields, answers) => {
    for (const [i, text] of texts.entries()) expect(piecesOf(fields, text), JSON.stringify(text)).toEqual(answers[i]);
  });
});

describe('fields that are absent', () => {
  const TEXT = ' Ünï中 a\u0000b ';
  test.each<[object, object]>([
    [{ type: 'BertNormalizer' }, { clean_text: true, handle_chinese_chars: true, strip_accents: true, lowercase: true }],
    [
      { type: 'BertNormalizer', lowercase: false },
      { clean_text: true, handle_chinese_chars: true, strip_accents: false },
    ],
    [{ type: 'BertNormalizer', strip_accents: null }, { strip_accents: true }],
    [{ type: 'Strip' }, { strip_left: true, strip_right: true }],
  ])('of the normalizer %j are %j', (fields, given) => {
    const [short, long] = [fields, { ...fields, ...given }].map((each) => write(normalizerOf(each)(whole(TEXT))).text);
    expect(short).toBe(long);
    expect(short).not.toBe(TEXT);
  });

  test.each<[object, object, object]>([
    [{ type: 'ByteLevel' }, { add_prefix_space: true, use_regex: true }, { add_prefix_space: false }],
    [{ type: 'ByteLevel' }, { add_prefix_space: true, use_regex: true }, { use_regex: false }],
    [{ type: 'Metaspace', replacement: '▁' }, { prepend_scheme: 'always', split: true }, { split: false }],
    [{ type: 'Metaspace', replacement: '▁' }, { prepend_scheme: 'always', split: true }, { prepend_scheme: 'never' }],
    [{ type: 'FixedLength' }, { length: 5 }, { length: 2 }],
    [{ type: 'Punctuation' }, { behavior: 'Isolated' }, { behavior: 'Removed' }],
  ])('of the pre-tokenizer %j are %j, which %j is not', (fields, given, other) => {
    const [short, long, third] = [fields, { ...fields, ...given }, { ...fields, ...other }].map((each) =>
      piecesOf(each as Fields, 'a b.c'),
    );
    expect(short).toEqual(long);
    expect(short).not.toEqual(third);
  });

  test.each<[object, object, object]>([
    [{ type: 'WordPiece' }, { prefix: '##', cleanup: true }, { cleanup: false }],
    [{ type: 'WordPiece' }, { prefix: '##', cleanup: true }, { prefix: '▁' }],
    [{ type: 'Metaspace', replacement: '▁' }, { prepend_scheme: 'always' }, { prepend_scheme: 'never' }],
    [{ type: 'BPEDecoder' }, { suffix: '</w>' }, { suffix: '▁' }],
    [{ type: 'CTC' }, { pad_token: '<pad>', word_delimiter_token: '|', cleanup: true }, { cleanup: false }],
  ])('of the decoder %j are %j, which %j is not', (fields, given, other) => {
    const tokens = ['▁a', '##b', '.', 'c</w>', '<pad>', '|', 'do', " n't"];
    const [short, long, third] = [fields, { ...fields, ...given }, { ...fields, ...other }].map((each) => decoderOf(each)(tokens));
    expect(short).toEqual(long);
    expect(short).not.toEqual(third);
  });
});

describe('decoders', () => {
  const sequence = (...decoders: object[]) => decoderOf({ type: 'Sequence', decoders });
  test.each<[object | null, string[], string[]]>([
    [null, ['a', 'b'], ['a b']],
    [{ type: 'Fuse' }, ['a', 'b'], ['ab']],
    [{ type: 'Replace', pattern: { String: '▁' }, content: '$&' }, ['▁a▁', 'b'], ['$&a$&', 'b']],
    [{ type: 'Strip', content: ' ', start: 1, stop: 2 }, ['  a   ', ' ', ''], [' a ', '', '']],
    [{ type: 'ByteFallback' }, ['<0x48>', '<0x69>', 'x', '<0xe2>', '<0x82>', '<0xAC>', '<0xFF>'], ['Hi', 'x', '�', '�', '�', '�']],
    [{ type: 'ByteFallback' }, ['<0xE2>', '<0x82>', '<0xAC>', '<0x4>'], ['€', '<0x4>']],
    [{ type: 'ByteFallback' }, ['<0xEF>', '<0xBB>', '<0xBF>', '<0x61>'], ['\ufeffa']],
    [{ type: 'CTC' }, ['a', 'a', '<pad>', 'a', '|', '|', 'b', '.'], ['a', 'a', ' ', 'b', '.']],
    [{ type: 'CTC', pad_token: 'a', word_delimiter_token: 'b', cleanup: false }, ['a', 'b', 'b', 'ac', 'a'], ['b', 'c']],
    [{ type: 'Metaspace', replacement: '▁', prepend_scheme: 'first' }, ['▁a▁', '▁b'], ['a', ' b']],
    [{ type: 'Metaspace', replacement: '▁', prepend_scheme: 'never' }, ['▁a', '▁b'], [' a', ' b']],
    [{ type: 'WordPiece', prefix: '##', cleanup: true }, ['a', '##b', '.'], ['a', 'b', '.']],
    [{ type: 'WordPiece', prefix: '##', cleanup: false }, ['a', '##b', '.'], ['a', 'b', ' .']],
  ])('%j', (fields, tokens, decoded) => expect(decoderOf(fields)(tokens)).toEqual(decoded));

  test('run one after the other', () => {
    const run = sequence({ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' });
    expect(run(['▁a', '<0xC3>', '<0xA9>'])).toEqual([' aé']);
  });
});

test.each([
  ['ĠaĠĠ', true, true, [0, 2]],
  ['ĠĠa', true, true, [2, 0]],
  ['Ġa', false, true, [1, 0]],
  ['Ġa', true, false, [1, 0]],
  ['ĠĠ', true, true, [2, 2]],
  ['Ġ', true, true, [0, 1]],
  ['a\t', true, true, [0, 1]],
  ['a', true, true, [0, 0]],
  ['', true, true, [0, 0]],
])('of %j, first in its row: %j, with add_prefix_space %j, offsets leave out %j', (token, isFirst, add_prefix_space, left) => {
  const { trim } = processorOf({ type: 'ByteLevel', trim_offsets: true, add_prefix_space }, () => undefined);
  const text = 'x'.repeat(20);
  expect(trim?.(token, text, 5, 15, isFirst)).toEqual([5 + left[0], 15 - left[1]]);
  const twice = { type: 'Sequence', processors: [1, 2].map(() => ({ type: 'ByteLevel', trim_offsets: true, add_prefix_space })) };
  expect(processorOf(twice, () => undefined).trim?.(token, text, 5, 15, isFirst)).toEqual([5 + 2 * left[0], 15 - 2 * left[1]]);
  expect(processorOf({ type: 'ByteLevel', trim_offsets: false }, () => undefined).trim).toBeUndefined();
});

test('offsets leave out whole characters, however many units these have', () => {
  const { trim } = processorOf({ type: 'ByteLevel', trim_offsets: true, add_prefix_space: true }, () => undefined);
  expect(trim?.('Ġ', '</s>👍', 4, 6, false)).toEqual([6, 6]);
  expect(trim?.('ĠĠa', '👍👍👍a', 0, 7, true)).toEqual([4, 7]);
  expect(trim?.('aĠĠ', 'a👍👍', 0, 5, true)).toEqual([0, 1]);
  expect(trim?.('aĠĠ', '👍', 0, 2, true)).toEqual([0, 2]);
  expect(trim?.('ĠĠ', '👍', 0, 2, true)).toEqual([2, 2]);
});

test('rules of sentencepiece say where what they write comes from', () => {
  const normalizer = normalizerOf({ type: 'Precompiled', precompiled_charsmap: charsmap });
  const written = (text: string) => write(normalizer(whole(text)));
  expect(written('xﬁy')).toEqual({ text: 'xfiy', from: [0, 1, 1, 2] });
  expect(written('a\u0001b')).toEqual({ text: 'ab', from: [0, 2] });
  expect(written('x…ﬁy')).toEqual({ text: 'x...fiy', from: [0, 1, 1, 1, 2, 2, 3] });
});

describe('templates', () => {
  const idOf = (token: string): number | undefined => ({ '<s>': 1, '</s>': 2 })[token];
  const special = (id: string, type_id = 0) => ({ SpecialToken: { id, type_id } });
  const text = (id: string, type_id = 0) => ({ Sequence: { id, type_id } });
  const template = (changes: object) =>
    processorOf({ type: 'TemplateProcessing', single: [text('A')], pair: [text('A'), text('B', 1)], special_tokens: {}, ...changes }, idOf);

  test('put special tokens anywhere, several under one name, with any types', () => {
    const special_tokens = { both: { id: 'both', ids: [1, 2], tokens: ['<s>', '</s>'] } };
    expect(template({ single: [special('both', 3), text('A', 2)], special_tokens }).single).toEqual([
      { token: { token: '<s>', id: 1 }, type: 3 },
      { token: { token: '</s>', id: 2 }, type: 3 },
      { sequence: 0, type: 2 },
    ]);
    expect(template({ pair: [text('B', 1), special('</s>'), text('A')] }).pair).toEqual([
      { sequence: 1, type: 1 },
      { token: { token: '</s>', id: 2 }, type: 0 },
      { sequence: 0, type: 0 },
    ]);
    expect(processorOf(null, idOf).pair).toEqual([{ sequence: 0, type: 0 }, { sequence: 1, type: 1 }]); // biome-ignore format: one row
  });

  test.each<[string, object, RegExp]>([
    ['a second text where there is one', { single: [text('B')] }, /^single\[0\] of post_processor TemplateProcessing/],
    ['a token that nobody knows', { single: [special('[CLS]')] }, /^id of "\[CLS\]" in the post_processor .*expected a token of the vocab/],
    [
      'another id',
      { single: [special('<s>')], special_tokens: { '<s>': { ids: [7], tokens: ['<s>'] } } },
      /expected 1 as in the vocabulary, got 7/,
    ],
    ['no list', { pair: {} }, /^pair of post_processor TemplateProcessing/],
    ['a type that is no number', { single: [text('A', 'x' as never)] }, /^single\[0\]/],
  ])('refuse %s', (_, changes, expected) => expect(() => template(changes)).toThrow(expected));
});

test('texts of a pair stand in any order; what a row lacks is that of the first text first', () => {
  const text = (id: string) => ({ Sequence: { id, type_id: 0 } });
  const post_processor = { type: 'TemplateProcessing', single: [text('A')], pair: [text('B'), text('A')] };
  const tokenizer = new PreTrainedTokenizerFast({ tokenizer_object: unigramJson({ post_processor }) });
  const [first, second] = ['a ab', 'b b b'].map((text) => tokenizer.encode(text, { add_special_tokens: false }));
  const cut = tokenizer('a ab', 'b b b', { truncation: true, max_length: 2 });
  expect(cut.input_ids).toEqual([second[0], first[0]]);
  expect(cut.overflowing_tokens).toEqual([...first.slice(1), ...second.slice(1)]);
});

describe('what is not known is an error that says what is', () => {
  const open = (changes: object) => () => new PreTrainedTokenizerFast({ tokenizer_object: unigramJson(changes) });
  const none = { type: 'None' };
  test.each<[object, RegExp]>([
    [{ model: none }, /^model of tokenizer\.json: expected a part of type BPE, .*WordPiece, got "None"/],
    [{ normalizer: none }, /^normalizer of tokenizer\.json: expected a part of type BertNormalizer, .*Precompiled, .*got "None"/],
    [{ normalizer: { type: 'Sequence', normalizers: [none] } }, /^normalizers\[0\] of tokenizer\.json: expected a part of type BertN/],
    [{ pre_tokenizer: none }, /^pre_tokenizer of tokenizer\.json: expected a part of type BertPreTokenizer, .*got "None"/],
    [
      { post_processor: none },
      /^post_processor of tokenizer\.json: expected a part of type BertProcessing, .*TemplateProcessing, got "None"/,
    ],
    [{ decoder: none }, /^decoder of tokenizer\.json: expected a part of type .*WordPiece, got "None"/],
  ])('%j', (changes, expected) => {
    expect(open(changes)).toThrow(expected);
    expect(open(changes)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  test.each<[object, RegExp]>([
    [{ model: 7 }, /^model of tokenizer\.json: expected a part of type .*, got 7/],
    [{ normalizer: {} }, /^normalizer of tokenizer\.json: .*got an empty object/],
    [{ normalizer: { type: 'Sequence' } }, /^normalizers of normalizer Sequence of tokenizer\.json: expected an array, got undefined/],
    [{ normalizer: { type: 'Strip', strip_left: 1 } }, /^strip_left of normalizer Strip .*: expected true or false, got 1/],
    [{ normalizer: { type: 'Replace', pattern: 'a', content: '' } }, /^pattern of normalizer Replace/],
    [{ decoder: { type: 'Strip', content: '', start: 0, stop: 0 } }, /^content of decoder Strip .*: expected one character/],
    [
      { post_processor: { type: 'BertProcessing', cls: ['<s>'], sep: ['</s>', 2] } },
      /^cls of post_processor BertProcessing .*: expected a token and its id/,
    ],
    [{ post_processor: { type: 'BertProcessing', cls: ['<s>', 1, 2], sep: ['</s>', 2] } }, /^cls of post_processor BertProcessing/],
  ])('%j', (changes, expected) => {
    expect(open(changes)).toThrow(expected);
    expect(open(changes)).toThrow(expect.objectContaining({ code: 'format' }));
  });

  test('parts within parts without end', () => {
    let normalizer: object = { type: 'Lowercase' };
    for (let i = 0; i < 20_000; i++) normalizer = { type: 'Sequence', normalizers: [normalizer] };
    expect(open({ normalizer })).toThrow(/^tokenizer\.json: expected parts of at most 200 levels, got more/);
  });

  test.each(['(a)\\1', '\\k<n>', '\\g<1>(a)', '(?~a)', '(?(1)a|b)', '\\X', '(?W)a', '\\p{Foo}', 'a{2000}'])('a pattern %s', (Regex) => {
    const opened = open({ normalizer: { type: 'Replace', pattern: { Regex }, content: '' } });
    expect(opened).toThrow(/^pattern of normalizer Replace of tokenizer\.json: expected .*, got /);
    expect(opened).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  test.each([
    ['a|b', 'xaby', 'x__y'],
    ['(?:ab){2,}', 'ababab', '_'],
    ['[^\\s\\-]+', 'ab\u0085c-', '_\u0085_-'],
    ['\\[+', 'a[[', 'a_'],
    ['a+?', 'aa', '__'],
    ['', 'aé', '_a_é_'],
    ['b*', 'abc', '_a_c_'],
  ])('but %s is one', (Regex, text, rewritten) => {
    const normalizer = normalizerOf({ type: 'Replace', pattern: { Regex }, content: '_' });
    expect(write(normalizer(whole(text))).text).toBe(rewritten);
  });
});

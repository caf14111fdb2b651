import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BertTokenizer, type EncodeOptions, PreTrainedTokenizerFast } from '../../src/tokenizer/index.ts';
import { rangeAt, rangeCount } from '../../src/tokenizer/truncation.ts';
import { encodingsFixture } from '../support/encodings.ts';

const json = encodingsFixture('bert-added').json;
const sides = (['right', 'left'] as const).map((truncation_side) =>
  PreTrainedTokenizerFast.from_files({ 'tokenizer.json': json }, { truncation_side }),
);
const bytes = PreTrainedTokenizerFast.from_files({ 'tokenizer.json': encodingsFixture('unigram-bytes').json });
const tokenizers = [
  ...sides,
  bytes,
  new BertTokenizer({ vocab: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', '##b'], mask_token: null, padding_side: 'left' }),
];

const piece = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.constantFrom('the', 'cat', '[MASK]', ' ', '  ', '中', '💢', 'ab', '\u0301', '!'),
);
const texts = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(' '));
const words = fc.array(piece, { maxLength: 8 });
const anyTokenizer = fc.constantFrom(...tokenizers);
const UNITS = ['utf16', 'codepoint', 'byte'] as const;

test('rows without what they repeat make the whole, and none is longer than the limit', () => {
  const size = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(fc.constantFrom(...sides), texts, size, fc.nat(8), fc.boolean(), (tokenizer, text, room, stride, special) => {
      fc.pre(special ? stride < room : stride === 0 || stride <= room - 2);
      const max_length = room + (special ? 2 : 0);
      const options: Omit<EncodeOptions, 'return_tensors'> = { truncation: true, max_length, stride, add_special_tokens: special };
      const whole = tokenizer.encode(text, { add_special_tokens: false });
      const { input_ids, overflow_to_sample_mapping, num_truncated_tokens } = tokenizer.batch_encode_plus([text], {
        ...options,
        return_overflowing_tokens: true,
      });
      const own = input_ids.map((row) => (special ? row.slice(1, -1) : row));
      const isLeft = tokenizer === sides[1];
      const joined = own.map((row, i) => (i === 0 ? row : isLeft ? row.slice(0, row.length - stride) : row.slice(stride)));
      expect((isLeft ? joined.reverse() : joined).flat()).toEqual(whole);
      for (const row of input_ids) expect(row.length).toBeLessThanOrEqual(max_length);
      for (const [i, row] of own.entries()) expect(row.length + num_truncated_tokens[i]).toBe(whole.length);
      expect(overflow_to_sample_mapping).toEqual(input_ids.map(() => 0));
      expect(tokenizer.encode(text, options as object)).toEqual(input_ids[0]);
    }),
  );
});

test('rows of a pair have room for both, and each text has all of its tokens in them', () => {
  const strategies = fc.constantFrom('longest_first', 'only_first', 'only_second' as const);
  fc.assert(
    fc.property(
      fc.constantFrom(...sides),
      texts,
      texts,
      fc.integer({ min: 5, max: 14 }),
      strategies,
      (tokenizer, text, pair, max_length, truncation) => {
        const lengths = [text, pair].map((one) => tokenizer.encode(one, { add_special_tokens: false }).length);
        const fixed = truncation === 'only_first' ? lengths[1] : lengths[0];
        fc.pre(truncation === 'longest_first' || fixed + 3 < max_length);
        const batch = tokenizer(text, pair, { truncation: truncation as 'longest_first', max_length, return_overflowing_tokens: true });
        const seen = [new Set<string>(), new Set<string>()];
        for (const [i, row] of batch.input_ids.entries()) {
          expect(row.length).toBeLessThanOrEqual(max_length);
          for (const [at, sequence] of batch.sequence_ids(i).entries())
            if (sequence !== null) seen[sequence].add(`${batch.token_to_chars(i, at)} ${batch.token_to_word(i, at)} ${row[at]}`);
        }
        const whole = tokenizer(text, pair);
        const all = [new Set<string>(), new Set<string>()];
        for (const [at, sequence] of whole.sequence_ids().entries())
          if (sequence !== null) all[sequence].add(`${whole.token_to_chars(at)} ${whole.token_to_word(at)} ${whole.input_ids[at]}`);
        expect(seen).toEqual(all);
      },
    ),
  );
});

test('characters lead to tokens and back, words to tokens and back, in every unit', () => {
  fc.assert(
    fc.property(anyTokenizer, texts, fc.option(texts), fc.constantFrom(...UNITS), (tokenizer, text, pair, offset_unit) => {
      const one = tokenizer.encode_plus(text, pair, { offset_unit, return_offsets_mapping: true });
      const [word_ids, sequence_ids] = [one.word_ids(), one.sequence_ids()];
      for (const [at, offset] of (one.offset_mapping ?? []).entries()) {
        const sequence = one.token_to_sequence(at);
        expect(sequence).toBe(sequence_ids[at]);
        expect(one.token_to_word(at)).toBe(word_ids[at]);
        expect(one.token_to_chars(at)).toEqual(sequence === null ? null : offset);
        if (sequence === null) continue;
        for (let char = offset[0]; char < offset[1]; char++) {
          const token = one.char_to_token(0, char, sequence) as number;
          const [start, end] = one.token_to_chars(token) as [number, number];
          expect([sequence_ids[token], token <= at, start <= char && char < end]).toEqual([sequence, true, true]);
          expect(one.char_to_word(0, char, sequence)).toBe(word_ids[token]);
        }
        const word = word_ids[at] as number;
        const [from, to] = one.word_to_tokens(0, word, sequence) as [number, number];
        expect(from <= at && at < to).toBe(true);
        expect(word_ids.slice(from, to).every((each) => each === word)).toBe(true);
        expect(one.word_to_chars(0, word, sequence)).toEqual([one.offset_mapping?.[from][0], one.offset_mapping?.[to - 1][1]]);
      }
    }),
  );
});

test('words that are given have the tokens and offsets that they have alone', () => {
  fc.assert(
    fc.property(anyTokenizer, words, fc.constantFrom(...UNITS), (tokenizer, list, offset_unit) => {
      const options = { return_offsets_mapping: true, offset_unit, add_special_tokens: false } as const;
      const one = tokenizer.encode_plus(list, { ...options, is_split_into_words: true });
      const alone = list.map((word) => tokenizer.encode_plus(word, options));
      expect(one.input_ids).toEqual(alone.flatMap((each) => each.input_ids));
      expect(one.offset_mapping).toEqual(alone.flatMap((each) => each.offset_mapping as [number, number][]));
      expect(one.word_ids()).toEqual(alone.flatMap((each, word) => each.input_ids.map(() => word)));
    }),
  );
});

test('words are numbered from 0, in order', () => {
  fc.assert(
    fc.property(anyTokenizer, texts, (tokenizer, text) => {
      let before = -1;
      for (const word of tokenizer(text, { add_special_tokens: false }).word_ids() as number[]) {
        expect(word).toBeGreaterThanOrEqual(before);
        before = word;
      }
      const { length } = tokenizer.tokenize(text);
      if (length) expect(tokenizer(text, { add_special_tokens: false }).word_ids()[0]).toBeLessThan(2);
    }),
  );
});

test('ranges are as many as they are said to be, each inside, the last at the end', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(12), fc.nat(11), fc.constantFrom('left' as const, 'right' as const), (count, most, stride, side) => {
      const kept = Math.min(most, count);
      fc.pre(kept === 0 || stride < kept);
      const ranges = Array.from({ length: rangeCount(count, kept, stride) }, (_, i) => rangeAt(i, count, kept, stride, side));
      const [first, last] = [ranges[0], ranges[ranges.length - 1]];
      expect(first[1] - first[0]).toBe(kept);
      for (const [from, to] of ranges) expect(0 <= from && from <= to && to <= count).toBe(true);
      if (count) expect(side === 'right' ? last[1] : last[0]).toBe(side === 'right' ? count : 0);
      if (ranges.length > 1) expect(last[1] - last[0]).toBeGreaterThan(kept ? stride : 0);
    }),
  );
});

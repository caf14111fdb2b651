import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { characters, LOWERS } from '../../src/tokenizer/characters.ts';
import { BertTokenizer, PreTrainedTokenizerFast } from '../../src/tokenizer/index.ts';
import { tokenizerTruth } from '../support/tokenizertruth.ts';
import { unigramJson } from '../support/unigram.ts';

const vocab = readFileSync(fileURLToPath(new URL('../fixtures/tokenizer/vocab.txt', import.meta.url)), 'utf8');
const bert = BertTokenizer.from_files({ 'vocab.txt': vocab });
const cased = BertTokenizer.from_files({ 'vocab.txt': vocab }, { do_lower_case: false });

const MARKS = fc.constantFrom('\u0301', '\u0344', '\u{1d15e}', '\u{1d165}', '\u302e', '\ua953', '\u0334', '\u0345', '\u0327');
const pieces = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  MARKS,
  fc.constantFrom(' ', '[MASK]', '中', '한', 'İ', 'x'),
);
const texts = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
const words = fc.stringMatching(/^[a-z]{1,12}$/);

const unigrams = [
  ...['xlm-roberta', 'albert', 'unigram-bytes'].map((name) => JSON.parse(tokenizerTruth(name).json)),
  unigramJson({ pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false } }),
  unigramJson({ normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Strip' }] }, pre_tokenizer: null }),
  unigramJson({ pre_tokenizer: { type: 'Punctuation', behavior: 'MergedWithNext' } }),
].map((tokenizer_object) => new PreTrainedTokenizerFast({ tokenizer_object }));
const bytes = unigrams[2];

const LENGTHS = {
  utf16: (text: string) => text.length,
  codepoint: (text: string) => [...text].length,
  byte: (text: string) => new TextEncoder().encode(text).length,
};

test('offsets are monotone and inside the text, in every unit', () => {
  fc.assert(
    fc.property(texts, (text) => {
      for (const offset_unit of ['utf16', 'codepoint', 'byte'] as const) {
        const { offset_mapping } = bert.encode_plus(text, null, { return_offsets_mapping: true, offset_unit, add_special_tokens: false });
        const length = LENGTHS[offset_unit](text);
        let before = [0, 0];
        for (const [start, end] of offset_mapping ?? []) {
          expect(start).toBeGreaterThanOrEqual(before[0]);
          expect(end).toBeGreaterThanOrEqual(before[1]);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(length);
          before = [start, end];
        }
      }
    }),
  );
});

test('offsets of any parts are inside the text, in order, and hold the token or what became it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...unigrams), texts, (tokenizer, text) => {
      const row = tokenizer.encode_plus(text, { return_offsets_mapping: true, add_special_tokens: false });
      let before = [0, 0];
      for (const [start, end] of row.offset_mapping ?? []) {
        expect(start).toBeGreaterThanOrEqual(before[0]);
        expect(end).toBeGreaterThanOrEqual(before[1]);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(text.length);
        before = [start, end];
      }
    }),
  );
});

test('texts of whatever kind come back from the ids of pieces and bytes', () => {
  fc.assert(
    fc.property(texts, (any) => {
      const text = new TextDecoder().decode(new TextEncoder().encode(any));
      expect(bytes.decode(bytes.encode(text, { add_special_tokens: false }))).toBe(text.replaceAll('▁', ' '));
    }),
  );
});

test('a Unigram that is saved and read again is the same', () => {
  const again = unigrams.map((tokenizer) => PreTrainedTokenizerFast.from_files(tokenizer.files()));
  const options = { return_offsets_mapping: true, return_special_tokens_mask: true } as const;
  fc.assert(
    fc.property(fc.nat(unigrams.length - 1), texts, fc.option(texts), (i, text, pair) => {
      expect(again[i].encode_plus(text, pair, options)).toEqual(unigrams[i].encode_plus(text, pair, options));
      expect(again[i].files()).toEqual(unigrams[i].files());
    }),
    { numRuns: 60 },
  );
});

test('every unit cuts the same pieces out of a text', () => {
  const cutters = {
    codepoint: (text: string) => (start: number, end: number) => [...text].slice(start, end).join(''),
    byte: (text: string) => (start: number, end: number) => new TextDecoder().decode(new TextEncoder().encode(text).subarray(start, end)),
  };
  fc.assert(
    fc.property(texts, (any) => {
      const text = new TextDecoder().decode(new TextEncoder().encode(any));
      const offsets = (offset_unit: keyof typeof LENGTHS) =>
        bert.encode_plus(text, { return_offsets_mapping: true, offset_unit }).offset_mapping ?? [];
      const pieces = offsets('utf16').map(([start, end]) => text.slice(start, end));
      for (const unit of ['codepoint', 'byte'] as const)
        expect(offsets(unit).map(([start, end]) => cutters[unit](text)(start, end))).toEqual(pieces);
    }),
  );
});

test('the pieces of a word make up the word', () => {
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 8 }), (list) => {
      const text = list.join(' ');
      const { tokens, offset_mapping } = cased.encode_plus(text, null, { return_offsets_mapping: true, add_special_tokens: false });
      for (const [i, token] of tokens.entries())
        if (token !== '[UNK]') expect(text.slice(...offset_mapping![i])).toBe(token.replace('##', ''));
    }),
  );
});

test('decoding plain words gives them back', () => {
  const known = [...bert.get_vocab().keys()].filter((token) => /^[a-z]+$/.test(token));
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...known), { maxLength: 10 }), (list) => {
      const text = list.join(' ');
      expect(bert.decode(bert.encode(text), { skip_special_tokens: true, clean_up_tokenization_spaces: false })).toBe(text);
    }),
  );
});

test('truncation keeps to max_length and loses nothing silently', () => {
  fc.assert(
    fc.property(texts, fc.option(texts), fc.integer({ min: 3, max: 20 }), (text, pair, max_length) => {
      const whole = bert.encode(text, pair);
      const cut = bert.encode_plus(text, pair, { truncation: true, max_length });
      expect(cut.input_ids.length).toBe(Math.min(whole.length, max_length));
      expect(cut.input_ids.length + cut.num_truncated_tokens).toBe(whole.length);
    }),
  );
});

test('padding makes every column equally long', () => {
  fc.assert(
    fc.property(fc.array(texts, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 9 }), (batch, pad_to_multiple_of) => {
      const encoded = bert(batch, null, {
        padding: true,
        pad_to_multiple_of,
        return_offsets_mapping: true,
        return_special_tokens_mask: true,
      });
      const lengths = new Set((Object.values(encoded) as unknown[][][]).flatMap((rows) => rows.map((row) => row.length)));
      expect(lengths.size).toBe(1);
      expect([...lengths][0] % pad_to_multiple_of).toBe(0);
      for (const [i, mask] of encoded.attention_mask.entries())
        expect(mask.reduce((sum, one) => sum + one, 0)).toBe(bert.encode(batch[i]).length);
    }),
  );
});

test('from_files(files()) is the same tokenizer', () => {
  const again = BertTokenizer.from_files(cased.files());
  fc.assert(
    fc.property(texts, fc.option(texts), (text, pair) => {
      const options = { return_offsets_mapping: true, return_special_tokens_mask: true } as const;
      expect(again.encode_plus(text, pair, options)).toEqual(cased.encode_plus(text, pair, options));
    }),
  );
});

/** Capitals that Unicode 14, which Python 3.11 follows, does not have. */
const NEWER = /[\u1c89\ua7cb\ua7cc\ua7ce\ua7d2\ua7d4\ua7da\ua7dc\u{10d50}-\u{10d65}\u{16ea0}-\u{16eb8}]/u;

test('toLowerCase is what BERT and Python mean by lower case', () => {
  const { flags, lowers } = characters();
  const wrong: string[] = [];
  for (let code = 0; code < 0x110000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const text = String.fromCodePoint(code);
    const lower = flags[code] & LOWERS ? String.fromCodePoint(...(lowers.get(code) as number[])) : text;
    if (text.toLowerCase() !== lower && !NEWER.test(text)) wrong.push(code.toString(16));
  }
  expect(wrong).toEqual([]);
  const python = {
    'ΣΑΣ Σ': 'σας σ',
    'Α.Σ.': 'α.ς.',
    "ΑΣ'Α": "ασ'α",
    'ΑΣ.': 'ας.',
    'ΑΣ\u00adΑ': 'ασ\u00adα',
    ΑΣ1: 'ας1',
    '1Σ': '1σ',
    ẞΣ: 'ßς',
    aΣb: 'aσb',
    İI: 'i\u0307i',
    'A\u0345 Σ': 'a\u0345 σ',
    'A\u0345Σ': 'a\u0345ς',
  };
  for (const [text, lower] of Object.entries(python)) expect(text.toLowerCase()).toBe(lower);
});

test('long words and runs of marks take linear time', () => {
  const plain = ['a'.repeat(200_000), '\u200d\u2122\u0301'.repeat(50_000), '\u0915\u094d'.repeat(50_000), '▁'.repeat(100_000)];
  const long = [`${'zq'.repeat(50)} `.repeat(400), '\u0301\u0323'.repeat(20_000), '\u{1d165}\u0334'.repeat(20_000), 'a'.repeat(40_000)];
  const started = process.cpuUsage();
  for (const text of long) bert.encode(text);
  for (const text of [...plain, ...long]) unigrams[0].encode(text);
  expect(process.cpuUsage(started).user).toBeLessThan(10e6);
});

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import '../../src/tokenizer/all.ts';
import { PreTrainedTokenizerFast } from '../../src/tokenizer/tokenizer.ts';
import { sentencePieceTruth } from '../support/tokenizertruth.ts';

interface Answers {
  /** Base64. */
  model: string;
  texts: { text: string; ids: number[]; pieces: string[]; offsets: number[] }[];
  decoded: { ids: number[]; text: string }[];
}

const FOLDER = fileURLToPath(new URL('../fixtures/tokenizer/sentencepiece/', import.meta.url));
const NAMES = readdirSync(FOLDER).flatMap((name) => (name.endsWith('.json.gz') ? [name.slice(0, -8)] : []));
const answersOf = (name: string): Answers => JSON.parse(gunzipSync(readFileSync(`${FOLDER}${name}.json.gz`)).toString());
const open = (model: Uint8Array) => PreTrainedTokenizerFast.from_files({ 'sentencepiece.model': model });

test('there are models of every type', () => {
  expect(new Set(NAMES.map((name) => name.split('-')[0]))).toEqual(new Set(['unigram', 'bpe', 'char', 'word']));
});

describe.each(NAMES)('%s, as the library of SentencePiece reads it', (name) => {
  const { model, texts, decoded } = answersOf(name);
  const tokenizer = open(new Uint8Array(Buffer.from(model, 'base64')));

  test('has its ids, pieces and offsets', () => {
    for (const { text, ids, pieces, offsets } of texts) {
      const got = tokenizer(text, { offset_unit: 'byte', return_offsets_mapping: true });
      expect({ text, ids: got.input_ids, pieces: got.tokens, offsets: got.offset_mapping?.flat() }).toEqual({ text, ids, pieces, offsets });
    }
  });

  test('has its texts of ids', () => {
    for (const { ids, text } of decoded) expect({ ids, text: tokenizer.decode(ids) }).toEqual({ ids, text });
  });

  test('is the same once it is saved', () => {
    const again = PreTrainedTokenizerFast.from_files(tokenizer.files());
    for (const { text, ids } of texts.slice(0, 20)) expect(again.encode(text)).toEqual(ids);
    for (const { ids, text } of decoded.slice(-20)) expect(again.decode(ids)).toBe(text);
  });
});

test.each(['xlm-roberta', 'unigram-bytes', 'spm-real'])('%s has the ids of its own library for every text', (name) => {
  const { model, lines } = sentencePieceTruth(name);
  const tokenizer = open(model);
  for (const { text, ids } of lines.map((line): { text: string; ids: number[] } => JSON.parse(line)))
    expect({ text, ids: tokenizer.encode(text) }).toEqual({ text, ids });
});

test('words are told by the marks of their pieces', () => {
  const { model } = answersOf('unigram');
  const tokenizer = open(new Uint8Array(Buffer.from(model, 'base64')));
  const { tokens, word_ids } = { ...tokenizer('the singing cat'), word_ids: tokenizer('the singing cat').word_ids() };
  const begins = tokens.map((token) => token.startsWith('▁'));
  expect(word_ids).toEqual(begins.map((_, i) => begins.slice(0, i + 1).filter(Boolean).length - 1));
  expect(word_ids.at(-1)).toBe(2);
});

test('control pieces are found in texts where that is asked for', () => {
  const { model } = answersOf('unigram');
  const files = { 'sentencepiece.model': new Uint8Array(Buffer.from(model, 'base64')) };
  expect(PreTrainedTokenizerFast.from_files(files).encode('</s>')).not.toContain(2);
  expect(PreTrainedTokenizerFast.from_files(files, { split_special_tokens: false }).encode('</s>')).toEqual([2]);
});

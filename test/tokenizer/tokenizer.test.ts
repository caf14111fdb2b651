import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tensor } from '../../src/tensor/creation.ts';
import { BertTokenizer, type EncodeOptions, type OffsetUnit } from '../../src/tokenizer/index.ts';
import { offsetsIn } from '../../src/tokenizer/offsets.ts';

const fixture = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../fixtures/tokenizer/${name}`, import.meta.url)), 'utf8').replace(/\n$/, '');

const vocab = fixture('vocab.txt');
const bert = BertTokenizer.from_files({ 'vocab.txt': vocab });
const SMALL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'jim', 'hen', '##son', 'was', '!', '中', "'", 't'];
const small = new BertTokenizer({ vocab: SMALL });

interface Case {
  do_lower_case: boolean;
  strip_accents: boolean | null;
  text: string;
  pair?: string;
  max_length?: number;
  truncation?: EncodeOptions['truncation'];
  fails?: boolean;
  input_ids: number[];
  token_type_ids: number[];
  tokens: string[];
  offsets: number[][];
}

const lines = (name: string): Case[] =>
  fixture(name)
    .split('\n')
    .map((line) => JSON.parse(line));

function expectCase(tokenizer: BertTokenizer, line: Case, options: EncodeOptions): void {
  const { input_ids, token_type_ids, tokens, offset_mapping } = tokenizer.encode_plus(line.text, line.pair, {
    ...options,
    return_offsets_mapping: true,
    offset_unit: 'codepoint',
  });
  expect({ input_ids, token_type_ids, tokens, offsets: offset_mapping }, JSON.stringify(line.text)).toEqual({
    input_ids: line.input_ids,
    token_type_ids: line.token_type_ids,
    tokens: line.tokens,
    offsets: line.offsets,
  });
}

describe('agrees with the Rust tokenizers', () => {
  test('on texts encoded with all-MiniLM-L6-v2', () => {
    for (const line of lines('tokens.jsonl')) expectCase(bert, line, { truncation: true, max_length: 512 });
  });

  test('on adversarial texts, cased and uncased, with every truncation', () => {
    const made = new Map<string, BertTokenizer>();
    for (const line of lines('cases.jsonl')) {
      const { do_lower_case, strip_accents, truncation = false, max_length } = line;
      const key = `${do_lower_case} ${strip_accents}`;
      const tokenizer = made.get(key) ?? BertTokenizer.from_files({ 'vocab.txt': vocab }, { do_lower_case, strip_accents });
      made.set(key, tokenizer);
      const options = { truncation, max_length };
      if (line.fails) expect(() => tokenizer.encode(line.text, line.pair, options)).toThrow(/max_length|truncation/);
      else expectCase(tokenizer, line, options);
    }
  });
});

describe('text to tokens', () => {
  test('special tokens are found whole in the text', () => {
    const text = '[CLS] Who was Jim Henson ? [SEP] Jim Henson was a puppeteer [SEP]';
    const tokens = ['[CLS]', 'who', 'was', 'jim', 'henson', '?', '[SEP]', 'jim', 'henson', 'was', 'a', 'puppet', '##eer', '[SEP]'];
    expect(bert.tokenize(text)).toEqual(tokens);
    expect(bert.convert_tokens_to_ids(tokens)).toEqual(bert.encode(text, null, { add_special_tokens: false }));
  });

  test('a word of 100 characters is matched and one of 101 is unknown', () => {
    expect(bert.tokenize('é'.repeat(100)).length).toBeGreaterThan(1);
    expect(bert.tokenize('é'.repeat(101))).toEqual(['[UNK]']);
    expect(small.tokenize(`${'💢'.repeat(100)} ${'jim'.repeat(34)}`)).toEqual(['[UNK]', '[UNK]']);
    const astral = new BertTokenizer({ vocab: [...SMALL, '𐐨', '##𐐨'] });
    expect(astral.tokenize('𐐨'.repeat(100))).toEqual(['𐐨', ...Array(99).fill('##𐐨')]);
    expect(astral.tokenize('𐐨'.repeat(101))).toEqual(['[UNK]']);
  });

  test.each([
    ['jim ', 1, ['jim']],
    ['💢 jim ', 2, ['[UNK]', 'jim']],
  ])('a text of %j many times over loses no token', (text, words, tokens) => {
    const times = 5000;
    const encoding = small.encode_plus(text.repeat(times), null, { add_special_tokens: false, return_offsets_mapping: true });
    expect(encoding.tokens).toEqual(Array.from({ length: times }, () => tokens).flat());
    const end = times * text.length - 1;
    expect(encoding.offset_mapping?.at(-1)).toEqual([end - 3, end]);
    expect(encoding.offset_mapping?.at(-words)?.[0]).toBe((times - 1) * text.length);
  });

  test('lone surrogates count as U+FFFD', () => {
    const read = (text: string) => bert.encode_plus(text, null, { return_offsets_mapping: true });
    const kept = BertTokenizer.from_files({ 'vocab.txt': vocab }, { clean_text: false });
    for (const lone of ['\ud83d', '\udc00'])
      for (const text of [`jim${lone} henson`, `${lone}jim henson`, `jim henson${lone}`]) {
        const replaced = text.replace(lone, '\ufffd');
        expect(replaced).not.toBe(text);
        expect(read(text)).toEqual(read(replaced));
        expect(kept.tokenize(text)).toEqual(kept.tokenize(replaced));
      }
  });

  test('a text of any length gives all of its tokens', () => {
    for (const word of ['jim', '💢']) {
      const text = `${word} `.repeat(5000);
      const { tokens, offset_mapping } = small.encode_plus(text, { return_offsets_mapping: true, add_special_tokens: false });
      const from = (index: number) => text.slice(...(offset_mapping as [number, number][])[index]);
      expect(tokens).toHaveLength(5000);
      for (const index of [0, 1023, 1024, 2047, 2048, 4999]) expect(from(index)).toBe(word);
    }
  });

  test('offsets count UTF-16 units unless code points or bytes are asked for', () => {
    const offsets = (text: string, offset_unit?: OffsetUnit | null) =>
      bert.encode_plus(text, { return_offsets_mapping: true, add_special_tokens: false, offset_unit }).offset_mapping;
    const [face, paris] = offsets('😀 Paris') as [number, number][];
    expect(['😀 Paris'.slice(...face), '😀 Paris'.slice(...paris)]).toEqual(['😀', 'Paris']);
    const text = '💢 é𠀀!';
    expect(offsets(text)).toEqual([[0, 2], [3, 4], [4, 6], [6, 7]]); // biome-ignore format: one row
    expect(offsets(text, null)).toEqual(offsets(text, 'utf16'));
    expect(offsets(text, 'codepoint')).toEqual([[0, 1], [2, 3], [3, 4], [4, 5]]); // biome-ignore format: one row
    expect(offsets(text, 'byte')).toEqual([[0, 4], [5, 7], [7, 11], [11, 12]]); // biome-ignore format: one row
    expect(offsets('\ud83d中', 'byte')).toEqual(offsets('\ufffd中', 'byte'));
  });

  test('offsets in bytes are those of UTF-8 on both sides of every length of a character', () => {
    const text = ['\u007f', '\u0080', '\u07ff', '\u0800', '\uffff', '\u{10000}', '\u{10ffff}', 'a'].join('');
    const [bytes, points] = [offsetsIn('byte', text), offsetsIn('codepoint', text)];
    let at = 0;
    for (const [i, character] of [...text, ''].entries()) {
      expect([bytes(at), points(at)]).toEqual([Buffer.byteLength(text.slice(0, at)), i]);
      at += character.length;
    }
  });

  test('never_split keeps words between whitespace', () => {
    const tokenizer = new BertTokenizer({ vocab: [...SMALL, "Jim's"], never_split: ["Jim's"] });
    expect(tokenizer.tokenize("Jim's Jim was! Jim's")).toEqual(["Jim's", 'jim', 'was', '!', "Jim's"]);
    expect(tokenizer.tokenize("(Jim's)")).toContain('[UNK]');
  });
});

describe('results', () => {
  test('a pair has types, masks and padding on the right', () => {
    const encoding = small.encode_plus('jim', 'henson', { padding: 'max_length', max_length: 8, return_special_tokens_mask: true });
    expect(encoding).toEqual({
      input_ids: [2, 5, 3, 6, 7, 3, 0, 0],
      token_type_ids: [0, 0, 0, 1, 1, 1, 0, 0],
      attention_mask: [1, 1, 1, 1, 1, 1, 0, 0],
      tokens: ['[CLS]', 'jim', '[SEP]', 'hen', '##son', '[SEP]', '[PAD]', '[PAD]'],
      special_tokens_mask: [1, 0, 1, 0, 0, 1, 1, 1],
    });
    expect(small.build_inputs_with_special_tokens([5], [6, 7])).toEqual([2, 5, 3, 6, 7, 3]);
    expect(small.create_token_type_ids_from_sequences([5], [6, 7])).toEqual([0, 0, 0, 1, 1, 1]);
  });

  test('a batch pads to its longest row and becomes int32 tensors', () => {
    const batch = small(['jim', 'jim henson was'], null, { padding: true, return_tensors: true });
    expect(batch.input_ids.shape).toEqual([2, 6]);
    expect(batch.input_ids.dtype).toBe('int32');
    expect(batch.attention_mask.tolist()).toEqual([[1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1]]); // biome-ignore format: one row
    expect(small.batch_decode(batch.input_ids, { skip_special_tokens: true })).toEqual(['jim', 'jim henson was']);
    expect(small.encode_plus('jim', null, { return_tensors: true }).input_ids.shape).toEqual([1, 3]);
    const rows = small.encode_batch(['jim', ['jim', 'was']], { padding: true, pad_to_multiple_of: 4 });
    expect(rows.map((row) => row.input_ids)).toEqual([[2, 5, 3, 0, 0, 0, 0, 0], [2, 5, 3, 8, 3, 0, 0, 0]]); // biome-ignore format: one row
    expect(small.batch_encode_plus([])).toEqual({ input_ids: [], token_type_ids: [], attention_mask: [], tokens: [] });
  });

  test('the sides of padding and truncation', () => {
    const left = new BertTokenizer({ vocab: SMALL, padding_side: 'left', truncation_side: 'left' });
    expect(left.encode('jim was !', null, { truncation: true, max_length: 4 })).toEqual([2, 8, 9, 3]);
    expect(left.encode('jim', null, { padding: 'max_length', max_length: 5 })).toEqual([0, 0, 2, 5, 3]);
    const padded = { padding: 'max_length', max_length: 5, return_offsets_mapping: true } as const;
    expect(left.encode_plus('jim', padded).offset_mapping).toEqual([[0, 0], [0, 0], [0, 0], [0, 3], [0, 0]]); // biome-ignore format: one row
    expect(small.encode_plus('jim', padded).offset_mapping).toEqual([[0, 0], [0, 3], [0, 0], [0, 0], [0, 0]]); // biome-ignore format: one row
    for (const padding of ['do_not_pad', false] as const)
      expect(left.encode_batch(['jim', 'jim was'], { padding, max_length: 5 }).map(({ tokens }) => tokens.length)).toEqual([3, 4]);
    expect(left.encode('jim', null, { padding: 'max_length', max_length: 2, truncation: false })).toEqual([2, 5, 3]);
  });

  test('what truncation removed, of the first text and then of the second', () => {
    const sides = { right: small, left: new BertTokenizer({ vocab: SMALL, truncation_side: 'left' }) };
    for (const [side, truncation, max_length, kept, removed] of [
      ['right', 'only_first', 6, [2, 5, 3, 6, 7, 3], [8, 9]],
      ['left', 'only_first', 6, [2, 9, 3, 6, 7, 3], [5, 8]],
      ['right', 'longest_first', 5, [2, 5, 3, 6, 3], [8, 9, 7]],
      ['left', 'longest_first', 5, [2, 9, 3, 7, 3], [5, 8, 6]],
      ['left', 'longest_first', 3, [2, 3, 3], [5, 8, 9, 6, 7]],
      ['left', 'longest_first', 8, [2, 5, 8, 9, 3, 6, 7, 3], []],
    ] as const)
      expect(
        sides[side].encode_plus('jim was !', 'henson', { truncation, max_length }),
        `${side} ${truncation} ${max_length}`,
      ).toMatchObject({ input_ids: kept, overflowing_tokens: removed, num_truncated_tokens: removed.length });
  });

  test('padding to a multiple goes with lengths that are one', () => {
    const padded = (options: Pick<EncodeOptions, 'padding' | 'truncation' | 'max_length' | 'pad_to_multiple_of'>) =>
      small.encode('jim', null, { padding: true, pad_to_multiple_of: 4, ...options });
    expect(padded({ truncation: true, max_length: 8 })).toHaveLength(4);
    expect(padded({ truncation: true, max_length: 8, padding: 'max_length' })).toHaveLength(8);
    expect(padded({ truncation: false, max_length: 6, padding: 'max_length' })).toHaveLength(8);
    expect(padded({ truncation: true, max_length: 5, pad_to_multiple_of: 1 })).toHaveLength(3);
    expect(() => padded({ pad_to_multiple_of: 0 })).toThrow('option pad_to_multiple_of: expected 1 or more, got 0');
    for (const max_length of [5, 6, 7])
      expect(() => padded({ truncation: true, max_length })).toThrow(
        `max_length: expected a multiple of pad_to_multiple_of, 4, got ${max_length}`,
      );
  });

  test('texts of one length give up as many tokens, the first the odd one, and none gives up all of its own', () => {
    const cut = (pair: string, options: { truncation: EncodeOptions['truncation']; max_length: number }) =>
      small.encode('jim was jim', pair, options);
    expect(cut('jim was jim', { truncation: true, max_length: 6 })).toEqual([2, 5, 3, 5, 8, 3]);
    expect(cut('hen was', { truncation: 'only_second', max_length: 7 })).toEqual([2, 5, 8, 5, 3, 6, 3]);
    for (const pair of ['hen', 'hen was'])
      expect(() => cut(pair, { truncation: 'only_second', max_length: 6 })).toThrow('expected room for a token of the second text');
  });

  test('padding to a length needs one', () => {
    const endless = new BertTokenizer({ vocab: SMALL, model_max_length: 1e30 });
    expect(() => endless.encode('jim', null, { padding: 'max_length' })).toThrow("padding 'max_length': expected a max_length, got none");
    expect(endless.encode('jim', null, { padding: 'max_length', max_length: 4 })).toHaveLength(4);
  });

  test('the limit of the tokenizer is used only when asked for', () => {
    const short = new BertTokenizer({ vocab: SMALL, model_max_length: 4 });
    expect(short.encode('jim was jim was')).toHaveLength(6);
    expect(short.encode('jim was jim was', null, { truncation: true })).toHaveLength(4);
    expect(short.encode('jim was jim was', null, { max_length: 5 })).toHaveLength(5);
    expect(short.encode('jim', null, { padding: 'max_length' })).toHaveLength(4);
    expect(short.encode('jim was !', { truncation: true, max_length: 2, add_special_tokens: false })).toEqual([5, 8]);
    expect(short.encode('jim', { truncation: false, max_length: 1 })).toEqual([2, 5, 3]);
  });

  test('decode joins pieces and closes up punctuation', () => {
    expect(small.decode([2, 5, 6, 7, 9, 3])).toBe('[CLS] jim henson! [SEP]');
    expect(small.decode([2, 5, 6, 7, 9, 3], { skip_special_tokens: true, clean_up_tokenization_spaces: false })).toBe('jim henson!');
    expect(small.decode([5, 11, 12])).toBe("jim ' t");
    expect(small.decode([5, 11, 12], { clean_up_tokenization_spaces: true })).toBe("jim't");
    const closing = new BertTokenizer({ vocab: SMALL, clean_up_tokenization_spaces: true });
    expect(closing.decode([5, 11, 12])).toBe("jim't");
    expect(small.decode(tensor([7, 5]))).toBe('##son jim');
    expect(small.decode(8)).toBe('was');
  });

  test('the names and ids of tokens', () => {
    expect(small.vocab_size).toBe(SMALL.length);
    expect([small.unk_token_id, small.cls_token_id, small.sep_token_id, small.pad_token_id, small.mask_token_id]).toEqual([1, 2, 3, 0, 4]);
    expect([small.unk_token, small.cls_token, small.sep_token, small.pad_token, small.mask_token]).toEqual(
      ['[UNK]', '[CLS]', '[SEP]', '[PAD]', '[MASK]'], // biome-ignore format: one row
    );
    expect([small.wordpieces_prefix, small.do_lower_case, small.strip_accents, small.model_max_length]).toEqual([
      '##',
      true,
      null,
      Infinity,
    ]);
    expect(small.all_special_tokens).toEqual(['[UNK]', '[SEP]', '[PAD]', '[CLS]', '[MASK]']);
    expect(small.all_special_ids).toEqual([1, 3, 0, 2, 4]);
    expect(small.convert_tokens_to_ids('nobody')).toBe(1);
    expect(small.convert_ids_to_tokens([2, 5], { skip_special_tokens: true })).toEqual(['jim']);
    expect([small.num_special_tokens_to_add(), small.num_special_tokens_to_add(true)]).toEqual([2, 3]);
    expect(small.get_vocab().get('##son')).toBe(7);
  });
});

describe('from_pretrained', () => {
  const directory = mkdtempSync(`${tmpdir()}/tokenizer-`);
  beforeAll(() => {
    writeFileSync(`${directory}/vocab.txt`, `${SMALL.join('\n')}\n`);
    writeFileSync(`${directory}/tokenizer_config.json`, JSON.stringify({ do_lower_case: false, model_max_length: 1e30 }));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('reads the vocabulary and the configuration beside it', async () => {
    const tokenizer = await BertTokenizer.from_pretrained(directory);
    expect(tokenizer.tokenize('Jim jim')).toEqual(['[UNK]', 'jim']);
    expect(tokenizer.model_max_length).toBe(Infinity);
    expect((await BertTokenizer.from_pretrained(`${directory}/`, { do_lower_case: true })).tokenize('Jim')).toEqual(['jim']);
  });

  test('stops when aborted and names a directory without a tokenizer', async () => {
    await expect(BertTokenizer.from_pretrained(directory, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    mkdirSync(`${directory}/empty`);
    await expect(BertTokenizer.from_pretrained(`${directory}/empty`)).rejects.toThrow(
      /empty: expected a directory with a trace, tokenizer.json/,
    );
  });
});

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../src/base/error.ts';
import { BertTokenizer, type TokenizerFiles } from '../../src/tokenizer/index.ts';

const fixture = (name: string): string => readFileSync(fileURLToPath(new URL(`../fixtures/tokenizer/${name}`, import.meta.url)), 'utf8');

interface Flags {
  text: string;
  absent: string;
  flags: Record<string, unknown[]>;
  normalizers: object[];
  answers: string[][];
  table: Record<string, string[]>;
  tokenizer: object;
}

interface Folder {
  files: Record<string, string | object>;
  text: string;
  ids: number[];
  pair: number[];
  cut: number[];
  vocab_size: number;
  length: number;
  limit: number | null;
  padded?: number[];
  special?: string[];
}

const combinations = (values: readonly unknown[][]): unknown[][] =>
  values.reduce<unknown[][]>((rows, column) => rows.flatMap((row) => column.map((value) => [...row, value])), [[]]);

describe('which file decides how text is normalized, as in transformers', () => {
  const { text, absent, flags, normalizers, answers, table, tokenizer } = JSON.parse(fixture('flags.json')) as Flags;
  const rows = combinations(Object.values(flags));

  test.each(Object.entries(table))('for the class %s', (name, letters) => {
    for (const [k, normalizer] of normalizers.entries())
      for (const [i, row] of rows.entries()) {
        const entries = [['tokenizer_class', name], ...Object.keys(flags).map((flag, n) => [flag, row[n]])];
        const config = JSON.stringify(Object.fromEntries(entries.filter(([, value]) => value !== absent)));
        const files = { 'tokenizer.json': JSON.stringify({ ...tokenizer, normalizer }), 'tokenizer_config.json': config };
        const right = answers[letters[k].charCodeAt(i) - 'a'.charCodeAt(0)];
        expect(BertTokenizer.from_files(files).tokenize(text), `${config} ${JSON.stringify(normalizer)}`).toEqual(right);
      }
  });

  test('without a configuration tokenizer.json does', () => {
    for (const [k, normalizer] of normalizers.entries()) {
      const right = answers[table.PreTrainedTokenizerFast[k].charCodeAt(0) - 'a'.charCodeAt(0)];
      const files = { 'tokenizer.json': JSON.stringify({ ...tokenizer, normalizer }) };
      expect(BertTokenizer.from_files(files).tokenize(text)).toEqual(right);
      expect(BertTokenizer.from_files({ ...files, 'special_tokens_map.json': '{"cls_token":"[CLS]"}' }).tokenize(text)).toEqual(right);
    }
  });
});

describe('folders mean what they mean in transformers', () => {
  const [first, ...lines] = fixture('folders.jsonl').trimEnd().split('\n');
  const { tokenizer: base } = JSON.parse(first) as { tokenizer: object };
  const content = (name: string, value: string | object): string =>
    typeof value === 'string' ? value : JSON.stringify(name === 'tokenizer.json' ? { ...base, ...value } : value);

  const answer = (tokenizer: BertTokenizer, { text, padded, special }: Folder) => ({
    ids: tokenizer.encode(text),
    pair: tokenizer.encode('jim', text),
    cut: tokenizer.encode(text, { truncation: true, max_length: 5 }),
    vocab_size: tokenizer.vocab_size,
    length: tokenizer.length,
    limit: Number.isFinite(tokenizer.model_max_length) ? tokenizer.model_max_length : null,
    ...(padded && { padded: tokenizer.encode(text, { padding: 'max_length', max_length: 24 }) }),
    ...(special?.includes('[UNK]') && { special: tokenizer.all_special_tokens }),
  });

  test.each(lines.map((line, i) => [i, JSON.parse(line) as Folder] as const))('folder %i', (_, folder) => {
    const files = Object.fromEntries(Object.entries(folder.files).map(([name, value]) => [name, content(name, value)])) as TokenizerFiles;
    const tokenizer = BertTokenizer.from_files(files);
    const { files: _files, text, ...right } = folder;
    const { special, ...rest } = right;
    const wanted = special?.includes('[UNK]') ? { ...rest, special } : rest;
    expect(answer(tokenizer, folder)).toEqual(wanted);
    expect(answer(BertTokenizer.from_files(tokenizer.files()), folder)).toEqual(wanted);
  });
});

describe('folders with a value that does not belong there', () => {
  const [first, ...lines] = fixture('folders.jsonl').trimEnd().split('\n');
  const { tokenizer: base } = JSON.parse(first) as { tokenizer: object };
  const folders = lines.map((line) => (JSON.parse(line) as Folder).files).filter((files) => 'tokenizer.json' in files);
  const odd = fc.oneof(
    fc.constantFrom(
      null,
      true,
      0,
      -1,
      1e9,
      1.5,
      '',
      'x',
      '[CLS]',
      [],
      {},
      [null],
      [[]],
      { content: 7 },
      { __proto__: null },
      { id: 'x' },
      { x: {} },
    ),
    fc.jsonValue(),
  );

  /** A copy of `value` with one part, found by going down where `turns` say, replaced. */
  const replaced = (value: unknown, [turn, ...turns]: readonly number[], by: unknown): unknown => {
    if (turn === undefined || typeof value !== 'object' || value === null || Object.keys(value).length === 0) return by;
    const keys = Object.keys(value);
    const key = keys[turn % keys.length];
    const entries = Object.entries(value).map(([name, part]) => [name, name === key ? replaced(part, turns, by) : part]);
    return Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries);
  };

  test('load, or say what is wrong', () => {
    let loaded = 0;
    const turns = fc.array(fc.nat(40), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.constantFrom(...folders), fc.nat(9), turns, odd, (folder, which, path, by) => {
        const files = { ...folder, 'tokenizer.json': { ...base, ...(folder['tokenizer.json'] as object) } };
        const names = Object.keys(files).filter((name) => name.endsWith('.json'));
        const name = names[which % names.length];
        const changed = { ...files, [name]: replaced(files[name as keyof typeof files], path, by) };
        const texts = Object.entries(changed).map(([key, value]) => [key, key === 'vocab.txt' ? value : JSON.stringify(value)]);
        try {
          const tokenizer = BertTokenizer.from_files(Object.fromEntries(texts) as TokenizerFiles);
          const ids = tokenizer.encode('[X] jim [MASK] zz', 'has');
          expect(BertTokenizer.from_files(tokenizer.files()).encode('[X] jim [MASK] zz', 'has')).toEqual(ids);
          expect(ids.every(Number.isInteger)).toBe(true);
          loaded++;
        } catch (error) {
          if (!(error instanceof TraceletError)) throw error;
          expect(error.message.length).toBeLessThan(1500);
        }
      }),
      { numRuns: 2000 },
    );
    expect(loaded).toBeGreaterThan(100);
  });
});

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jit } from '../../src/index.ts';
import {
  type AddedToken,
  BertTokenizer,
  PreTrainedTokenizerFast,
  type SpecialTokens,
  type TokenizerFiles,
} from '../../src/tokenizer/index.ts';
import { saveTokenizer } from '../../src/tokenizer/saving.ts';
import { encodingsFixture } from '../support/encodings.ts';
import { problem, tinyBert } from '../support/tiny.ts';

interface Step {
  add_tokens?: (string | AddedToken)[];
  special_tokens?: boolean;
  add_special_tokens?: SpecialTokens;
  replace?: boolean;
  count: number;
  length: number;
  all: string[];
  ids: number[][];
  skipped: string[];
}

const { json, lines } = encodingsFixture<Step[]>('adding');
const { texts, ...tokenizer_object } = JSON.parse(json) as { texts: string[] } & Record<string, unknown>;
const ROLES = { unk_token: '[UNK]', cls_token: '[CLS]', sep_token: '[SEP]', pad_token: null };
const fast = () => new PreTrainedTokenizerFast({ tokenizer_object, ...ROLES });
const VOCAB = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', '##c', 'd'];
const bert = () => new BertTokenizer({ vocab: VOCAB });

const take = (tokenizer: PreTrainedTokenizerFast, { add_tokens, special_tokens, add_special_tokens, replace }: Partial<Step>): number =>
  add_tokens
    ? tokenizer.add_tokens(add_tokens, { special_tokens })
    : tokenizer.add_special_tokens(add_special_tokens as SpecialTokens, { replace_extra_special_tokens: replace });

describe('tokens that are added', () => {
  test(`mean what they mean in transformers, in ${lines.length} sequences of steps`, () => {
    for (const steps of lines) {
      const tokenizer = fast();
      for (const step of steps) {
        const label = JSON.stringify(steps.slice(0, steps.indexOf(step) + 1).map(({ ids, all, skipped, ...given }) => given));
        expect(take(tokenizer, step), label).toBe(step.count);
        const again = PreTrainedTokenizerFast.from_files(tokenizer.files() as TokenizerFiles);
        for (const each of [tokenizer, again]) {
          expect(each.length, label).toBe(step.length);
          expect([...each.all_special_tokens].sort(), label).toEqual([...step.all].sort());
          expect(texts.map((text) => each.encode(text)), label).toEqual(step.ids); // biome-ignore format: one row
          expect(step.ids.map((ids) => each.decode(ids, { skip_special_tokens: true })), label).toEqual(step.skipped); // biome-ignore format: one row
        }
      }
    }
  });

  test('have ids behind the vocabulary and are known by name', () => {
    const tokenizer = bert();
    expect(tokenizer.add_tokens('zz')).toBe(1);
    expect(tokenizer.add_tokens(['zz', 'a', { content: 'yy', lstrip: true }])).toBe(2);
    expect(tokenizer.add_tokens(['zz', 'a', ''])).toBe(0);
    expect(tokenizer.add_tokens([])).toBe(0);
    expect([tokenizer.vocab_size, tokenizer.length, tokenizer.get_vocab().get('yy')]).toEqual([9, 11, 10]);
    expect(tokenizer.encode('a  yyzz d', { add_special_tokens: false })).toEqual([5, 10, 9, 8]);
    expect(tokenizer.decode([5, 10, 9])).toBe('a yy zz');
    expect([tokenizer.convert_tokens_to_ids('zz'), tokenizer.convert_ids_to_tokens(10)]).toEqual([9, 'yy']);
    expect([tokenizer.continues_word('##c'), tokenizer.add_tokens('##c'), tokenizer.continues_word('##c')]).toEqual([true, 1, false]);
    expect(tokenizer.decode([9, 5], { skip_special_tokens: true })).toBe('zz a');
    expect(tokenizer.add_tokens('zz', { special_tokens: true })).toBe(1);
    expect(tokenizer.decode([9, 5], { skip_special_tokens: true })).toBe('a');
    expect(tokenizer.convert_ids_to_tokens([9, 5], { skip_special_tokens: true })).toEqual(['a']);
  });

  test('take roles, which BERT puts around texts', () => {
    const tokenizer = bert();
    expect(tokenizer.add_special_tokens({ cls_token: '<c>', pad_token: 'd', bos_token: { content: '<b>', rstrip: true } })).toBe(3);
    expect([tokenizer.cls_token, tokenizer.cls_token_id, tokenizer.bos_token_id, tokenizer.sep_token]).toEqual(['<c>', 9, 10, '[SEP]']);
    expect(tokenizer.encode('<b> a', { padding: 'max_length', max_length: 5 })).toEqual([9, 10, 5, 3, 8]);
    expect(tokenizer.build_inputs_with_special_tokens([5])).toEqual([9, 5, 3]);
    expect(BertTokenizer.from_files(tokenizer.files()).encode('<b> a')).toEqual([9, 10, 5, 3]);
    const any = fast();
    any.add_special_tokens({ cls_token: '<c>' });
    expect([any.cls_token, any.encode('the')[0]]).toEqual(['<c>', 2]);
  });

  test('without a role are replaced or joined', () => {
    const tokenizer = bert();
    expect(tokenizer.add_special_tokens({ additional_special_tokens: ['<e>', '<f>'] })).toBe(2);
    expect(tokenizer.add_special_tokens({ extra_special_tokens: ['<g>', '<f>'] }, { replace_extra_special_tokens: false })).toBe(1);
    expect(tokenizer.all_special_tokens.slice(5)).toEqual(['<e>', '<f>', '<g>']);
    expect(tokenizer.add_special_tokens({ extra_special_tokens: ['<h>'], additional_special_tokens: ['<i>'] })).toBe(1);
    expect(tokenizer.all_special_tokens.slice(5)).toEqual(['<h>']);
    expect(tokenizer.tokenize('<e>a<h>')).toEqual(['<e>', 'a', '<h>']);
    expect(tokenizer.add_special_tokens({ extra_special_tokens: [] })).toBe(0);
    expect(tokenizer.all_special_tokens.slice(5)).toEqual(['<h>']);
    expect(tokenizer.add_special_tokens({})).toBe(0);
  });

  test('are there for a trace that is made behind, and not for what was made before', async () => {
    const tokenizer = new BertTokenizer({ vocab: VOCAB });
    const files = tokenizer.files();
    tokenizer.add_tokens('zz');
    expect(BertTokenizer.from_files(files).length).toBe(9);
    const traced = await jit.trace(tinyBert(), [tokenizer.encode('a zz', { return_tensors: true })], { tokenizer });
    tokenizer.add_tokens('yy');
    expect([traced.tokenizer.encode('a zz'), traced.tokenizer.length]).toEqual([[2, 5, 9, 3], 10]);
  });

  test.each<[string, (tokenizer: BertTokenizer) => unknown, RegExp]>([
    ['nothing', (one) => one.add_tokens(undefined as never), /^tokens: expected a token or an array of tokens, got undefined/],
    ['a number', (one) => one.add_tokens([3 as never]), /^tokens\[0\]: expected a token with a content that is not empty, got 3/],
    [
      'a flag that is none',
      (one) => one.add_tokens({ content: 'x', lstrip: 1 as never }),
      /^lstrip of tokens\[0\]: expected true or false, got 1/,
    ],
    [
      'an id that is taken',
      (one) => one.add_tokens({ content: 'x', id: 5 }),
      /^id of added token "x": expected a free id behind the vocabulary, got 5/,
    ],
    ['an option that is not known', (one) => one.add_tokens('x', { special: true } as never), /option "special".*special_tokens/s],
    ['a role that is none', (one) => one.add_special_tokens({ cls: 'x' } as never), /option "cls".*cls_token/s],
    ['a token that is none', (one) => one.add_special_tokens({ cls_token: 3 as never }), /option cls_token: expected a token/],
    ['a list that is none', (one) => one.add_special_tokens({ extra_special_tokens: 'x' as never }), /expected an array of tokens/],
    [
      'an empty extra token',
      (one) => one.add_special_tokens({ extra_special_tokens: [''] }),
      /^extra_special_tokens\[0\]: expected a token/,
    ],
  ])('refuse %s, and stay as they were', (_, add, expected) => {
    const tokenizer = bert();
    const before = tokenizer.files();
    expect(() => add(tokenizer)).toThrow(expected);
    expect(tokenizer.files()).toEqual(before);
  });
});

describe('save_pretrained', () => {
  let home: string;
  const at = (name: string): string => join(home, name);
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'saved-'));
  });
  afterAll(() => rmSync(home, { recursive: true }));

  test('makes a directory and names the files that it writes', async () => {
    const names = ['vocab.txt', 'tokenizer_config.json'].map((name) => `${at('a/b')}/${name}`);
    expect(await bert().save_pretrained(`${at('a/b')}/`)).toEqual(names);
    expect(await fast().save_pretrained(at('c'))).toEqual([`${at('c')}/tokenizer.json`, `${at('c')}/tokenizer_config.json`]);
    expect(readdirSync(at('a/b')).sort()).toEqual(['tokenizer_config.json', 'vocab.txt']);
    expect(readFileSync(at('a/b/vocab.txt'), 'utf8')).toBe(bert().files()['vocab.txt']);
  });

  test('writes what from_pretrained reads as the same tokenizer', async () => {
    const token = fc.record(
      {
        content: fc.constantFrom('zz', 'the', 'Ünï', '<x>', ' y ', 'a b'),
        lstrip: fc.boolean(),
        normalized: fc.boolean(),
        single_word: fc.boolean(),
      },
      { requiredKeys: ['content'] },
    );
    const step = fc.oneof(
      fc.record({ add_tokens: fc.array(token, { maxLength: 3 }), special_tokens: fc.boolean() }),
      fc.record({
        add_special_tokens: fc.record(
          { pad_token: token, sep_token: token, cls_token: token, unk_token: token, extra_special_tokens: fc.array(token) },
          { requiredKeys: [] },
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(step, { maxLength: 3 }), fc.string({ unit: 'grapheme' }), async (isBert, steps, text) => {
        const tokenizer = isBert ? bert() : fast();
        for (const each of steps) take(tokenizer, each as Partial<Step>);
        const folder = at(isBert ? 'bert' : 'fast');
        await tokenizer.save_pretrained(folder);
        const again = await (isBert ? BertTokenizer : PreTrainedTokenizerFast).from_pretrained(folder);
        expect(again.files()).toEqual(tokenizer.files());
        for (const one of [text, ...texts, ' y zz  Ünïthe <x>']) {
          const ids = tokenizer.encode(one);
          expect(again.encode(one)).toEqual(ids);
          for (const skip_special_tokens of [true, false])
            expect(again.decode(ids, { skip_special_tokens })).toBe(tokenizer.decode(ids, { skip_special_tokens }));
        }
        expect([again.length, again.all_special_tokens]).toEqual([tokenizer.length, tokenizer.all_special_tokens]);
      }),
      { numRuns: 60 },
    );
  });

  test('refuses a directory where other files would be read with them', async () => {
    mkdirSync(at('old'));
    writeFileSync(at('old/tokenizer.json'), '{}');
    writeFileSync(at('old/config.json'), '{}');
    const error = await problem('source', () => bert().save_pretrained(at('old')));
    expect(error.message).toContain(
      'expected no file of a tokenizer but vocab.txt and tokenizer_config.json, got tokenizer.json. Remove what would be read',
    );
    expect(existsSync(at('old/vocab.txt'))).toBe(false);
    await fast().save_pretrained(at('old'));
    writeFileSync(at('file'), '');
    await problem('source', () => bert().save_pretrained(at('file')));
    await problem('source', () => bert().save_pretrained(at('file/below')));
    await problem('value', () => bert().save_pretrained(''));
    await problem('value', () => saveTokenizer(undefined as never, {}));
    await problem('value', () => bert().save_pretrained(at('x'), { sign: 1 } as never));
    await expect(bert().save_pretrained(at('never'), { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    expect(existsSync(at('never'))).toBe(false);
  });
});

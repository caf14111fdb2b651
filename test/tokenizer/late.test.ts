import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { sentencePieces } from '../support/sentencepieces.ts';
import { bertJson } from '../support/tokenizerjson.ts';
import { unigramJson } from '../support/unigram.ts';

const BERT = JSON.stringify(bertJson(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b']));
const UNIGRAM = JSON.stringify(unigramJson());
const LATE = /Unigram.*import 'tracelet\/tokenizer'/;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tracelet-late-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => vi.resetModules());

/** The library as a program finds it that has used none of it, and whether all parts of tokenizers are there. */
async function fresh() {
  const tracelet = await import('../../src/index.ts');
  const { known } = await import('../../src/tokenizer/known.ts');
  return { ...tracelet, hasAll: () => known.all };
}

const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('parts of tokenizers beside those of BERT', () => {
  test('are not there for calls that answer at once, which say how to have them', async () => {
    const { PreTrainedTokenizerFast, hasAll } = await fresh();
    expect(() => PreTrainedTokenizerFast.from_files({ 'tokenizer.json': UNIGRAM })).toThrow(LATE);
    expect(hasAll()).toBe(false);
    await import('../../src/tokenizer/index.ts');
    expect(PreTrainedTokenizerFast.from_files({ 'tokenizer.json': UNIGRAM }).tokenize('a b')).toEqual(['▁a', '▁b']);
  });

  test.each(['PreTrainedTokenizerFast', 'AutoTokenizer'] as const)('load with %s.from_pretrained', async (name) => {
    const tracelet = await fresh();
    const tokenizer = await tracelet[name].from_pretrained(file('tokenizer.json', UNIGRAM));
    expect(tokenizer.tokenize('a b')).toEqual(['▁a', '▁b']);
    expect(tracelet.hasAll()).toBe(true);
  });

  test('load for a model of SentencePiece', async () => {
    const { AutoTokenizer, hasAll } = await fresh();
    const model = mkdtempSync(join(folder, 'model-'));
    writeFileSync(join(model, 'tokenizer.model'), sentencePieces(['<unk>', 0, 2], ['▁a', -1, 1]));
    expect((await AutoTokenizer.from_pretrained(model)).length).toBeGreaterThan(0);
    expect(hasAll()).toBe(true);
  });

  test('load with the trace in which a tokenizer travels', async () => {
    const { F, jit, tensor, hasAll } = await fresh();
    const traced = await jit.trace((x) => F.relu(x), [tensor([[1]], { dtype: 'float32' })]);
    for (const [json, all] of [
      [BERT, false],
      [UNIGRAM, true],
    ] as const) {
      const path = join(folder, 'trace.tracelet');
      await jit.save(traced, path, { _extra_files: { 'tokenizer.json': json } });
      expect((await jit.load(path)).tokenizer.tokenize('a b')).toHaveLength(2);
      expect(hasAll()).toBe(all);
    }
  });

  test.each(['PreTrainedTokenizerFast', 'AutoTokenizer', 'BertTokenizer'] as const)(
    'stay where they are for a tokenizer.json of BERT in %s.from_pretrained',
    async (name) => {
      const tracelet = await fresh();
      const tokenizer = await tracelet[name].from_pretrained(file('tokenizer.json', BERT));
      expect(tokenizer.tokenize('a b')).toEqual(['a', 'b']);
      expect(tracelet.hasAll()).toBe(false);
    },
  );

  test.each([
    ['a normalizer', { normalizer: { type: 'NFC' } }],
    ['a model without a type', { model: { ...unigramJson().model, type: undefined } }],
  ])('load for %s', async (_, changes) => {
    const { AutoTokenizer, hasAll } = await fresh();
    await AutoTokenizer.from_pretrained(file('tokenizer.json', JSON.stringify(unigramJson(changes))));
    expect(hasAll()).toBe(true);
  });
});

test('lowering texts needs no others', async () => {
  const { PreTrainedTokenizerFast, hasAll } = await fresh();
  const json = { ...JSON.parse(BERT), normalizer: { type: 'Lowercase' } };
  expect(PreTrainedTokenizerFast.from_files({ 'tokenizer.json': JSON.stringify(json) }).tokenize('A')).toEqual(['a']);
  expect(hasAll()).toBe(false);
});

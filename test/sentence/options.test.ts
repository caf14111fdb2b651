import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chunkText, jit, SentenceEmbedder, type Tensor, tensor } from '../../src/index.ts';
import { embedderOf, expectNear, folderOf, goldenOf, rowsOf, traceAny } from '../support/sentence.ts';
import { bytesOf, problem, tinyConfig } from '../support/tiny.ts';

describe('prompts', () => {
  test('one by name, one in words, the default one, and none', async () => {
    const traced = await embedderOf(folderOf('prompts'));
    const vector = async (text: string, options = {}) => bytesOf(await traced.embed(text, options));
    const bare = await vector('a cat', { prompt: '' });
    expect(await vector('a cat')).toEqual(await vector('passage: a cat', { prompt: '' }));
    expect(await vector('a cat', { prompt_name: 'query' })).toEqual(await vector('a cat', { prompt: 'query: ' }));
    expect(await vector('a cat')).not.toEqual(bare);
    const called = traced as unknown as (text: string, options?: object) => Record<string, Tensor>;
    expect(bytesOf(called('a cat').sentence_embedding)).toEqual(await vector('a cat'));
    expect(bytesOf(called('a cat', { prompt: '' }).sentence_embedding)).toEqual(bare);
    expect((await problem('value', () => traced.embed('a', { prompt_name: 'qeury' }))).message).toMatch(
      /one of .*query.*Did you mean query\?/,
    );
    await problem('value', () => traced.embed('a', { prompt_name: 'query', prompt: 'q' }));
  });

  test('every chunk begins with it, and none counts as text', async () => {
    const traced = await embedderOf(folderOf('prompts'));
    const text = 'butter and food in Paris. '.repeat(4).trim();
    const parts: string[] = [];
    const prompt = traced.tokenizer.tokenize('query: ').length;
    for (const { text: part } of chunkText(traced.tokenizer, text, { tokens: 20 - prompt })) parts.push(part);
    expect(parts.length).toBeGreaterThan(1);
    const whole = rowsOf(await traced.embed(text, { prompt_name: 'query', chunk: { tokens: 20 } }))[0];
    const vectors = rowsOf(await traced.embed(parts, { prompt_name: 'query' }));
    const weights = parts.map((part) => traced.tokenizer.tokenize(part).length);
    const total = weights.reduce((a, b) => a + b);
    const mean = whole.map((_, j) => vectors.reduce((sum, row, i) => sum + (weights[i] / total) * row[j], 0));
    for (const [j, value] of whole.entries()) expect(value).toBeCloseTo(mean[j], 4);
  });

  test('leave room for some of the text in every chunk, and overlaps no more than that', async () => {
    const traced = await embedderOf(folderOf('prompts'));
    const text = 'butter and food in Paris. '.repeat(4).trim();
    const prompt = traced.tokenizer.tokenize('query: ').length;
    const embed = (tokens: number, overlap = 0) => traced.embed(text, { prompt_name: 'query', chunk: { tokens, overlap } });
    for (const tokens of [prompt + 1, prompt + 2])
      expect((await problem('value', () => embed(tokens))).message).toContain(
        `expected a prompt of less than the ${tokens - 2} tokens of a chunk, got ${prompt} tokens`,
      );
    expect((await embed(prompt + 3)).shape).toEqual([1, 16]);
    expect(bytesOf(await embed(prompt + 6, prompt + 3))).toEqual(bytesOf(await embed(prompt + 6, 3)));
    expect(bytesOf(await embed(prompt + 6, 2))).not.toEqual(bytesOf(await embed(prompt + 6, 3)));
    const pair = [text, text] as const;
    expect((await problem('value', () => traced.embed([pair], { chunk: { tokens: 20 } }))).message).toMatch(
      /texts\[0\]: expected a text to cut into chunks, got one with its pair/,
    );
  });

  test('that stay out of the vector need a trace that can leave them out', async () => {
    const model = await SentenceEmbedder.from_pretrained(folderOf('prompts-excluded'));
    const row = tensor([Array(64).fill(1)]);
    const traced = await jit.trace(model, { input_ids: row, attention_mask: row });
    expect((await problem('value', () => traced.embed('a', { prompt_name: 'query' }))).message).toMatch(/made with pooling_mask/);
  });
});

describe('options of embed', () => {
  test.each([['singal'], ['pooling'], ['precision'], ['promptName'], ['normalise'], ['truncateDim'], ['batch_tokens']])(
    '%s is refused',
    async (name) => {
      const traced = await embedderOf(folderOf('mean'));
      const error = await problem('value', () => traced.embed('a', { [name]: 'int8' }));
      expect(error.message).toContain(`option "${name}"`);
      await problem('value', async () => traced.embedEach(['a'], { [name]: 'int8' }).next());
      await problem('value', () => traced.encode('a', { [name]: 'int8' }));
    },
  );

  test('normalize and truncate_dim are honoured, or refused', async () => {
    const [plain, unit] = [await embedderOf(folderOf('mean')), await embedderOf(folderOf('dense'))];
    const [raw] = rowsOf(await plain.embed('a'));
    const [kept] = rowsOf(await plain.embed('a', { truncate_dim: 5, normalize: true }));
    const norm = Math.hypot(...raw.slice(0, 5));
    for (const [i, value] of kept.entries()) expect(value).toBeCloseTo(raw[i] / norm, 6);
    expect((await plain.embed('a', { normalize: false })).tolist()[0]).toEqual(raw);
    expect((await problem('value', () => unit.embed('a', { normalize: false }))).message).toMatch(/scales its vectors/);
    expect((await problem('value', () => plain.embed('a', { truncate_dim: 17 }))).message).toMatch(/at most 16/);
    await problem('value', () => plain.embed('a', { truncate_dim: 0 }));
    expect((await plain.embed('a', { truncate_dim: 16 })).tolist()[0]).toEqual(raw);
  });

  const chain = (...types: string[]): string =>
    JSON.stringify(
      ['Transformer', 'Pooling', ...types].map((type, idx) => ({
        path: ['', '1_Pooling', ...types.map((each, i) => (each === 'Dense' ? '2_Dense' : `${i + 5}_${each}`))][idx],
        type: `sentence_transformers.models.${type}`,
      })),
    );

  test.each([
    [
      ['Normalize', 'Dense', 'Normalize'],
      ['Normalize', 'Dense'],
    ],
    [['Dense', 'Normalize', 'Normalize'], ['Dense']],
    [
      ['Normalize', 'Dense', 'Dropout', 'Normalize', 'Dropout', 'Normalize', 'Dropout'],
      ['Normalize', 'Dense'],
    ],
    [
      ['Normalize', 'Dense'],
      ['Normalize', 'Dense'],
    ],
  ])('normalize: false of %j takes away all scaling at its end, and nothing else', async (given, left) => {
    const [all, rest] = [given, left].map((types) => folderOf('dense', { 'modules.json': chain(...types) }));
    const raw = await traceAny(await SentenceEmbedder.from_pretrained(all, { normalize: false }));
    const want = await (await embedderOf(rest)).embed(['a', 'b c']);
    expect(bytesOf(await raw.embed(['a', 'b c'], { normalize: false })).equals(bytesOf(want))).toBe(true);
    for (const row of rowsOf(want)) expect(Math.hypot(...row)).not.toBeCloseTo(1, 2);
  });

  test('a Normalize of tokens behind the vector leaves it what it is', async () => {
    const files = { 'modules.json': chain('Dense', 'Normalize', 'Normalize') };
    const folder = folderOf('dense', files);
    mkdirSync(join(folder, '7_Normalize'));
    writeFileSync(join(folder, '7_Normalize', 'config.json'), JSON.stringify({ module_input_name: 'token_embeddings' }));
    const unit = await embedderOf(folder);
    expect((await problem('value', () => unit.embed('a', { normalize: false }))).message).toMatch(/scales its vectors/);
    const raw = await traceAny(await SentenceEmbedder.from_pretrained(folder, { normalize: false }));
    const plain = await embedderOf(folderOf('dense', { 'modules.json': chain('Dense') }));
    expect(bytesOf(await raw.embed('a')).equals(bytesOf(await plain.embed('a')))).toBe(true);
  });

  test('pooling and normalize of a folder may be chosen when it is loaded', async () => {
    const cls = await traceAny(await SentenceEmbedder.from_pretrained(folderOf('mean'), { pooling: 'cls', normalize: true }));
    const [golden] = goldenOf('cls').calls;
    const want = (golden.embeddings as number[][]).map((row) => row.map((value) => value / Math.hypot(...row)));
    expectNear(await cls.embed(golden.sentences, { truncate: true }), want);
    const raw = await traceAny(await SentenceEmbedder.from_pretrained(folderOf('truncate'), { normalize: false }));
    expect(Math.hypot(...rowsOf(await raw.embed('a'))[0])).not.toBeCloseTo(1, 2);
    expect(new SentenceEmbedder(tinyConfig(), { pooling: ['mean', 'max'] }).sentence.modules[1]).toMatchObject({
      pooling_mode: ['mean', 'max'],
    });
  });
});

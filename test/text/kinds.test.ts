import { describe, expect, test } from 'vitest';
import { chunkText, jit, SentenceEmbedder, type Tensor, tensor } from '../../src/index.ts';
import { PreTrainedTokenizerFast } from '../../src/tokenizer/index.ts';
import { fileOf, tinyConfig } from '../support/tiny.ts';
import { NAMES, tokenizerTruth } from '../support/tokenizertruth.ts';

const TEXTS = ['A man is eating food.', 'naïve café', '', '中文 x', 'the the the the the'];
const dynamic = { batch: [1, 8], sequence: [1, 64] } as const;

/** A trace of a tiny model with the tokenizer of a truth inside, saved and loaded again. */
async function traced(name: string) {
  const { json, config } = tokenizerTruth(name);
  const tokenizer = PreTrainedTokenizerFast.from_files({ 'tokenizer.json': json, 'tokenizer_config.json': config });
  const model = new SentenceEmbedder(tinyConfig({ vocab_size: tokenizer.length, max_position_embeddings: 64 }), { seed: 1 });
  const row = tensor([[1, 1]]);
  const trace = await jit.trace(model, { input_ids: row, attention_mask: row }, { tokenizer, dynamic, check_trace: false });
  return { tokenizer, model, trace: await jit.load(await fileOf(trace)) };
}

describe.each(NAMES)('a trace with the tokenizer %s', (name) => {
  test('embeds texts as the model does by itself', async () => {
    const { tokenizer, model, trace } = await traced(name);
    const texts = TEXTS.filter((text) => tokenizer.encode(text).length > 0);
    const vectors = await trace.embed(texts);
    for (const [i, text] of texts.entries()) {
      const { input_ids, attention_mask } = tokenizer.encode_plus(text, { return_tensors: true });
      const { sentence_embedding } = model({ input_ids, attention_mask }) as Record<string, Tensor>;
      const [wanted, got] = [[...sentence_embedding.data].map(Number), [...(vectors[i] as Tensor).data].map(Number)];
      for (const [at, value] of wanted.entries()) expect(got[at]).toBeCloseTo(value, 5);
    }
  });

  test('cuts a long text into chunks between words, which hold all of it', async () => {
    const { tokenizer } = await traced(name);
    const text = 'The quick brown fox jumps over the lazy dog. '.repeat(6).trim();
    const chunks = chunkText(tokenizer, text, { tokens: 40 });
    expect(chunks.length).toBeGreaterThan(1);
    const ends = chunks.map(({ end }) => end);
    for (const [i, { start }] of chunks.slice(1).entries()) {
      expect(text.slice(ends[i], start).trim()).toBe('');
      expect(/\w\w/.test(`${text[ends[i] - 1]}${text.slice(ends[i], start)}${text[start]}`), text.slice(start - 9, start + 9)).toBe(false);
    }
    expect([chunks[0].start, ends.at(-1)]).toEqual([0, text.length]);
    for (const { tokens } of chunks) expect(tokens).toBeLessThanOrEqual(40);
  });
});

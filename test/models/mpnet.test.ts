import { describe, expect, test } from 'vitest';
import {
  F,
  jit,
  MPNetConfig,
  type MPNetConfigOptions,
  MPNetForMultipleChoice,
  MPNetForSequenceClassification,
  MPNetModel,
  SentenceEmbedder,
  Tensor,
  tensor,
} from '../../src/index.ts';
import { bucketOf } from '../../src/models/buckets.ts';
import { BUCKETS } from '../../src/models/mpnet/buckets.ts';
import { expectSameBits, fileOf, floats, problem } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 24,
};
const tiny = (options: MPNetConfigOptions = {}): MPNetConfig => new MPNetConfig({ ...SIZES, ...options });
const rows = tensor([
  [0, 7, 8, 2],
  [0, 9, 3, 1],
]);

describe('a configuration', () => {
  test('has the defaults of transformers, and no token types', () => {
    expect(new MPNetConfig()).toMatchObject({
      model_type: 'mpnet',
      vocab_size: 30527,
      hidden_size: 768,
      num_hidden_layers: 12,
      num_attention_heads: 12,
      intermediate_size: 3072,
      hidden_act: 'gelu',
      max_position_embeddings: 512,
      layer_norm_eps: 1e-12,
      relative_attention_num_buckets: 32,
      pad_token_id: 1,
      bos_token_id: 0,
      eos_token_id: 2,
    });
    expect(new MPNetConfig().to_dict()).not.toHaveProperty('type_vocab_size');
    expect(new MPNetConfig(40, 16, 3, 2).num_attention_heads).toBe(2);
  });

  test.each<[object, RegExp]>([
    [{ relative_attention_num_buckets: 31 }, /^relative_attention_num_buckets .*from 32 to 65536, got 31/],
    [{ vocab_size: 2 ** 28 }, /^vocab_size x hidden_size/],
    [{ hidden_act: 'swoosh' }, /^hidden_act .*"gelu".*got "swoosh"/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('config', () => tiny(options))).message).toMatch(message);
  });
});

test('distances have the buckets of transformers: each its own below 8, then ever more to one, up to 128', () => {
  const starts = [8, 12, 16, 23, 32, 46, 64, 91];
  for (let far = 0; far < 300; far++) {
    const bucket = far < 8 ? far : 7 + starts.filter((start) => start <= far).length;
    expect([far, bucketOf(-far, BUCKETS), bucketOf(far, BUCKETS)]).toEqual([far, bucket, far === 0 ? 0 : 16 + bucket]);
  }
});

test('all layers have one bias, whose buckets the encoder holds', () => {
  const names = [...new MPNetModel(tiny()).state_dict()].map(([name, { shape }]) => `${name} ${shape}`);
  expect(names.filter((name) => name.includes('bias.weight'))).toEqual(['encoder.relative_attention_bias.weight 32,2']);
  const model = new MPNetModel(tiny(), { seed: 3 });
  const before = model(rows).last_hidden_state.tolist();
  model.encoder.relative_attention_bias.weight.set(floats([32, 2], 5).data as Float32Array);
  expect(model(rows).last_hidden_state.tolist()).not.toEqual(before);
});

test('texts are as long as there are positions behind that of padding, in traces of any size too', async () => {
  const model = new MPNetModel(tiny(), { seed: 3 });
  const row = (length: number) => tensor([Array.from({ length }, (_, i) => (i % 30) + 2)]);
  const traced = await jit.trace(model, [rows], { dynamic: { batch: [1, 3], sequence: [1, 22] } });
  const loaded = await jit.load(await fileOf(traced));
  for (const length of [1, 21, 22]) expectSameBits(loaded(row(length)), model(row(length)));
  expect((await problem('value', () => model(row(23)))).message).toMatch(/at most max_position_embeddings - 2 = 22 tokens, got 23/);
});

test('a batch has the bits that its texts have alone', async () => {
  const model = new MPNetModel(tiny(), { seed: 3 });
  const traced = await jit.trace(model, { input_ids: rows, attention_mask: tensor([[1, 1, 1, 1], [1, 1, 1, 0]]) }, { dynamic: { batch: [1, 9], sequence: [1, 22] } }); // biome-ignore format: one row
  const lengths = [3, 22, 9];
  const ids = lengths.map((length, b) => Array.from({ length: 22 }, (_, i) => (i < length ? 2 + ((5 * i + b) % 30) : 1)));
  const together = traced({
    input_ids: tensor(ids),
    attention_mask: tensor(ids.map((each, b) => each.map((_, i) => Number(i < lengths[b])))),
  });
  lengths.forEach((length, b) => {
    const alone = traced({ input_ids: tensor([ids[b].slice(0, length)]), attention_mask: tensor([Array(length).fill(1)]) });
    const from = b * 22 * 16;
    expect(together.last_hidden_state.data.slice(from, from + length * 16)).toEqual(alone.last_hidden_state.data);
  });
});

test('labels are scored by dense, tanh and out_proj of the first token, choices by the pooler', () => {
  const labels = new MPNetForSequenceClassification(tiny({ num_labels: 3 }), { seed: 4 });
  const { dense, out_proj } = labels.classifier;
  expectSameBits([labels(rows).logits], [out_proj(F.tanh(dense(F.select(labels.mpnet(rows).last_hidden_state, 1, 0))))]);
  const choices = new MPNetForMultipleChoice(tiny(), { seed: 4 });
  expectSameBits([choices(rows.reshape([1, 2, 4])).logits.reshape([2, 1])], [choices.classifier(choices.mpnet(rows).pooler_output)]);
});

test('is the encoder of sentence vectors', async () => {
  const embedder = new SentenceEmbedder(tiny(), { seed: 2 });
  const inputs = { input_ids: rows, attention_mask: new Tensor('int32', [2, 4], Int32Array.of(1, 1, 1, 1, 1, 1, 1, 0)) };
  const again = await SentenceEmbedder.from_pretrained(await fileOf(await jit.trace(embedder, inputs)));
  expectSameBits(again(inputs), embedder(inputs));
});

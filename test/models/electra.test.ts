import { describe, expect, test } from 'vitest';
import {
  AutoModelForPreTraining,
  ElectraConfig,
  type ElectraConfigOptions,
  ElectraForMultipleChoice,
  ElectraForPreTraining,
  ElectraForSequenceClassification,
  ElectraModel,
  F,
  tensor,
} from '../../src/index.ts';
import { fixture } from '../support/fixtures.ts';
import { expectSameBits, problem } from '../support/tiny.ts';

const tiny = (options: ElectraConfigOptions = {}): ElectraConfig =>
  new ElectraConfig({
    vocab_size: 40,
    embedding_size: 8,
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 24,
    max_position_embeddings: 12,
    ...options,
  });
const rows = tensor([
  [0, 7, 8, 2],
  [0, 9, 3, 4],
]);

describe('a configuration', () => {
  test('has the defaults of transformers', () => {
    expect(new ElectraConfig()).toMatchObject({
      model_type: 'electra',
      vocab_size: 30522,
      embedding_size: 128,
      hidden_size: 256,
      num_hidden_layers: 12,
      num_attention_heads: 4,
      intermediate_size: 1024,
      hidden_act: 'gelu',
      max_position_embeddings: 512,
      type_vocab_size: 2,
      layer_norm_eps: 1e-12,
      summary_type: 'first',
      summary_use_proj: true,
      summary_activation: 'gelu',
      pad_token_id: 0,
    });
  });

  test('takes its fields by position', () => {
    expect(new ElectraConfig(40, 8, 16, 3, 2)).toMatchObject({
      embedding_size: 8,
      hidden_size: 16,
      num_hidden_layers: 3,
      num_attention_heads: 2,
    });
  });

  test.each<[object, RegExp]>([
    [{ embedding_size: 0 }, /^embedding_size .*from 1 to/],
    [{ embedding_size: 2 ** 27 }, /^vocab_size x embedding_size .*got 40 x 134217728/],
    [{ summary_type: 'attn' }, /^summary_type .*"first", "last", "mean", "cls_index", got "attn"\. No model .* by attention/],
    [{ summary_activation: 'swoosh' }, /^summary_activation .*"tanh".*got "swoosh"/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('config', () => tiny(options))).message).toMatch(message);
  });
});

test('embeddings are projected where they are not as wide as hidden states', () => {
  const names = (embedding_size: number) =>
    [...new ElectraModel(tiny({ embedding_size })).state_dict()].map(([name, { shape }]) => `${name} ${shape}`);
  expect(names(8)).toContain('embeddings_project.weight 16,8');
  expect(names(8)).toContain('embeddings.LayerNorm.weight 8');
  expect(names(16).filter((name) => name.startsWith('embeddings_project'))).toEqual([]);
});

test('words that were replaced are found by two products and the activation of the configuration', () => {
  const model = new ElectraForPreTraining(tiny({ hidden_act: 'relu' }), { seed: 4 });
  const { dense, dense_prediction } = model.discriminator_predictions;
  const hidden = model.electra(rows).last_hidden_state;
  expectSameBits([model(rows).logits], [dense_prediction(F.relu(dense(hidden))).reshape([2, 4])]);
});

test('labels are scored by dense, gelu and out_proj of the first token', () => {
  const model = new ElectraForSequenceClassification(tiny({ num_labels: 3, hidden_act: 'relu' }), { seed: 4 });
  const { dense, out_proj } = model.classifier;
  expectSameBits([model(rows).logits], [out_proj(F.gelu(dense(F.select(model.electra(rows).last_hidden_state, 1, 0))))]);
});

test.each([
  [{}, (x: never) => F.gelu(x)],
  [{ summary_activation: 'tanh' }, (x: never) => F.tanh(x)],
  [{ summary_activation: null }, (x: never) => x],
])('choices are scored by a summary of the first token: %o', (options, activation) => {
  const model = new ElectraForMultipleChoice(tiny(options), { seed: 4 });
  const first = F.select(model.electra(rows).last_hidden_state, 1, 0);
  const { summary } = model.sequence_summary;
  expectSameBits([model(rows.reshape([1, 2, 4])).logits.reshape([2, 1])], [model.classifier(activation(summary?.(first) as never))]);
  const plain = new ElectraForMultipleChoice(tiny({ summary_use_proj: false, ...options }), { seed: 4 });
  expectSameBits([plain(rows.reshape([1, 2, 4])).logits.reshape([2, 1])], [plain.classifier(activation(first as never))]);
});

test('its own head is the one that it was pre-trained with', async () => {
  const model = await AutoModelForPreTraining.from_pretrained(fixture('zoo/electra-ElectraForMaskedLM'), { strict: false });
  expect(model).toBeInstanceOf(ElectraForPreTraining);
});

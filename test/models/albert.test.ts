import { describe, expect, test } from 'vitest';
import {
  AlbertConfig,
  type AlbertConfigOptions,
  AlbertForMaskedLM,
  AlbertForMultipleChoice,
  AlbertForPreTraining,
  AlbertForSequenceClassification,
  AlbertModel,
  AutoModelForPreTraining,
  F,
  jit,
  tensor,
} from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { fixture } from '../support/fixtures.ts';
import { takeApart } from '../support/malformed_trace.ts';
import { expectSameBits, fileOf, problem } from '../support/tiny.ts';

const tiny = (options: AlbertConfigOptions = {}): AlbertConfig =>
  new AlbertConfig({
    vocab_size: 40,
    embedding_size: 8,
    hidden_size: 16,
    num_hidden_layers: 3,
    num_attention_heads: 2,
    intermediate_size: 24,
    max_position_embeddings: 12,
    torchscript: true,
    ...options,
  });
const rows = tensor([
  [2, 7, 8, 3],
  [2, 9, 3, 4],
]);

describe('a configuration', () => {
  test('has the defaults of transformers', () => {
    expect(new AlbertConfig()).toMatchObject({
      model_type: 'albert',
      vocab_size: 30000,
      embedding_size: 128,
      hidden_size: 4096,
      num_hidden_layers: 12,
      num_hidden_groups: 1,
      num_attention_heads: 64,
      intermediate_size: 16384,
      inner_group_num: 1,
      hidden_act: 'gelu_new',
      hidden_dropout_prob: 0,
      attention_probs_dropout_prob: 0,
      max_position_embeddings: 512,
      type_vocab_size: 2,
      layer_norm_eps: 1e-12,
      classifier_dropout_prob: 0.1,
      pad_token_id: 0,
      bos_token_id: 2,
      eos_token_id: 3,
    });
  });

  test('takes its fields by position', () => {
    expect(new AlbertConfig(40, 8, 16, 3, 2, 4, 24, 1, 'relu')).toMatchObject({
      num_hidden_groups: 2,
      num_attention_heads: 4,
      hidden_act: 'relu',
    });
  });

  test.each<[object, RegExp]>([
    [{ inner_group_num: 17 }, /^inner_group_num .*from 1 to 16, got 17/],
    [{ num_hidden_groups: 0 }, /^num_hidden_groups .*from 1 to 1024, got 0/],
    [
      { num_hidden_groups: 1024, inner_group_num: 16, intermediate_size: 9999 },
      /^num_hidden_groups x hidden_size .*num_hidden_groups 1024/,
    ],
    [{ hidden_size: 30, num_attention_heads: 4 }, /^hidden_size .*a multiple of num_attention_heads 4/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('config', () => tiny(options))).message).toMatch(message);
  });
});

describe('layers', () => {
  test('run in the order of their groups, each group as often as it has a share in the depth', () => {
    const groups = { num_hidden_groups: 2, inner_group_num: 2 };
    const model = new AlbertModel(tiny({ ...groups, num_hidden_layers: 5, output_hidden_states: true, output_attentions: true }), {
      seed: 3,
    });
    const { hidden_states, attentions } = model(rows);
    expect([hidden_states.length, attentions.length]).toEqual([11, 10]);
    const [first, second] = [...model.encoder.albert_layer_groups].map(({ albert_layers }) => [...albert_layers]);
    [first, first, first, second, second].flat().forEach((layer, i) => {
      expectSameBits([hidden_states[i + 1]], [layer(hidden_states[i], undefined, false)[0]]);
    });
  });

  test('stand once in the model, the file and memory', async () => {
    const traceOf = async (num_hidden_layers: number) => jit.trace(new AlbertForMaskedLM(tiny({ num_hidden_layers }), { seed: 3 }), [rows]);
    const [few, many] = [await traceOf(1), await traceOf(9)];
    const constantsOf = async (traced: typeof few) => takeApart(await fileOf(traced)).program.constants;
    expect(await constantsOf(many)).toEqual(await constantsOf(few));
    expect([...new AlbertModel(tiny({ num_hidden_layers: 9 })).state_dict().keys()]).toEqual([
      ...new AlbertModel(tiny()).state_dict().keys(),
    ]);
    const loaded = await jit.load(await fileOf(many));
    expectSameBits(loaded(rows), many(rows));
  });

  test('are quantised once', async () => {
    const { traced } = await quantize(await jit.trace(new AlbertModel(tiny(), { seed: 3 }), [rows]));
    const loaded = await jit.load(await fileOf(traced));
    expectSameBits(loaded(rows), traced(rows));
  });
});

test('words and the order of sentences are scored by two heads', () => {
  const model = new AlbertForPreTraining(tiny({ hidden_act: 'relu', num_labels: 3 }), { seed: 4 });
  const { last_hidden_state, pooler_output } = model.albert(rows);
  const { dense, LayerNorm, decoder, bias } = model.predictions;
  const { prediction_logits, sop_logits } = model(rows);
  expectSameBits([prediction_logits], [F.linear(LayerNorm(F.relu(dense(last_hidden_state))), decoder.weight, bias)]);
  expectSameBits([sop_logits], [model.sop_classifier.classifier(pooler_output)]);
  expect(sop_logits.shape).toEqual([2, 3]);
});

test('a text is pooled by one product and tanh, of which labels and choices are scored', () => {
  const model = new AlbertForSequenceClassification(tiny({ num_labels: 1 }), { seed: 4 });
  const { last_hidden_state, pooler_output } = model.albert(rows);
  expectSameBits([pooler_output], [F.tanh(F.linear(F.select(last_hidden_state, 1, 0), ...poolerOf(model.albert)))]);
  expectSameBits([model(rows).logits], [model.classifier(pooler_output)]);
  const choices = new AlbertForMultipleChoice(tiny(), { seed: 4 });
  expectSameBits([choices(rows.reshape([1, 2, 4])).logits.reshape([2, 1])], [choices.classifier(choices.albert(rows).pooler_output)]);
});

const poolerOf = ({ pooler }: AlbertModel) => [pooler?.weight, pooler?.bias] as [never, never];

test('its own head is the one that it was pre-trained with', async () => {
  const model = await AutoModelForPreTraining.from_pretrained(fixture('zoo/albert-AlbertForMaskedLM'), { strict: false });
  expect(model).toBeInstanceOf(AlbertForPreTraining);
});

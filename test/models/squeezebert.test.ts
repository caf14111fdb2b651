import { describe, expect, test } from 'vitest';
import {
  F,
  jit,
  type PreTrainedModel,
  SentenceEmbedder,
  SqueezeBertConfig,
  type SqueezeBertConfigOptions,
  SqueezeBertForMaskedLM,
  SqueezeBertForMultipleChoice,
  SqueezeBertForSequenceClassification,
  SqueezeBertModel,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { sum } from '../support/formulas.ts';
import { expectSameBits, fileOf, floats, problem } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 30,
  hidden_size: 12,
  embedding_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 18,
  max_position_embeddings: 16,
  q_groups: 2,
  k_groups: 3,
  v_groups: 1,
  post_attention_groups: 4,
  intermediate_groups: 6,
  output_groups: 3,
};
const tiny = (options: SqueezeBertConfigOptions = {}): SqueezeBertConfig => new SqueezeBertConfig({ ...SIZES, ...options });
const ids = tensor([
  [5, 6, 7, 8],
  [9, 3, 4, 0],
]);
const attention_mask = tensor([
  [1, 1, 1, 1],
  [1, 1, 1, 0],
]);
const shapesOf = (model: PreTrainedModel) => [...model.state_dict()].map(([name, { shape }]) => [name, shape]);

describe('a configuration', () => {
  test('has the defaults of transformers, also by position', () => {
    expect(new SqueezeBertConfig()).toMatchObject({
      model_type: 'squeezebert',
      vocab_size: 30522,
      hidden_size: 768,
      num_hidden_layers: 12,
      num_attention_heads: 12,
      intermediate_size: 3072,
      hidden_act: 'gelu',
      layer_norm_eps: 1e-12,
      embedding_size: 768,
      q_groups: 4,
      k_groups: 4,
      v_groups: 4,
      post_attention_groups: 1,
      intermediate_groups: 4,
      output_groups: 4,
    });
    const config = new SqueezeBertConfig(40, 16, 3, 2, 24, 'relu', 0, 0, 20, 2, 0.02, 1e-6, 0, 16, 1, 2, 4, 8, 2, 1);
    expect(config).toMatchObject({ pad_token_id: 0, q_groups: 1, k_groups: 2, v_groups: 4, post_attention_groups: 8, output_groups: 1 });
  });

  test.each<[SqueezeBertConfigOptions, RegExp]>([
    [{ embedding_size: 13 }, /^embedding_size .*hidden_size 12, got 13/],
    [{ q_groups: 5 }, /^q_groups .*a divisor of hidden_size 12, got 5/],
    [{ intermediate_groups: 4 }, /^intermediate_groups .*a divisor of intermediate_size 18, got 4/],
    [{ output_groups: 9 }, /^output_groups .*a divisor of hidden_size 12, got 9/],
    [{ v_groups: 0 }, /^v_groups .*from 1/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('config', () => tiny(options))).message).toMatch(message);
  });
});

describe('a convolution', () => {
  const { layers } = new SqueezeBertModel(tiny(), { seed: 3 }).encoder;
  const [{ attention, intermediate, post_attention }] = layers;

  test.each([
    ['two groups', attention.query],
    ['one group', attention.value],
    ['four groups', post_attention.conv1d],
    ['more columns', intermediate.conv1d],
  ])('multiplies each share of the columns with its own weights: %s', (_, convolution) => {
    const [outputs, width] = convolution.weight.shape;
    convolution.bias.set(floats([outputs], 2).data as Float32Array);
    const x = floats([2, 3, 12], 5);
    const [weight, bias] = [convolution.weight.data, convolution.bias.data];
    const want = Array.from({ length: 6 }, (_, row) =>
      Array.from({ length: outputs }, (_, out) => {
        const first = Math.floor(out / (outputs / convolution.groups)) * width;
        const terms = Array.from({ length: width }, (_, c) => weight[out * width + c] * (x.data[row * 12 + first + c] as number));
        return sum(terms) + bias[out];
      }),
    ).flat();
    const got = convolution(x);
    expect(got.shape).toEqual([2, 3, outputs]);
    want.forEach((value, i) => {
      expect(got.data[i]).toBeCloseTo(value, 5);
    });
  });

  test('follows its weights when these are set or written to', () => {
    const x = floats([1, 2, 12], 5);
    const before = attention.key(x).tolist();
    attention.key.weight.set(Float32Array.from(attention.key.weight.data as Float32Array, (value) => 2 * value));
    const twice = attention.key(x).tolist();
    expect(twice).not.toEqual(before);
    attention.key.weight.data[0] += 1;
    expect(attention.key(x).tolist()).not.toEqual(twice);
  });

  test('says what it is', () => {
    expect(String(attention.query)).toBe('Convolution(12, 12, kernel_size=(1,), stride=(1,), groups=2)');
    expect(String(attention.value)).toBe('Convolution(12, 12, kernel_size=(1,), stride=(1,))');
  });
});

test('attentions are what attention takes the softmax of', async () => {
  const model = new SqueezeBertModel(tiny({ output_attentions: true }), { seed: 3 });
  const inputs = { input_ids: ids, attention_mask };
  const [scores] = model(inputs).attentions as unknown as Tensor<'float32'>[];
  const [{ attention }] = model.encoder.layers;
  const embedded = model.embeddings(ids, tensor([Array(4).fill(0), Array(4).fill(0)]), tensor([0, 1, 2, 3]));
  const [q, k] = [attention.query(embedded), attention.key(embedded)];
  const want = F.attention_weights(q, k, { heads: 2, mask: attention_mask });
  F.softmax(scores).data.forEach((value, i) => {
    expect(value).toBeCloseTo(want.data[i] as number, 6);
  });
  const lowest = Math.fround(-3.4028234663852886e38);
  expect(scores.data.filter((value) => value === lowest)).toHaveLength(2 * 4);
  const [packed] = (await jit.trace(model, inputs))(inputs).attentions as unknown as Tensor<'float32'>[];
  const rowOf = (i: number) => [i >> 5, (i >> 2) & 3];
  expect([...packed.data]).toEqual(Array.from(scores.data, (value, i) => (rowOf(i)[0] === 1 && rowOf(i)[1] === 3 ? 0 : value)));
});

test('labels and choices are scored by the pooler, which others do without', () => {
  const labels = new SqueezeBertForSequenceClassification(tiny({ num_labels: 3 }), { seed: 4 });
  expectSameBits([labels(ids).logits], [labels.classifier(labels.transformer(ids).pooler_output)]);
  const choices = new SqueezeBertForMultipleChoice(tiny(), { seed: 4 });
  expectSameBits([choices(ids.reshape([1, 2, 4])).logits.reshape([2, 1])], [choices.classifier(choices.transformer(ids).pooler_output)]);
  expect(new SqueezeBertForMaskedLM(tiny()).state_dict().has('transformer.pooler.dense.weight')).toBe(false);
});

test('a trace is a checkpoint, with blocks of rows of its weights', async () => {
  const model = new SqueezeBertForMaskedLM(tiny({ torchscript: true }), { seed: 3 });
  const traced = await jit.trace(model, { input_ids: ids, attention_mask });
  const again = await SqueezeBertForMaskedLM.from_pretrained(await fileOf(traced), { torchscript: true });
  expect(shapesOf(again)).toEqual(shapesOf(model));
  expectSameBits(again(ids, attention_mask), model(ids, attention_mask));
});

test('a trace whose blocks are of another size is refused', async () => {
  const traced = await jit.trace(new SqueezeBertModel(tiny()), [ids]);
  const config = tiny({ intermediate_size: 36 });
  const { message } = await problem('checkpoint', async () => SqueezeBertModel.from_pretrained(await fileOf(traced), { config }));
  expect(message).toMatch(/intermediate\.conv1d\.weight\.rows\.0.*the parts of .*: expected shape \[36,2,1\] together, got \[3,2\]/);
});

test.each([8, 4] as const)('weights of %i bits stand for the blocks of a convolution', async (bits) => {
  const sizes = { hidden_size: 128, embedding_size: 128, intermediate_size: 128, intermediate_groups: 2, output_groups: 4, k_groups: 2 };
  const model = new SqueezeBertModel(tiny(sizes), { seed: 3 });
  const { traced, report } = await quantize(await jit.trace(model, { input_ids: ids, attention_mask }), { bits });
  const blocks = report.layers.filter(({ name }) => name.includes('.rows.'));
  expect(blocks).toHaveLength(2 * (2 + 2 + 1 + 4 + 2 + 4));
  expect(new Set(blocks.map((layer) => layer.bits))).toEqual(new Set([bits]));
  const again = await SqueezeBertModel.from_pretrained(await fileOf(traced));
  const [weight, original] = [again, model].map(({ encoder }) => [...encoder.layers][1].output.conv1d.weight.data);
  const error = Math.hypot(...weight.map((value, i) => value - original[i])) / Math.hypot(...original);
  expect(error).toBeLessThan(bits === 8 ? 0.05 : 0.2);
});

test('is the encoder of sentence vectors', async () => {
  const embedder = new SentenceEmbedder(tiny(), { seed: 2 });
  const again = await SentenceEmbedder.from_pretrained(await fileOf(await jit.trace(embedder, { input_ids: ids, attention_mask })));
  expectSameBits(again({ input_ids: ids, attention_mask }), embedder({ input_ids: ids, attention_mask }));
});

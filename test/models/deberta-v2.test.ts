import { describe, expect, test } from 'vitest';
import {
  DebertaV2Config,
  type DebertaV2ConfigOptions,
  DebertaV2ForMultipleChoice,
  DebertaV2Model,
  F,
  jit,
  SentenceEmbedder,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { bucketOf } from '../../src/models/deberta-v2/config.ts';
import { quantize } from '../../src/quantize/index.ts';
import { expectClose } from '../support/fixtures.ts';
import { expectSameBits, fileOf, floats, problem } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 24,
};
/** As DeBERTa-v3 has it. */
const V3 = {
  relative_attention: true,
  position_buckets: 8,
  norm_rel_ebd: 'layer_norm',
  share_att_key: true,
  pos_att_type: ['p2c', 'c2p'],
  position_biased_input: false,
};
const tiny = (options: DebertaV2ConfigOptions = {}): DebertaV2Config => new DebertaV2Config({ ...SIZES, ...V3, ...options });
const rows = tensor([
  [1, 7, 8, 2],
  [1, 9, 3, 0],
]);
const mask = tensor([
  [1, 1, 1, 1],
  [1, 1, 1, 0],
]);

/** Texts of given lengths, padded to 24 tokens. */
function padded(lengths: readonly number[]): { input_ids: Tensor; attention_mask: Tensor } {
  const each = (value: (i: number, b: number) => number) =>
    tensor(lengths.map((length, b) => Array.from({ length: 24 }, (_, i) => (i < length ? value(i, b) : 0))));
  return { input_ids: each((i, b) => 2 + ((5 * i + b) % 30)), attention_mask: each(() => 1) };
}

const KINDS: [string, DebertaV2ConfigOptions][] = [
  ['keys that are shared', {}],
  ['projections of their own', { share_att_key: false, norm_rel_ebd: 'none' }],
  ['no buckets', { position_buckets: -1, max_relative_positions: 5, pos_att_type: ['c2p'] }],
  ['a convolution', { conv_kernel_size: 5, conv_act: 'gelu', pos_att_type: ['p2c'] }],
  ['a convolution in groups', { conv_kernel_size: 3, conv_groups: 4, num_hidden_layers: 1 }],
  ['positions in the input alone', { relative_attention: false, position_biased_input: true, type_vocab_size: 2, embedding_size: 8 }],
];

describe('a configuration', () => {
  test('has the defaults of transformers', () => {
    expect(new DebertaV2Config()).toMatchObject({
      model_type: 'deberta-v2',
      vocab_size: 128100,
      hidden_size: 1536,
      num_hidden_layers: 24,
      num_attention_heads: 24,
      intermediate_size: 6144,
      position_buckets: -1,
      norm_rel_ebd: 'none',
      share_att_key: false,
      conv_kernel_size: 0,
    });
  });

  test.each<[object, RegExp]>([
    [{ norm_rel_ebd: 'rms_norm' }, /^norm_rel_ebd .*none or layer_norm.*got "rms_norm"/],
    [{ conv_kernel_size: 4 }, /^conv_kernel_size .*odd number.*got 4/],
    [{ conv_act: 'swoosh' }, /^conv_act .*got "swoosh"/],
    [{ position_buckets: 2 ** 28 }, /^position_buckets x hidden_size/],
    [{ share_att_key: 'yes' }, /^share_att_key .*true or false/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('config', () => tiny(options))).message).toMatch(message);
  });

  test.each<[object, RegExp]>([
    [{ position_buckets: 1 }, /^position_buckets .*at least 2.*got 1/],
    [{ max_relative_positions: 5 }, /^max_relative_positions .*above position_buckets \/ 2 \+ 1 = 5.*got 5/],
    [{ attention_head_size: 4 }, /^attention_head_size .*= 8, got 4/],
    [{ conv_kernel_size: 3, conv_groups: 3 }, /^conv_groups .*divisor of hidden_size 16, got 3/],
  ])('a model refuses %o, which do not fit one another', async (options, message) => {
    expect((await problem('config', () => new DebertaV2Model(tiny(options)))).message).toMatch(message);
  });
});

test('distances have the buckets of transformers: each its own up to half of them, then ever more to one', () => {
  const buckets = { count: 256, furthest: 512 };
  const far = (bucket: number) => 128 * (511 / 128) ** ((bucket - 128) / 127);
  for (let distance = 0; distance < 512; distance++) {
    const bucket = bucketOf(distance, buckets);
    expect(bucketOf(-distance, buckets)).toBe(-bucket);
    if (distance <= 128) expect(bucket).toBe(distance);
    else {
      expect(far(bucket - 1) - 1e-3).toBeLessThan(distance);
      expect(far(bucket) + 1e-3).toBeGreaterThan(distance);
    }
  }
  expect(bucketOf(511, buckets)).toBe(255);
  expect([4, 5, 7, 8, 9, 23, 40].map((distance) => bucketOf(distance, { count: 8, furthest: 24 }))).toEqual([4, 5, 5, 6, 6, 7, 8]);
});

test('weights have the names of transformers, and only those that the configuration asks for', () => {
  const namesOf = (options: DebertaV2ConfigOptions) =>
    [...new DebertaV2Model(tiny(options)).state_dict()].map(([name, { shape }]) => `${name} ${shape}`);
  const added = (options: DebertaV2ConfigOptions) => namesOf(options).filter((name) => !namesOf({}).includes(name));
  expect(namesOf({}).filter((name) => /^encoder\.[^l]/.test(name))).toEqual([
    'encoder.rel_embeddings.weight 16,16',
    'encoder.LayerNorm.weight 16',
    'encoder.LayerNorm.bias 16',
  ]);
  expect(added({ share_att_key: false, num_hidden_layers: 1 })).toEqual(
    ['pos_key_proj.weight 16,16', 'pos_key_proj.bias 16', 'pos_query_proj.weight 16,16', 'pos_query_proj.bias 16'].map(
      (name) => `encoder.layer.0.attention.self.${name}`,
    ),
  );
  expect(added({ conv_kernel_size: 3, conv_groups: 2 })).toEqual([
    'encoder.conv.conv.weight 16,8,3',
    'encoder.conv.conv.bias 16',
    'encoder.conv.LayerNorm.weight 16',
    'encoder.conv.LayerNorm.bias 16',
  ]);
  expect(added({ position_buckets: -1 })).toEqual(['encoder.rel_embeddings.weight 48,16']);
});

describe.each(KINDS)('with %s', (_, options) => {
  const model = new DebertaV2Model(tiny({ ...options, output_hidden_states: true }), { seed: 3 });
  const lengths = [3, 24, 9];
  const inputs = padded(lengths);
  const bounds = { dynamic: { batch: [1, 9], sequence: [1, 24] } } as const;

  test('a trace of any size leaves padding out, with the bits that texts have alone', async () => {
    const traced = await jit.trace(model, { input_ids: rows, attention_mask: mask }, bounds);
    expect(traced.code).toMatch(/disentangled_attention .*mask=-1/);
    const together = (await jit.load(await fileOf(traced)))(inputs).last_hidden_state.data;
    lengths.forEach((length, b) => {
      const alone = model({ input_ids: tensor([(inputs.input_ids.tolist() as number[][])[b].slice(0, length)]) });
      expect(together.slice(b * 24 * 16, (b * 24 + length) * 16)).toEqual(alone.last_hidden_state.data);
    });
  });

  test('a trace that keeps padding has the bits of the model, holes in the mask or not', async () => {
    const holes = inputs.attention_mask.tolist() as number[][];
    for (const row of holes) row[1] = 0;
    const given = { ...inputs, attention_mask: tensor(holes) };
    const traced = await jit.trace(model, given, { exact_padding: true });
    expectSameBits(traced(given), model(given));
    const packed = (await jit.trace(model, given))(given).last_hidden_state;
    expectClose(packed, F.masked(model(given).last_hidden_state, given.attention_mask), 2e-5, 'packed');
  });

  test('integers stay near', async () => {
    const traced = await jit.trace(model, inputs, bounds);
    const { traced: integer } = await quantize(traced, { bits: 8 });
    const [got, want] = [integer(inputs), traced(inputs)].map(({ last_hidden_state }) => last_hidden_state.data);
    expect(Math.max(...got.map((value, i) => Math.abs(Number(value) - Number(want[i]))))).toBeLessThan(0.1);
  });
});

test('a trace is a checkpoint, of convolutions too', async () => {
  const model = new DebertaV2Model(tiny({ conv_kernel_size: 3 }), { seed: 3 });
  const again = await DebertaV2Model.from_pretrained(await fileOf(await jit.trace(model, [rows])));
  expect(again.encoder.conv?.conv.weight.tolist()).toEqual(model.encoder.conv?.conv.weight.tolist());
  expectSameBits(again(rows), model(rows));
});

test('weights of 16 bits stay so in traces, that of a convolution too', async () => {
  const file = await fileOf(await jit.trace(new DebertaV2Model(tiny({ conv_kernel_size: 3 }), { seed: 3 }), [rows]));
  const half = await DebertaV2Model.from_pretrained(file, { dtype: 'bfloat16' });
  const traced = await jit.trace(half, [rows]);
  expect(traced.code).toMatch(/linear_bf16 .*n=16 k=48/);
  expectSameBits(traced(rows), half(rows));
  expectSameBits((await DebertaV2Model.from_pretrained(await fileOf(traced)))(rows), half(rows));
});

test('the convolution looks at what stands beside a token, and adds to the first layer', () => {
  const model = new DebertaV2Model(tiny({ conv_kernel_size: 3, output_hidden_states: true }), { seed: 3 });
  const conv = model.encoder.conv as NonNullable<typeof model.encoder.conv>;
  const { hidden_states } = model(tensor([[1, 7, 8, 2]]));
  const [embeddings] = hidden_states;
  const weight = conv.conv.weight.tolist() as number[][][];
  const around = (embeddings.tolist() as number[][][])[0].map((_, row, all) =>
    weight.map((each) =>
      each.reduce((sum, taps, c) => sum + taps.reduce((part, tap, d) => part + tap * (all[row + d - 1]?.[c] ?? 0), 0), 0),
    ),
  );
  const distances = (model.encoder as never as { distances(length: number): Tensor }).distances(4);
  const [first] = [...model.encoder.layer];
  const [states] = first(embeddings, { mask: undefined, distances, output_attentions: false });
  const want = conv.LayerNorm(F.add(states, F.tanh(tensor([around]))));
  expectClose(hidden_states[1], want, 2e-5, 'hidden states');
});

test('choices are scored by the pooler of the first token', () => {
  const model = new DebertaV2ForMultipleChoice(tiny({ pooler_hidden_act: 'relu' }), { seed: 4 });
  const first = F.select(model.deberta(rows).last_hidden_state, 1, 0);
  expectSameBits([model(rows.reshape([1, 2, 4])).logits.reshape([2, 1])], [model.classifier(F.relu(model.pooler.dense(first)))]);
});

test('is the encoder of sentence vectors', async () => {
  const embedder = new SentenceEmbedder(tiny(), { seed: 2 });
  const inputs = { input_ids: rows, attention_mask: mask };
  const again = await SentenceEmbedder.from_pretrained(await fileOf(await jit.trace(embedder, inputs)));
  expectSameBits(again(inputs), embedder(inputs));
});

describe('F.convolution', () => {
  test('is that of PyTorch with channels last, in groups too', () => {
    const [x, weight, bias] = [floats([1, 5, 4]), floats([6, 2, 3], 2), floats([6], 3)];
    const [rowsOf, taps] = [(x.tolist() as number[][][])[0], weight.tolist() as number[][][]];
    const want = rowsOf.map((_, row) =>
      taps.map((each, out) => each.reduce((sum, tap, c) => sum + tap.reduce((part, w, d) => part + w * (rowsOf[row + d - 1]?.[2 * Math.floor(out / 3) + c] ?? 0), 0), Number(bias.data[out]))),
    ); // biome-ignore format: a row an output
    expectClose(F.convolution(x, weight, bias, { groups: 2 }), tensor([want], { dtype: 'float32' }), 2e-5, 'convolution');
  });

  test.each([
    [[6, 2, 4], 2],
    [[6, 3, 3], 2],
    [[5, 2, 3], 2],
    [[6, 12], 1],
  ])('refuses a weight %o in %i groups', async (shape, groups) => {
    await problem('shape', () => F.convolution(floats([1, 5, 4]), floats(shape), null, { groups }));
  });
});

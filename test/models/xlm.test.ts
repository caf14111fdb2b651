import { describe, expect, test } from 'vitest';
import {
  AutoModelForMaskedLM,
  AutoModelForPreTraining,
  F,
  FlaubertConfig,
  FlaubertModel,
  jit,
  type nn,
  type Tensor,
  tensor,
  XLMConfig,
  type XLMConfigOptions,
  XLMForMultipleChoice,
  XLMForSequenceClassification,
  XLMModel,
  XLMWithLMHeadModel,
} from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { fixture } from '../support/fixtures.ts';
import { expectSameBits, fileOf, problem } from '../support/tiny.ts';

const SIZES = { vocab_size: 40, emb_dim: 16, n_layers: 2, n_heads: 2, max_position_embeddings: 24 };
const tiny = (options: XLMConfigOptions = {}): XLMConfig => new XLMConfig({ ...SIZES, ...options });
const PAD = 2;
const rows = tensor([[0, 7, 8, 1], [0, 9, 1, PAD]]); // biome-ignore format: one row
const mask = tensor([[1, 1, 1, 1], [1, 1, 1, 0]]); // biome-ignore format: one row
const hidden = (model: XLMModel, inputs: Record<string, Tensor>) => model(inputs as never).last_hidden_state;

describe('a configuration', () => {
  test('has the defaults of transformers, and its other names', () => {
    expect(new XLMConfig()).toMatchObject({
      model_type: 'xlm',
      vocab_size: 30145,
      emb_dim: 2048,
      n_layers: 12,
      n_heads: 16,
      gelu_activation: true,
      sinusoidal_embeddings: false,
      causal: false,
      asm: false,
      n_langs: 1,
      use_lang_emb: true,
      max_position_embeddings: 512,
      layer_norm_eps: 1e-12,
      summary_type: 'first',
      summary_use_proj: true,
      summary_activation: null,
      summary_proj_to_labels: true,
      pad_token_id: 2,
      bos_token_id: 0,
      eos_token_id: 1,
    });
    expect(new XLMConfig(40, 16, 3, 2)).toMatchObject({ n_layers: 3, num_hidden_layers: 3, n_heads: 2, hidden_size: 16 });
    expect(XLMConfig.from_dict({ n_words: 50, pad_index: 4, bos_index: 3 })).toMatchObject({
      vocab_size: 50,
      pad_token_id: 4,
      bos_token_id: 3,
    });
    expect(new FlaubertConfig()).toMatchObject({ model_type: 'flaubert', emb_dim: 2048, pre_norm: false, layerdrop: 0 });
  });

  test.each<[object, RegExp]>([
    [{ asm: true }, /^asm .*only false, got true\. Words are scored by a product/],
    [{ is_encoder: false }, /^is_encoder .*only true, got false\. Only encoders/],
    [{ n_langs: 0 }, /^n_langs .*from 1 to/],
    [{ n_heads: 3 }, /^emb_dim .*multiple of n_heads 3, got 16/],
    [{ summary_type: 'attn' }, /^summary_type .*"cls_index", got "attn"/],
    [{ n_words: 41 }, /^vocab_size .*41, the n_words beside it, got 40/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('config', () => tiny(options))).message).toMatch(message);
  });
});

describe('tokens that are none of the text', () => {
  test('are zeros behind every layer, as the mask says, the lengths, or the padding', () => {
    const model = new XLMModel(tiny(), { seed: 3 });
    const want = hidden(model, { input_ids: rows, attention_mask: mask });
    expect(want.tolist()[1][3]).toEqual(Array(16).fill(0));
    expectSameBits([hidden(model, { input_ids: rows })], [want]);
    expectSameBits([hidden(model, { input_ids: rows, lengths: tensor([4, 3]) })], [want]);
    expect(hidden(model, { input_ids: rows, lengths: tensor([4, 4]) }).tolist()[1][2]).not.toEqual(want.tolist()[1][2]);
    const padless = new XLMModel(tiny({ pad_token_id: null }), { seed: 3 });
    expect(hidden(padless, { input_ids: rows }).tolist()[1][3]).not.toEqual(Array(16).fill(0));
  });

  test('are those behind as many as there are without padding, wherever that stands', () => {
    const model = new XLMModel(tiny(), { seed: 3 });
    const inner = tensor([[0, PAD, 8, 1]]);
    expectSameBits([hidden(model, { input_ids: inner })], [hidden(model, { input_ids: inner, lengths: tensor([3]) })]);
  });

  test('are told in traces of any size too', async () => {
    const model = new XLMModel(tiny(), { seed: 3 });
    const dynamic = { dynamic: { batch: [1, 3], sequence: [1, 9] }, dynamic_axes: { input_ids: { 0: 'batch', 1: 'sequence' }, lengths: { 0: 'batch' } } } as const; // biome-ignore format: one row
    const lengths = await jit.trace(model, { input_ids: rows, lengths: tensor([4, 3]) }, dynamic);
    const plain = await jit.trace(model, { input_ids: rows }, { dynamic: { batch: [1, 3], sequence: [1, 9] } });
    const others = tensor([[5, 6, 7, PAD, PAD]]);
    expectSameBits(lengths({ input_ids: others, lengths: tensor([3]) }), model(others));
    expectSameBits((await jit.load(await fileOf(plain)))(others), model(others));
    const { message } = await problem('value', () => lengths({ input_ids: others, lengths: tensor([6]) }));
    expect(message).toMatch(/"lengths"\[0\]: expected a whole number from 0 to 5, got 6/);
    expect((await problem('value', () => model({ input_ids: others, lengths: tensor([6]) } as never))).message).toMatch(
      /lengths\[0\].*5, got 6/,
    );
  });
});

test('causal models see what stands before, the blank tokens of padding as well', () => {
  const model = new XLMModel(tiny({ causal: true, n_layers: 1 }), { seed: 3 });
  const left = { input_ids: tensor([[PAD, 7, 8, 9]]), attention_mask: tensor([[0, 1, 1, 1]]) };
  const { position_embeddings, embeddings, layer_norm_emb, attentions, layer_norm1, ffns, layer_norm2 } = model;
  const words = F.add(embeddings(left.input_ids), position_embeddings(F.positions(left.input_ids)));
  const x = F.masked(layer_norm_emb(words), left.attention_mask);
  const [attention, norm1, ffn, norm2] = [attentions.items[0], layer_norm1.items[0], ffns.items[0], layer_norm2.items[0]];
  const [q, k, v] = [attention.q_lin(x), attention.k_lin(x), attention.v_lin(x)];
  const attended = norm1(F.add(x, attention.out_lin(F.attention(q, k, v, { heads: 2, is_causal: true }))));
  expectSameBits([hidden(model, left)], [F.masked(norm2(F.add(attended, ffn(attended))), left.attention_mask)]);
  const early = (last: number) =>
    hidden(model, { input_ids: tensor([[0, 7, 8, last]]) })
      .tolist()[0]
      .slice(0, 3);
  expect(early(9)).toEqual(early(10));
});

describe('languages', () => {
  const langs = tensor([[1, 1, 0, 0], [0, 1, 0, 1]]); // biome-ignore format: one row

  test('are added where there are several and they have vectors', () => {
    const model = new XLMModel(tiny({ n_langs: 3 }), { seed: 3 });
    expect(model.lang_embeddings?.weight.shape).toEqual([3, 16]);
    expect(hidden(model, { input_ids: rows, langs }).tolist()).not.toEqual(hidden(model, { input_ids: rows }).tolist());
    for (const options of [{ n_langs: 1 }, { n_langs: 3, use_lang_emb: false }]) {
      const without = new XLMModel(tiny(options), { seed: 3 });
      expect(without.lang_embeddings).toBeUndefined();
      expectSameBits([hidden(without, { input_ids: rows, langs })], [hidden(without, { input_ids: rows })]);
    }
  });

  test('have to be known, one for each token', async () => {
    const model = new XLMModel(tiny({ n_langs: 2 }), { seed: 3 });
    expect((await problem('value', () => model(rows, mask, tensor([[1, 1, 2, 0], [0, 0, 0, 0]])))).message).toMatch(/from 0 to 1, got 2/); // biome-ignore format: one row
    await problem('shape', () => model(rows, mask, tensor([[1, 1, 1]])));
  });
});

test('types of tokens are words that are added', () => {
  const model = new XLMModel(tiny(), { seed: 3 });
  const typed = hidden(model, { input_ids: rows, attention_mask: mask, token_type_ids: tensor([[0, 0, 5, 5], [0, 5, 5, 0]]) }); // biome-ignore format: one row
  expect(typed.tolist()).not.toEqual(hidden(model, { input_ids: rows, attention_mask: mask }).tolist());
  expect(typed.shape).toEqual([2, 4, 16]);
});

test('fresh positions are sines and cosines where the configuration says so, and activations are gelu or relu', () => {
  const { position_embeddings } = new XLMModel(tiny({ sinusoidal_embeddings: true }));
  const [first, second] = position_embeddings.weight.tolist() as number[][];
  expect(first).toEqual(Array.from({ length: 16 }, (_, i) => i % 2));
  expect(second[0]).toBeCloseTo(Math.sin(1), 6);
  expect(second[15]).toBeCloseTo(Math.cos(1 / 10000 ** (14 / 16)), 6);
  expect(new XLMModel(tiny()).ffns.items[0].activation).toBe('gelu');
  expect(new XLMModel(tiny({ gelu_activation: false })).ffns.items[0].activation).toBe('relu');
});

test('FlauBERT normalises what each part of a layer begins with, where the configuration says so', () => {
  const config = new FlaubertConfig({ ...SIZES, n_layers: 1, pre_norm: true });
  const model = new FlaubertModel(config, { seed: 3 });
  const x = model.layer_norm_emb(F.add(model.embeddings(rows), model.position_embeddings(F.positions(rows))));
  const [attention, norm1, ffn, norm2] = [
    model.attentions.items[0],
    model.layer_norm1.items[0],
    model.ffns.items[0],
    model.layer_norm2.items[0],
  ];
  const sum = F.add(x, attention(norm1(x), { mask: tensor([[1, 1, 1, 1], [1, 1, 1, 1]]) }, false)[0]); // biome-ignore format: one row
  const want = F.add(sum, ffn(norm2(sum)));
  expectSameBits([hidden(model, { input_ids: rows, lengths: tensor([4, 4]) })], [want]);
});

test('labels are the summary, choices a product of it', async () => {
  const labels = new XLMForSequenceClassification(tiny({ num_labels: 3, summary_type: 'last', summary_activation: 'tanh' }), { seed: 4 });
  const last = F.select(hidden(labels.transformer, { input_ids: rows }), 1, 3);
  expectSameBits([labels(rows).logits], [F.tanh((labels.sequence_summary.summary as nn.Linear)(last))]);
  const choices = new XLMForMultipleChoice(tiny(), { seed: 4 });
  const first = F.select(hidden(choices.transformer, { input_ids: rows }), 1, 0);
  expectSameBits(
    [choices(rows.reshape([1, 2, 4])).logits.reshape([2, 1])],
    [choices.logits_proj((choices.sequence_summary.summary as nn.Linear)(first))],
  );
  const { message } = await problem('value', () => choices({ input_ids: rows.reshape([1, 2, 4]), lengths: tensor([4, 4]) } as never));
  expect(message).toMatch(/"lengths"/);
});

test('the head that scores words is the one of masked words and of pre-training', async () => {
  const folder = fixture('zoo/xlm-XLMWithLMHeadModel');
  for (const Auto of [AutoModelForMaskedLM, AutoModelForPreTraining])
    expect(await Auto.from_pretrained(folder)).toBeInstanceOf(XLMWithLMHeadModel);
});

test('packed traces leave padding out, quantised ones as well', async () => {
  const model = new XLMModel(tiny({ emb_dim: 32 }), { seed: 3 });
  const traced = await jit.trace(model, { input_ids: rows, attention_mask: mask });
  expect(traced.graph).toMatch(/kept\(%attention_mask/);
  const inputs = { input_ids: rows, attention_mask: mask };
  for (const bits of [8, 4] as const) {
    const { traced: rounded } = await quantize(traced, { bits, calibrate: [inputs] });
    expect(rounded.graph).toMatch(new RegExp(`linear_i${bits}`));
    const [got, want] = [rounded, traced].map((each) => each(inputs).last_hidden_state.data as Float32Array);
    for (const [i, value] of want.entries()) expect(Math.abs(got[i] - value)).toBeLessThan(bits === 8 ? 0.1 : 0.6);
  }
});

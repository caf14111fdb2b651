import { describe, expect, test } from 'vitest';
import {
  AutoModelForQuestionAnswering,
  F,
  jit,
  type Tensor,
  tensor,
  XLNetConfig,
  type XLNetConfigOptions,
  XLNetForQuestionAnsweringSimple,
  XLNetForSequenceClassification,
  XLNetLMHeadModel,
  XLNetModel,
} from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { fixture } from '../support/fixtures.ts';
import { expectSameBits, fileOf, problem } from '../support/tiny.ts';

const SIZES = { vocab_size: 40, d_model: 16, n_layer: 2, n_head: 2, d_inner: 24 };
const tiny = (options: XLNetConfigOptions = {}): XLNetConfig => new XLNetConfig({ ...SIZES, ...options });
const rows = tensor([[7, 8, 9, 4, 3], [6, 9, 4, 3, 5]]); // biome-ignore format: one row
const mask = tensor([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]]); // biome-ignore format: one row
const token_type_ids = tensor([[0, 0, 1, 1, 2], [0, 1, 1, 2, 3]]); // biome-ignore format: one row
const hidden = (model: XLNetModel, inputs: Record<string, Tensor>) => model(inputs as never).last_hidden_state;

describe('a configuration', () => {
  test('has the defaults of transformers', () => {
    expect(new XLNetConfig()).toMatchObject({
      model_type: 'xlnet',
      vocab_size: 32000,
      d_model: 1024,
      n_layer: 24,
      n_head: 16,
      d_inner: 4096,
      ff_activation: 'gelu',
      attn_type: 'bi',
      layer_norm_eps: 1e-12,
      bi_data: false,
      clamp_len: -1,
      same_length: false,
      summary_type: 'last',
      summary_use_proj: true,
      summary_activation: 'tanh',
      pad_token_id: 5,
    });
    expect(XLNetConfig.from_dict({ n_token: 50, d_model: 32, n_head: 4, d_head: 8, untie_r: true })).toMatchObject({
      vocab_size: 50,
      d_head: 8,
    });
    expect(new XLNetConfig(40, 16, 3, 2)).toMatchObject({ num_hidden_layers: 3, num_attention_heads: 2, hidden_size: 16 });
  });

  test.each<[object, RegExp]>([
    [{ attn_type: 'both' }, /^attn_type .*"bi", "uni", got "both"/],
    [{ bi_data: true }, /^bi_data .*only false, got true\. Batches/],
    [{ d_head: 4 }, /^d_head .*d_model \/ n_head = 8, got 4/],
    [{ d_model: 15, n_head: 3 }, /^d_model .*even number.*got 15/],
    [{ d_model: 15 }, /^d_model .*multiple of n_head 2, got 15/],
    [{ ff_activation: 'swoosh' }, /^ff_activation .*got "swoosh"/],
    [{ summary_proj_to_labels: true }, /^summary_proj_to_labels .*only false/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('config', () => tiny(options))).message).toMatch(message);
  });
});

describe('tokens', () => {
  const model = new XLNetModel(tiny({ output_attentions: true }), { seed: 3 });

  test('are told apart by whether they are of one type, whatever it is called', () => {
    const typed = (types: Tensor) => hidden(model, { input_ids: rows, attention_mask: mask, token_type_ids: types });
    const other = tensor([[9, 9, 4, 4, 0], [7, 3, 3, 8, 5]]); // biome-ignore format: one row
    expectSameBits([typed(token_type_ids)], [typed(other)]);
    expect(typed(token_type_ids).tolist()).not.toEqual(hidden(model, { input_ids: rows, attention_mask: mask }).tolist());
  });

  test('see themselves where the mask rules them out', () => {
    const alone = model({ input_ids: rows, attention_mask: tensor([[1, 0, 0, 0, 0], [0, 0, 0, 0, 0]]) } as never).attentions[0]; // biome-ignore format: one row
    const [first, second] = alone.tolist() as number[][][][];
    expect(first[0][0]).toEqual([1, 0, 0, 0, 0]);
    expect(first[0][2].map((weight) => weight > 0)).toEqual([true, false, true, false, false]);
    for (const head of second) head.forEach((row, i) => { expect(row[i]).toBe(1); }); // biome-ignore format: one row
  });

  test('see what stands before them where attn_type is uni, and themselves alone in one length', () => {
    const uni = new XLNetModel(tiny({ attn_type: 'uni' }), { seed: 3 });
    const early = (last: number) =>
      hidden(uni, { input_ids: tensor([[7, 8, 9, last]]) })
        .tolist()[0]
        .slice(0, 3);
    expect(early(4)).toEqual(early(5));
    const alone = new XLNetModel(tiny({ attn_type: 'uni', same_length: true }), { seed: 3 });
    expectSameBits([F.select(hidden(alone, { input_ids: rows }), 1, 2)], [F.select(hidden(alone, { input_ids: tensor([[9], [4]]) }), 1, 0)]); // biome-ignore format: one row
    expect(tiny({ same_length: true }).attn_type).toBe('bi');
  });

  test('that stand further apart than clamp_len are as far as that', () => {
    const long = tensor([Array.from({ length: 12 }, (_, i) => 6 + i)]);
    const answer = (clamp_len: number) => hidden(new XLNetModel(tiny({ clamp_len }), { seed: 3 }), { input_ids: long });
    expectSameBits([answer(11)], [answer(-1)]);
    expectSameBits([answer(-1)], [answer(0)]);
    expect(answer(2).tolist()).not.toEqual(answer(3).tolist());
  });
});

test('traces of any size have the bits of the model, without padding too, and are checkpoints', async () => {
  const model = new XLNetModel(tiny(), { seed: 3 });
  const inputs = { input_ids: rows, attention_mask: mask, token_type_ids };
  const traced = await jit.trace(model, inputs, { dynamic: { batch: [1, 4], sequence: [1, 30] } });
  expect(traced.graph).toMatch(/scatter/);
  const again = await XLNetModel.from_pretrained(await fileOf(traced));
  for (const length of [1, 2, 29]) {
    const one = {
      input_ids: tensor([Array.from({ length }, (_, i) => 6 + i)]),
      attention_mask: tensor([Array(length).fill(1)]),
      token_type_ids: tensor([Array.from({ length }, (_, i) => Number(i > 3))]),
    };
    const want = [hidden(model, one)];
    expectSameBits([hidden(again, one)], want);
    expectSameBits([traced(one).last_hidden_state], want);
    const padded = Object.fromEntries(Object.entries(one).map(([name, row]) => [name, F.cat([row, tensor([[0]])], 1)]));
    expectSameBits([F.slice(traced(padded).last_hidden_state, 1, 0, length)], want);
  }
});

test('weights of 8 and 4 bits', async () => {
  const model = new XLNetModel(tiny({ d_model: 32, d_inner: 64 }), { seed: 3 });
  const inputs = { input_ids: rows, attention_mask: mask, token_type_ids };
  const traced = await jit.trace(model, inputs);
  for (const bits of [8, 4] as const) {
    const { traced: rounded } = await quantize(traced, { bits, calibrate: [inputs] });
    expect(rounded.graph).toMatch(new RegExp(`linear_i${bits}`));
    const again = await XLNetModel.from_pretrained(await fileOf(rounded));
    const [got, read, want] = [rounded(inputs), again(inputs as never), traced(inputs)].map(
      (each) => each.last_hidden_state.data as Float32Array,
    );
    for (const [i, value] of want.entries()) {
      expect(Math.abs(got[i] - value)).toBeLessThan(bits === 8 ? 0.1 : 0.6);
      if (mask.data[Math.floor(i / 32)]) expect(Math.abs(read[i] - value)).toBeLessThan(bits === 8 ? 0.1 : 0.6);
    }
  }
});

test('labels are scored by the last token, be it padding, in traces without padding too', async () => {
  const model = new XLNetForSequenceClassification(tiny({ num_labels: 3 }), { seed: 4 });
  const inputs = { input_ids: rows, attention_mask: mask };
  const last = F.select(hidden(model.transformer, inputs), 1, 4);
  const want = model.logits_proj(F.tanh((model.sequence_summary.summary as (x: Tensor) => Tensor)(last)));
  expectSameBits([model(inputs as never).logits], [want]);
  expectSameBits([(await jit.trace(model, inputs))(inputs).logits], [want]);
});

test('words and answers', async () => {
  const words = new XLNetLMHeadModel(tiny(), { seed: 4 });
  expectSameBits([words(rows).logits], [words.lm_loss(hidden(words.transformer, { input_ids: rows }))]);
  const folder = fixture('zoo/xlnet-XLNetModel');
  const answers = await AutoModelForQuestionAnswering.from_pretrained(folder, { strict: false });
  expect(answers).toBeInstanceOf(XLNetForQuestionAnsweringSimple);
});

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import {
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForPreTraining,
  CTRLConfig,
  CTRLModel,
  F,
  GPT2Config,
  type GPT2ConfigOptions,
  GPT2DoubleHeadsModel,
  GPT2LMHeadModel,
  GPT2Model,
  jit,
  type nn,
  OpenAIGPTConfig,
  OpenAIGPTDoubleHeadsModel,
  OpenAIGPTModel,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { Conv1D } from '../../src/models/conv1d.ts';
import { quantize } from '../../src/quantize/index.ts';
import { expectClose, fixture } from '../support/fixtures.ts';
import { concat, serialize } from '../support/safetensors.ts';
import { expectSameBits, fileOf, floats, problem } from '../support/tiny.ts';

const SIZES = { vocab_size: 40, n_embd: 16, n_layer: 2, n_head: 2, n_positions: 12 };
const tiny = (options: GPT2ConfigOptions = {}): GPT2Config => new GPT2Config({ ...SIZES, ...options });
const rows = tensor([
  [5, 7, 8, 2],
  [5, 9, 3, 1],
]);
const at = (model: { state_dict(): Map<string, Tensor> }, name: string): Tensor => model.state_dict().get(name) as Tensor;

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'gpt-'));
});
afterAll(() => rmSync(home, { recursive: true }));

describe('a configuration', () => {
  test('has the defaults of transformers, and its own names for sizes', () => {
    expect(new GPT2Config()).toMatchObject({
      ...{ model_type: 'gpt2', vocab_size: 50257, n_positions: 1024, n_embd: 768, n_layer: 12, n_head: 12, n_inner: null },
      ...{ activation_function: 'gelu_new', layer_norm_epsilon: 1e-5, summary_type: 'cls_index', summary_use_proj: true },
      ...{ scale_attn_weights: true, scale_attn_by_inverse_layer_idx: false, reorder_and_upcast_attn: false, use_cache: true },
      ...{ bos_token_id: 50256, eos_token_id: 50256, pad_token_id: null, hidden_size: 768, max_position_embeddings: 1024 },
    });
    expect(new OpenAIGPTConfig()).toMatchObject({ model_type: 'openai-gpt', vocab_size: 40478, n_positions: 512, afn: 'gelu' });
    const ctrl = { model_type: 'ctrl', vocab_size: 246534, n_positions: 256, n_embd: 1280, dff: 8192, layer_norm_epsilon: 1e-6 };
    expect(new CTRLConfig({ n_layer: 2 })).toMatchObject({ ...ctrl, n_head: 16, pad_token_id: null });
    expect(new GPT2Config(40, 12, 16, 2, 4, 24).n_inner).toBe(24);
    expect(new CTRLConfig(40, 12, 16, 24, 2, 4).n_head).toBe(4);
    expect(new GPT2Config({ hidden_size: 24, num_attention_heads: 3 })).toMatchObject({ n_embd: 24, n_head: 3 });
  });

  test.each<[() => unknown, RegExp]>([
    [() => tiny({ add_cross_attention: true as false }), /^add_cross_attention .*only false/],
    [() => tiny({ activation_function: 'swoosh' }), /^activation_function .*"gelu_new".*got "swoosh"/],
    [() => tiny({ summary_type: 'attn' as 'last' }), /^summary_type .*"cls_index".*got "attn"/],
    [() => tiny({ n_head: 3 }), /^n_embd .*a multiple of n_head 3, got 16/],
    [() => tiny({ n_inner: 2 ** 28 }), /^n_inner x n_embd/],
    [() => tiny({ pad_token_id: 40 }), /^pad_token_id .*below vocab_size 40, got 40/],
    [() => new OpenAIGPTConfig({ afn: 'tanh' as 'gelu' }), /^afn .*one of "relu", "silu", "gelu", "swish", got "tanh"/],
    [() => new CTRLConfig({ is_encoder_decoder: true as false }), /^is_encoder_decoder .*only false/],
  ])('refuses %s', async (make, message) => {
    expect((await problem('config', make)).message).toMatch(message);
  });
});

describe('products with weights [in, out]', () => {
  const name = 'h.0.mlp.c_fc.weight';

  test('are those of the transposed, whatever has been set', () => {
    const layer = new Conv1D(3, 2);
    const x = floats([4, 2], 7);
    for (const seed of [1, 2]) {
      layer.weight.set(floats([2, 3], seed));
      expectSameBits([layer(x)], [F.linear(x, F.transpose(floats([2, 3], seed), 0, 1), layer.bias)]);
    }
    (layer.weight.data as Float32Array)[1] = 5;
    expectSameBits([layer(x)], [F.linear(x, F.transpose(layer.weight, 0, 1), layer.bias)]);
    expect(String(layer)).toBe('Conv1D(nf=3, nx=2)');
  });

  test('are as they are in checkpoints, and come back from traces, float and quantised', async () => {
    const { tensors } = await openCheckpoint(join(fixture('zoo/gpt2-scale-GPT2LMHeadModel'), 'model.safetensors'));
    const stored = await GPT2LMHeadModel.from_pretrained(fixture('zoo/gpt2-scale-GPT2LMHeadModel'));
    expect(at(stored, `transformer.${name}`).shape).toEqual([24, 40]);
    expectSameBits([at(stored, `transformer.${name}`)], [tensors.get(`transformer.${name}`)]);
    const model = new GPT2Model(tiny(), { seed: 3 });
    const traced = await jit.trace(model, [rows]);
    expectSameBits((await GPT2Model.from_pretrained(await fileOf(traced)))(rows), model(rows));
    const again = await GPT2Model.from_pretrained(await fileOf((await quantize(traced)).traced));
    expectClose(at(again, name), at(model, name), 2e-3, name);
  });

  test('keep the 16 bits that they came in', async () => {
    const model = new GPT2Model(tiny(), { seed: 3 });
    const halves = [...model.state_dict()].map(([key, weight]) => [key, weight.to('bfloat16')] as const);
    const loaded = await GPT2Model.from_pretrained(concat(serialize(new Map(halves))), { config: tiny() });
    expect((await jit.trace(loaded, [rows])).graph).toMatch(/linear_bf16/);
    await loaded.save_pretrained(join(home, 'halves'));
    const { halves: kept, tensors } = await openCheckpoint(join(home, 'halves'));
    expect(kept?.get(tensors.get(name) as Tensor)).toBe('bfloat16');
    expectSameBits([tensors.get(name)], [at(loaded, name)]);
  });
});

describe('token types', () => {
  const types = tensor([
    [3, 3, 4, 4],
    [3, 4, 4, 4],
  ]);

  test.each([
    ['GPT-2', () => new GPT2Model(tiny(), { seed: 1 }), 'wte', 1],
    ['GPT', () => new OpenAIGPTModel(new OpenAIGPTConfig(SIZES), { seed: 1 }), 'tokens_embed', 1],
    ['CTRL', () => new CTRLModel(new CTRLConfig({ ...SIZES, dff: 24 }), { seed: 1 }), 'w', 4],
  ] as const)('of %s are words, added to what they belong to', async (_, make, words, factor) => {
    const model = make();
    const { config } = model;
    const shown = new (model.constructor as typeof GPT2Model)(config.withFields({ output_hidden_states: true }, 'test') as GPT2Config, {
      seed: 1,
    });
    const [plain, typed] = [undefined, types].map((each) => shown(rows, null, each).hidden_states[0]);
    const looked = F.scale(F.embedding(types, at(model, `${words}.weight`)), factor);
    const want = F.add(plain, looked);
    expectClose(typed, want, 1e-6, words);
    const traced = await jit.trace(model, { input_ids: rows, token_type_ids: types });
    expectSameBits(traced({ input_ids: rows, token_type_ids: types }), model(rows, null, types));
  });

  test('that are zeros by name are what tokenizers answer, and none', async () => {
    const model = new GPT2Model(tiny(), { seed: 1 });
    const zeros = tensor([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expectSameBits(model({ input_ids: rows, token_type_ids: zeros }), model(rows));
    expect(model(rows, null, zeros).last_hidden_state.tolist()).not.toEqual(model(rows).last_hidden_state.tolist());
    const traced = await jit.trace(model, { input_ids: rows, token_type_ids: zeros });
    expect(traced.inputs.map(({ name }) => name)).toEqual(['input_ids']);
    expectSameBits(traced({ input_ids: rows, token_type_ids: zeros }), model(rows));
  });
});

describe.each([
  ['GPT-2', (options: object) => new GPT2DoubleHeadsModel(tiny(options), { seed: 5 })],
  ['GPT', (options: object) => new OpenAIGPTDoubleHeadsModel(new OpenAIGPTConfig({ ...SIZES, ...options }), { seed: 5 })],
])('two heads of %s', (_, make) => {
  const ids = tensor([[[5, 7, 8], [2, 5, 9]], [[3, 1, 6], [4, 4, 4]]]); // biome-ignore format: one row
  const places = tensor([[0, 2], [1, 1]]); // biome-ignore format: one row
  const flat = ids.reshape([4, 3]);

  test('score words, and choices by the token that is said, the last unless one is', async () => {
    const model = make({ torchscript: true });
    const hidden = model.transformer(flat).last_hidden_state as Tensor;
    const summary = model.multiple_choice_head.summary as nn.Linear;
    const picked = (each: number[]) =>
      F.cat(
        each.map((place, row) => summary(hidden[row][place].reshape([1, 16]))),
        0,
      ).reshape([2, 2]);
    expectSameBits([model(ids).mc_logits, model(ids).logits], [picked([2, 2, 2, 2]), model.lm_head(hidden).reshape([2, 2, 3, 40])]);
    const given = { input_ids: ids, mc_token_ids: places };
    expectSameBits([model(given).mc_logits], [picked([0, 2, 1, 1])]);
    expect(model(flat).mc_logits.shape).toEqual([4]);
    const axes = { input_ids: { 0: 'batch', 1: 'choices', 2: 'sequence' }, mc_token_ids: { 0: 'batch', 1: 'choices' } };
    const dynamic = { dynamic: { batch: [1, 3], choices: [1, 3], sequence: [1, 7] }, dynamic_axes: axes } as const;
    for (const options of [{}, dynamic]) expectSameBits((await jit.trace(model, given, options))(given), model(given));
    expect((await problem('value', () => model({ ...given, mc_token_ids: tensor([[0, 3], [1, 1]]) }))).message).toMatch(/from 0 to 2, got 3/); // biome-ignore format: one row
  });

  test.each<[object, number[]]>([
    [{ summary_type: 'cls_index', summary_proj_to_labels: false, summary_activation: 'tanh' }, [2, 2, 16]],
    [{ summary_use_proj: false }, [2, 2, 16]],
    [{ summary_type: 'mean' }, [2, 3]],
    [{ summary_type: 'first' }, [2, 3]],
  ])('sum up as %o says', (options, shape) => {
    expect(make(options)(ids).mc_logits.shape).toEqual(shape);
  });

  test('know the last hidden states by choice', () => {
    const { hidden_states, logits } = make({ output_hidden_states: true })(ids);
    expect((hidden_states as Tensor[]).map(({ shape }) => shape)).toEqual([
      [4, 3, 16],
      [4, 3, 16],
      [2, 2, 3, 16],
    ]);
    expect(logits.shape).toEqual([2, 2, 3, 40]);
  });
});

test('words and scores are one matrix, whichever of them a file holds', async () => {
  const model = new OpenAIGPTDoubleHeadsModel(new OpenAIGPTConfig(SIZES), { seed: 6 });
  await model.save_pretrained(join(home, 'tied'));
  const { tensors } = await openCheckpoint(join(home, 'tied'));
  expect(tensors.has('lm_head.weight')).toBe(false);
  tensors.set('lm_head.weight', tensors.get('transformer.tokens_embed.weight') as Tensor);
  tensors.delete('transformer.tokens_embed.weight');
  for (const torchscript of [false, true]) {
    const again = await OpenAIGPTDoubleHeadsModel.from_pretrained(concat(serialize(tensors)), {
      config: new OpenAIGPTConfig({ ...SIZES, torchscript }),
    });
    expectSameBits(again(rows), model(rows));
  }
});

test('folders as people have them open by Auto classes', async () => {
  const folder = join(home, 'old');
  cpSync(fixture('zoo/gpt2-scale-GPT2LMHeadModel'), folder, { recursive: true });
  const { tensors } = await openCheckpoint(folder);
  const old = [...tensors].map(([key, weight]) => [key.replace(/^transformer\./, ''), weight] as const);
  const buffers = [0, 1].flatMap(
    (i) =>
      [
        [`h.${i}.attn.bias`, floats([1, 1, 48, 48])],
        [`h.${i}.attn.masked_bias`, floats([1])],
      ] as const,
  );
  writeFileSync(join(folder, 'model.safetensors'), concat(serialize(new Map([...old, ...buffers]))));
  const model = await AutoModelForCausalLM.from_pretrained(folder);
  expect(model).toBeInstanceOf(GPT2LMHeadModel);
  expectSameBits(model(rows), (await GPT2LMHeadModel.from_pretrained(fixture('zoo/gpt2-scale-GPT2LMHeadModel')))(rows));
  expect(await AutoModel.from_pretrained(folder)).toBeInstanceOf(GPT2Model);
  expect(await AutoModelForPreTraining.from_pretrained(folder)).toBeInstanceOf(GPT2LMHeadModel);
});

test('texts are no longer than there are positions', async () => {
  const long = tensor([Array.from({ length: 13 }, (_, i) => i)]);
  for (const model of [new GPT2Model(tiny()), new CTRLModel(new CTRLConfig(SIZES))])
    expect((await problem('value', () => model(long))).message).toMatch(/at most max_position_embeddings = 12 tokens, got 13/);
});

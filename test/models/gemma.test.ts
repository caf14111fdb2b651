import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  F,
  Gemma3ForCausalLM,
  Gemma3TextConfig,
  type Gemma3TextConfigOptions,
  Gemma3TextModel,
  jit,
  SentenceEmbedder,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { ropeIn } from '../../src/models/gemma3_text/config.ts';
import { quantize } from '../../src/quantize/index.ts';
import { maskOf, row, seenFrom } from '../support/decoders.ts';
import { serialize } from '../support/safetensors.ts';
import { expectSameBits, fileOf, floats } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 40,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 6,
  max_position_embeddings: 24,
  pad_token_id: 0,
};
const gemma = (options: Gemma3TextConfigOptions = {}): Gemma3TextConfig => new Gemma3TextConfig({ ...SIZES, ...options });

test('configurations say how positions turn in both types of layers, in files of before too', () => {
  const thetas = (options: object) =>
    (['full_attention', 'sliding_attention'] as const).map((type) => ropeIn(gemma(options), type).rope_theta);
  expect(thetas({})).toEqual([1e6, 1e4]);
  expect(thetas({ rope_theta: 5, rope_local_base_freq: 7 })).toEqual([5, 7]);
  expect(thetas({ rope_parameters: { sliding_attention: { rope_type: 'default', rope_theta: 9 } }, rope_theta: 5 })).toEqual([5, 9]);
  const scaled = gemma({ rope_scaling: { rope_type: 'linear', factor: 8 } });
  expect(ropeIn(scaled, 'full_attention')).toMatchObject({ rope_type: 'linear', factor: 8, rope_theta: 1e6 });
  expect(ropeIn(scaled, 'sliding_attention')).toMatchObject({ rope_type: 'default', rope_theta: 1e4 });
});

test('layers see both sides in EmbeddingGemma, half of the window to each', () => {
  const seen = (options: Gemma3TextConfigOptions) =>
    seenFrom(new Gemma3TextModel(gemma({ output_attentions: true, sliding_window_pattern: 3, ...options })), 4);
  expect(seen({ sliding_window: 3 })).toEqual(['00111000', '00111000', '11111000']);
  expect(seen({ sliding_window: 4, use_bidirectional_attention: true })).toEqual(['00111110', '00111110', '11111111']);
  expect(seen({ sliding_window: 5, use_bidirectional_attention: true })).toEqual(['00111110', '00111110', '11111111']);
  expect(seen({ sliding_window: 1, use_bidirectional_attention: true })).toEqual(['00001000', '00001000', '11111111']);
});
test('what Gemma scales: words by the root of the width, scores by query_pre_attn_scalar, logits within a cap', () => {
  const config = gemma({ torchscript: true, output_hidden_states: true, output_attentions: true });
  const model = new Gemma3ForCausalLM(config, { seed: 3 });
  const out = model(row(5)) as unknown as { hidden_states: Tensor[]; logits: Tensor };
  const words = F.embedding(row(5), model.model.embed_tokens.weight);
  expectSameBits([out.hidden_states[0]], [F.scale(words, 4)]);
  const other = new Gemma3TextModel(gemma({ output_attentions: true, query_pre_attn_scalar: 36 }), { seed: 3 });
  const same = new Gemma3TextModel(gemma({ output_attentions: true, query_pre_attn_scalar: 6 }), { seed: 3 });
  const weights = (each: Gemma3TextModel) => Array.from((each(row(5)) as unknown as { attentions: Tensor[] }).attentions[0].data, Number);
  expect(weights(other)).not.toEqual(weights(same));
  const capped = new Gemma3ForCausalLM(gemma({ torchscript: true, final_logit_softcapping: 0.5 }), { seed: 3 });
  const [plain, within] = [out.logits, capped(row(5)).logits].map(({ data }) => Array.from(data, Number));
  within.forEach((value, i) => {
    expect(value).toBeCloseTo(0.5 * Math.tanh(plain[i] / 0.5), 5);
  });
});

test('attention caps no scores, whatever the configuration says, as in transformers', () => {
  const [plain, capped] = [null, 0.01].map((attn_logit_softcapping) => new Gemma3TextModel(gemma({ attn_logit_softcapping }), { seed: 3 }));
  expectSameBits(capped(row(5)), plain(row(5)));
});

test('traces of Gemma are checkpoints, and become integers', async () => {
  const config = gemma({ hidden_size: 64, head_dim: 16, vocab_size: 1100, torchscript: true });
  const model = new Gemma3ForCausalLM(config, { seed: 3 });
  const inputs = { input_ids: row(9), attention_mask: tensor([maskOf(9, 0, 9)]) };
  const traced = await jit.trace(model, inputs);
  expectSameBits((await Gemma3ForCausalLM.from_pretrained(await fileOf(traced), { torchscript: true }))(inputs), model(inputs));
  const { traced: integers } = await quantize(traced, { calibrate: [inputs] });
  const [got, want] = [integers(inputs), model(inputs)].map((out) => Array.from(out.logits.data, Number));
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  expect(dot(got, want) / Math.sqrt(dot(got, got) * dot(want, want))).toBeGreaterThan(0.99);
});

test('the configuration of EmbeddingGemma as published', () => {
  const embedder = Gemma3TextConfig.from_dict({
    _sliding_window_pattern: 6,
    architectures: ['Gemma3TextModel'],
    model_type: 'gemma3_text',
    head_dim: 256,
    hidden_activation: 'gelu_pytorch_tanh',
    hidden_size: 768,
    intermediate_size: 1152,
    layer_types: Array.from({ length: 24 }, (_, i) => (i % 6 === 5 ? 'full_attention' : 'sliding_attention')),
    max_position_embeddings: 2048,
    num_attention_heads: 3,
    num_hidden_layers: 24,
    num_key_value_heads: 1,
    query_pre_attn_scalar: 256,
    rope_local_base_freq: 10000,
    rope_scaling: null,
    rope_theta: 1000000,
    sliding_window: 512,
    use_bidirectional_attention: true,
    vocab_size: 262144,
  } as never);
  expect(embedder).toMatchObject({ sliding_window: 512, use_bidirectional_attention: true });
});

test('a folder of EmbeddingGemma makes vectors: the mean of its tokens through two Dense, scaled', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gemma-'));
  const model = new Gemma3TextModel(gemma({ use_bidirectional_attention: true, sliding_window: 4 }), { seed: 3 });
  await model.save_pretrained(folder);
  const types = ['Transformer', 'Pooling', 'Dense', 'Dense', 'Normalize'];
  const path = (i: number) => (i === 0 ? '' : `${i}_${types[i]}`);
  const said = types.map((type, idx) => ({ idx, name: `${idx}`, path: path(idx), type: `sentence_transformers.models.${type}` }));
  const put = (file: string, content: string | Uint8Array) => {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), content);
  };
  put('modules.json', JSON.stringify(said));
  put('1_Pooling/config.json', JSON.stringify({ word_embedding_dimension: 16, pooling_mode_mean_tokens: true, include_prompt: true }));
  const denses = [floats([64, 16], 5), floats([12, 64], 6)];
  for (const [i, weight] of denses.entries()) {
    const [out_features, in_features] = weight.shape;
    const config = { in_features, out_features, bias: false, activation_function: 'torch.nn.modules.linear.Identity' };
    put(`${path(i + 2)}/config.json`, JSON.stringify(config));
    put(`${path(i + 2)}/model.safetensors`, Buffer.concat([...serialize([['linear.weight', weight]])]));
  }
  const inputs = { input_ids: row(9), attention_mask: tensor([maskOf(9, 0, 7)]) };
  const embedder = await SentenceEmbedder.from_pretrained(folder);
  const mean = F.mean_pool(model(inputs).last_hidden_state, inputs.attention_mask);
  const want = F.normalize(denses.reduce((x: Tensor, weight) => F.linear(x, weight), mean));
  const traced = await jit.trace(embedder, inputs);
  for (const made of [embedder(inputs), traced(inputs)]) expectSameBits([made.sentence_embedding], [want]);
});

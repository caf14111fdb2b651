import { expect, test } from 'vitest';
import {
  Gemma3TextConfig,
  Gemma3TextModel,
  LlamaConfig,
  LlamaModel,
  MistralConfig,
  MistralModel,
  type PreTrainedModel,
  Qwen2Config,
  Qwen2Model,
  Qwen3Config,
  Qwen3Model,
  type Tensor,
} from '../../src/index.ts';
import { type Decoder, hiddenOf } from '../support/decoderreference.ts';
import { row } from '../support/decoders.ts';
import { floats } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 40,
  hidden_size: 12,
  intermediate_size: 20,
  num_hidden_layers: 3,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  head_dim: 8,
  max_position_embeddings: 32,
  pad_token_id: 0,
};
const LENGTH = 11;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const silu = (x: number): number => x * sigmoid(x);
const gelu = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const powers = (theta: number) => (_: number, i: number) => theta ** ((-2 * i) / SIZES.head_dim);

/** Values of some size in every parameter, norms and biases too. */
function filled<M extends PreTrainedModel>(model: M): M {
  [...model.state_dict().values()].forEach((parameter, seed) => {
    parameter.set(floats(parameter.shape, seed + 1).data as Float32Array);
  });
  return model;
}

const plain = (model: PreTrainedModel): Omit<Decoder, 'sees'> => ({
  weights: model.state_dict(),
  layers: SIZES.num_hidden_layers,
  heads: SIZES.num_attention_heads,
  key_heads: SIZES.num_key_value_heads,
  head_dim: SIZES.head_dim,
  eps: 1e-6,
  activation: silu,
  offset: 0,
  embedding_scale: 1,
  score_scale: SIZES.head_dim ** -0.5,
  turn: powers(10_000),
  turn_scale: 1,
});

const causal = (_: number, query: number, key: number): boolean => key <= query;
const within = (width: number) => (_: number, query: number, key: number) => key <= query && key > query - width;

const CASES: Record<string, () => [PreTrainedModel, Partial<Decoder>]> = {
  'Llama with biases': () => [
    new LlamaModel(new LlamaConfig({ ...SIZES, attention_bias: true, mlp_bias: true, rope_theta: 500, rms_norm_eps: 0.1 })),
    { turn: powers(500), eps: 0.1 },
  ],
  'Llama turned by YaRN': () => {
    const rope_parameters = {
      rope_type: 'yarn',
      rope_theta: 100,
      factor: 4,
      original_max_position_embeddings: 16,
      beta_fast: 1.4,
      beta_slow: 0.1,
    };
    const pair = (turns: number) => (SIZES.head_dim * Math.log(16 / (turns * 2 * Math.PI))) / (2 * Math.log(100));
    const [low, high] = [Math.max(Math.floor(pair(1.4)), 0), Math.ceil(pair(0.1))];
    const divided = (i: number) => Math.min(1, Math.max(0, (i - low) / (high - low)));
    const turn = (layer: number, i: number) => powers(100)(layer, i) * (1 - divided(i) + divided(i) / 4);
    return [new LlamaModel(new LlamaConfig({ ...SIZES, rope_parameters })), { turn, turn_scale: 0.1 * Math.log(4) + 1 }];
  },
  'Mistral whose layers slide': () => [new MistralModel(new MistralConfig({ ...SIZES, sliding_window: 4 })), { sees: within(4) }],
  'Qwen 2 with relu, of which one layer slides': () => [
    new Qwen2Model(new Qwen2Config({ ...SIZES, hidden_act: 'relu', use_sliding_window: true, sliding_window: 3, max_window_layers: 2 })),
    { activation: (x) => Math.max(x, 0), sees: (layer, query, key) => (layer === 2 ? within(3) : causal)(layer, query, key) },
  ],
  'Qwen 3 with biases': () => [new Qwen3Model(new Qwen3Config({ ...SIZES, attention_bias: true })), {}],
  'Gemma 3': () => [
    new Gemma3TextModel(
      new Gemma3TextConfig({ ...SIZES, sliding_window: 5, sliding_window_pattern: 2, query_pre_attn_scalar: 20, attention_bias: true }),
    ),
    {
      ...{ offset: 1, embedding_scale: Math.sqrt(SIZES.hidden_size), score_scale: 20 ** -0.5, activation: gelu },
      turn: (layer, i) => powers(layer === 1 ? 1e6 : 1e4)(layer, i),
      sees: (layer, query, key) => (layer === 1 ? causal : within(5))(layer, query, key),
    },
  ],
  'Gemma 3 that sees both sides': () => [
    new Gemma3TextModel(
      new Gemma3TextConfig({
        ...SIZES,
        ...{ sliding_window: 6, use_bidirectional_attention: true, rope_local_base_freq: 50, rope_theta: 700 },
        layer_types: ['full_attention', 'sliding_attention', 'sliding_attention'],
        rope_scaling: { rope_type: 'linear', factor: 2 },
      }),
    ),
    {
      ...{ offset: 1, embedding_scale: Math.sqrt(SIZES.hidden_size), score_scale: 256 ** -0.5, activation: gelu },
      turn: (layer, i) => (layer === 0 ? powers(700)(layer, i) / 2 : powers(50)(layer, i)),
      sees: (layer, query, key) => layer === 0 || Math.abs(query - key) <= 3,
    },
  ],
};

test.each(Object.entries(CASES))('%s is its definition', (_, make) => {
  const [model, said] = make();
  const ids = row(LENGTH);
  const got = Array.from((filled(model)(ids) as unknown as { last_hidden_state: Tensor }).last_hidden_state.data, Number);
  const want = hiddenOf({ ...plain(model), sees: causal, ...said }, Array.from(ids.data, Number)).flat();
  const largest = Math.max(1, ...want.map(Math.abs));
  got.forEach((value, i) => {
    expect(Math.abs(value - want[i]) / largest).toBeLessThan(1e-4);
  });
});

import { describe, expect, test } from 'vitest';
import {
  AutoModel,
  Gemma3TextConfig,
  type Gemma3TextConfigOptions,
  Gemma3TextModel,
  jit,
  LlamaConfig,
  type LlamaConfigOptions,
  LlamaForCausalLM,
  LlamaForQuestionAnswering,
  LlamaForSequenceClassification,
  LlamaForTokenClassification,
  LlamaModel,
  MistralConfig,
  MistralForQuestionAnswering,
  MistralModel,
  type ModelOutput,
  Qwen2Config,
  Qwen2Model,
  Qwen3Config,
  Qwen3ForCausalLM,
  Qwen3Model,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { maskOf as mask, row, seenFrom } from '../support/decoders.ts';
import { bytesOf, expectSameBits, fileOf, problem } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 40,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 24,
  pad_token_id: 0,
};
const llama = (options: LlamaConfigOptions = {}): LlamaConfig => new LlamaConfig({ ...SIZES, ...options });
const gemma = (options: Gemma3TextConfigOptions = {}): Gemma3TextConfig => new Gemma3TextConfig({ ...SIZES, head_dim: 6, ...options });

describe('configurations', () => {
  test('have the defaults of transformers, and its order', () => {
    expect(new LlamaConfig()).toMatchObject({ vocab_size: 32000, intermediate_size: 11008, max_position_embeddings: 2048, head_dim: null });
    expect(new MistralConfig()).toMatchObject({ intermediate_size: 14336, num_key_value_heads: 8, sliding_window: 4096 });
    expect(new Qwen2Config()).toMatchObject({ vocab_size: 151936, use_sliding_window: false, max_window_layers: 28, head_dim: null });
    expect(new Qwen3Config()).toMatchObject({ head_dim: 128, attention_bias: false, eos_token_id: null, rms_norm_eps: 1e-6 });
    expect(new Gemma3TextConfig()).toMatchObject({
      vocab_size: 262208,
      num_attention_heads: 8,
      num_key_value_heads: 4,
      head_dim: 256,
      query_pre_attn_scalar: 256,
      hidden_activation: 'gelu_pytorch_tanh',
      tie_word_embeddings: true,
      sliding_window: 4096,
      use_bidirectional_attention: false,
    });
    expect(new LlamaConfig(40, 16, 24, 3, 4, 2, 'gelu', 9)).toMatchObject({ hidden_act: 'gelu', max_position_embeddings: 9 });
    expect(new Qwen3Config(40, 16, 24, 3, 4, 2, 10, 'gelu')).toMatchObject({ head_dim: 10, hidden_act: 'gelu' });
    expect(new Gemma3TextConfig(40, 16, 24, 3, 4, 2, 10, 'silu', 9)).toMatchObject({
      hidden_activation: 'silu',
      max_position_embeddings: 9,
    });
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'keys',
      () => llama({ num_key_value_heads: 3 }),
      /^num_key_value_heads of LlamaConfig: expected a divisor of num_attention_heads 4, got 3/,
    ],
    ['heads', () => llama({ hidden_size: 18 }), /^hidden_size of LlamaConfig: expected a multiple of num_attention_heads 4, got 18/],
    ['an activation', () => llama({ hidden_act: 'swoosh' }), /^hidden_act .*got "swoosh"/],
    ['positions', () => llama({ rope_scaling: { type: 'longrope', factor: 2 } as never }), /^rope_scaling of LlamaConfig: .*"yarn".*got/],
    ['heads whose numbers make no pairs', () => new LlamaModel(llama({ head_dim: 5 })), /^numbers a head: expected an even count/],
    ['a window', () => new MistralConfig({ sliding_window: 0 }), /^sliding_window of MistralConfig: expected a whole number from 1/],
    ['types', () => gemma({ layer_types: ['chunked_attention'] as never }), /^layer_types .*list of full_attention and sliding_attention/],
    [
      'too few types',
      () => new Gemma3TextModel(gemma({ layer_types: ['full_attention'] })),
      /^layer_types of Gemma3TextConfig: expected 3/,
    ],
    [
      'layers that slide by nothing',
      () => new Qwen2Model(new Qwen2Config({ ...SIZES, layer_types: Array(3).fill('sliding_attention') })),
      /^sliding_window of the config: .*sliding_attention see, got none. Set use_sliding_window/,
    ],
    ['weights', () => new LlamaConfig({ num_hidden_layers: 64, hidden_size: 8192 }), /at most 2147483648 weights in all/],
    [
      'those that are too many by default',
      () => new LlamaModel(new LlamaConfig()),
      /^num_hidden_layers x hidden_size of LlamaConfig: .*in all/,
    ],
    [
      'tokens that see those behind them',
      () => llama({ is_causal: false as never }),
      /^is_causal of LlamaConfig: expected only true, got false/,
    ],
    ['an encoder beside', () => llama({ add_cross_attention: true as never }), /^add_cross_attention of LlamaConfig: expected only false/],
  ])('refuse %s', async (_, make, message) => {
    expect((await problem('config', make)).message).toMatch(message);
  });

  test('heads may be wider than their share of the hidden size', () => {
    const model = new LlamaModel(llama({ hidden_size: 18, head_dim: 6 }));
    expect(model.layers.items[0].self_attn.q_proj.weight.shape).toEqual([24, 18]);
    expect(model(row(3)).last_hidden_state.shape).toEqual([1, 3, 18]);
  });
});

describe('layers see', () => {
  test('tokens up to their own', () => {
    expect(seenFrom(new LlamaModel(llama({ output_attentions: true })), 5)).toEqual(Array(3).fill('11111100'));
  });

  test('as many as sliding_window says, in all layers of Mistral', () => {
    const options = { ...SIZES, output_attentions: true };
    expect(seenFrom(new MistralModel(new MistralConfig({ ...options, sliding_window: 3 })), 5)).toEqual(Array(3).fill('00011100'));
    expect(seenFrom(new MistralModel(new MistralConfig({ ...options, sliding_window: null })), 5)).toEqual(Array(3).fill('11111100'));
  });

  test('as many from some layer on in Qwen, if it slides at all', () => {
    const options = { ...SIZES, output_attentions: true, sliding_window: 2, max_window_layers: 2 };
    const models = [
      (more: object) => new Qwen2Model(new Qwen2Config({ ...options, ...more })),
      (more: object) => new Qwen3Model(new Qwen3Config({ ...options, head_dim: 8, ...more })),
    ];
    for (const model of models) {
      expect(seenFrom(model({}), 5)).toEqual(Array(3).fill('11111100'));
      expect(seenFrom(model({ use_sliding_window: true }), 5)).toEqual(['11111100', '11111100', '00001100']);
      const layer_types = ['sliding_attention', 'full_attention', 'full_attention'];
      expect(seenFrom(model({ use_sliding_window: true, layer_types }), 5)).toEqual(['00001100', '11111100', '11111100']);
    }
  });
});

test('parts are called as transformers calls them', () => {
  const names = (model: { state_dict(): Map<string, Tensor> }) => [...model.state_dict()].map(([name, { shape }]) => `${name} ${shape}`);
  const of = (names: string[], part: string) => names.filter((name) => name.includes(part));
  expect(of(names(new Qwen2Model(new Qwen2Config(SIZES))), 'layers.0.self_attn')).toEqual([
    'layers.0.self_attn.q_proj.weight 16,16',
    'layers.0.self_attn.q_proj.bias 16',
    'layers.0.self_attn.k_proj.weight 8,16',
    'layers.0.self_attn.k_proj.bias 8',
    'layers.0.self_attn.v_proj.weight 8,16',
    'layers.0.self_attn.v_proj.bias 8',
    'layers.0.self_attn.o_proj.weight 16,16',
  ]);
  expect(of(names(new Qwen3Model(new Qwen3Config({ ...SIZES, head_dim: 6 }))), 'layers.1.self_attn')).toEqual([
    'layers.1.self_attn.q_proj.weight 24,16',
    'layers.1.self_attn.k_proj.weight 12,16',
    'layers.1.self_attn.v_proj.weight 12,16',
    'layers.1.self_attn.o_proj.weight 16,24',
    'layers.1.self_attn.q_norm.weight 6',
    'layers.1.self_attn.k_norm.weight 6',
  ]);
  expect(
    of(names(new LlamaModel(llama({ attention_bias: true, mlp_bias: true }))), 'layers.0').filter((name) => name.includes('bias')).length,
  ).toBe(7);
  expect(of(names(new LlamaForCausalLM(llama())), 'lm_head')).toEqual(['lm_head.weight 40,16']);
  expect(of(names(new LlamaForSequenceClassification(llama())), 'score')).toEqual(['score.weight 2,16']);
  expect(of(names(new LlamaForTokenClassification(llama())), 'score')).toEqual(['score.weight 2,16', 'score.bias 2']);
  expect(names(new LlamaForQuestionAnswering(llama()))[0]).toBe('transformer.embed_tokens.weight 40,16');
  expect(names(new MistralForQuestionAnswering(new MistralConfig(SIZES)))[0]).toBe('model.embed_tokens.weight 40,16');
});

test('checkpoints of one class open in another, with what old ones hold beside weights', async () => {
  const model = new LlamaForCausalLM(llama({ torchscript: true }), { seed: 5 });
  const file = await fileOf(await jit.trace(model, [row(4)]));
  expectSameBits(await AutoModel.from_pretrained(file).then((base) => base(row(4))), model.model(row(4)));
  const answers = await LlamaForQuestionAnswering.from_pretrained(file, { strict: false });
  expectSameBits(answers.transformer(row(4)), model.model(row(4)));
  const back = await LlamaModel.from_pretrained(await fileOf(await jit.trace(answers, [row(4)])));
  expectSameBits(back(row(4)), model.model(row(4)));
});

test.each<[string, () => LlamaModel | Gemma3TextModel]>([
  ['Llama', () => new LlamaModel(llama(), { seed: 3 })],
  ['Gemma', () => new Gemma3TextModel(gemma({ sliding_window: 4, sliding_window_pattern: 2 }), { seed: 3 })],
  ['EmbeddingGemma', () => new Gemma3TextModel(gemma({ sliding_window: 4, use_bidirectional_attention: true }), { seed: 3 })],
])('a batch of %s has the bits that its texts have alone, wherever padding is and on two threads', async (_, make) => {
  const model = make();
  const dynamic = { dynamic: { batch: [1, 9], sequence: [1, 24] } } as const;
  const traced = await jit.trace(model, { input_ids: row(5), attention_mask: tensor([mask(5, 0, 4)]) }, dynamic);
  const file = await fileOf(traced);
  const [loaded, team] = [await jit.load(file), await jit.load(file, { threads: 2 })];
  const ends = [3, 24, 9];
  const ids = ends.map((end, b) =>
    row(24, b + 2)
      .tolist()[0]
      .map((id: number, i: number) => (i < end ? id : 0)),
  );
  const batch = { input_ids: tensor(ids), attention_mask: tensor(ends.map((end) => mask(24, 0, end))) };
  const together = loaded(batch);
  expectSameBits(team(batch), together);
  ends.forEach((end, b) => {
    const alone = traced({ input_ids: tensor([ids[b].slice(0, end)]), attention_mask: tensor([mask(end, 0, end)]) });
    const from = b * 24 * 16;
    expect(together.last_hidden_state.data.slice(from, from + end * 16)).toEqual(alone.last_hidden_state.data);
  });
  const left = { input_ids: row(9, 4), attention_mask: tensor([mask(9, 5, 9)]) };
  const padded = { input_ids: tensor([[...row(9, 4).tolist()[0]], [...row(9, 5).tolist()[0]]]), attention_mask: tensor([mask(9, 5, 9), mask(9, 0, 9)]) }; // biome-ignore format: one row
  const some = (out: ModelOutput) =>
    bytesOf(out.last_hidden_state)
      .subarray(5 * 64, 9 * 64)
      .toString('hex');
  expect(some(loaded(padded))).toBe(some(traced(left)));
});

test('texts are no longer than there are positions, and inputs that are not taken are named', async () => {
  const model = new Qwen3Model(new Qwen3Config({ ...SIZES, head_dim: 8 }), { seed: 3 });
  expect((await problem('value', () => model(row(25)))).message).toMatch(/at most max_position_embeddings = 24 tokens, got 25/);
  const given = { input_ids: row(3), decoder_input_ids: row(3) };
  expect((await problem('value', () => model(given as never))).message).toMatch(/decoder_input_ids/);
});

test('configurations as published', () => {
  const qwen = Qwen3Config.from_dict({
    architectures: ['Qwen3ForCausalLM'],
    model_type: 'qwen3',
    head_dim: 128,
    hidden_size: 1024,
    intermediate_size: 3072,
    max_position_embeddings: 32768,
    max_window_layers: 28,
    num_attention_heads: 16,
    num_hidden_layers: 28,
    num_key_value_heads: 8,
    rope_scaling: null,
    rope_theta: 1000000,
    sliding_window: null,
    tie_word_embeddings: true,
    use_cache: true,
    use_sliding_window: false,
    vocab_size: 151669,
  } as never);
  expect(qwen).toMatchObject({ rope_theta: 1e6, sliding_window: null, tie_word_embeddings: true });
  const tiny = LlamaConfig.from_dict({
    model_type: 'llama',
    hidden_size: 576,
    intermediate_size: 1536,
    head_dim: 64,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    pretraining_tp: 1,
    eos_token_id: [128001, 128008],
    rope_scaling: { factor: 32, high_freq_factor: 4, low_freq_factor: 1, original_max_position_embeddings: 8192, rope_type: 'llama3' },
    rope_theta: 500000,
    vocab_size: 128256,
    tie_word_embeddings: true,
  } as never);
  expect(tiny.rope_scaling).toMatchObject({ rope_type: 'llama3', factor: 32 });
  expect(new Qwen3ForCausalLM(new Qwen3Config({ ...SIZES, head_dim: 8, tie_word_embeddings: true })).tied()).toEqual([
    ['lm_head.weight', 'model.embed_tokens.weight'],
  ]);
});

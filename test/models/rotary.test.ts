import { describe, expect, test } from 'vitest';
import {
  EuroBertConfig,
  GteConfig,
  GteModel,
  JinaEmbeddingsV3Config,
  jit,
  LlamaConfig,
  LlamaModel,
  ModernBertConfig,
  ModernBertModel,
  NomicBertConfig,
  NomicBertModel,
  tensor,
} from '../../src/index.ts';
import { layerTypes, ropeIn as modernRope } from '../../src/models/modernbert/config.ts';
import { RotaryEmbedding, ropeIn } from '../../src/models/rotary.ts';
import { expectSameBits, problem } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 4,
  num_attention_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 14,
  pad_token_id: 0,
};

/** The angle by which one position turns each pair of numbers of a head. */
function anglesOf(parameters: Parameters<typeof ropeIn>[0], size: number): number[] {
  const { data } = new RotaryEmbedding(ropeIn(parameters), size)(tensor([[1]]));
  return Array.from({ length: size / 2 }, (_, i) => Math.atan2(data[size / 2 + i] as number, data[i] as number));
}

describe('how positions turn heads', () => {
  test('by powers of rope_theta', () => {
    anglesOf(new GteConfig({ rope_theta: 100 }), 8).forEach((angle, i) => {
      expect(angle).toBeCloseTo(100 ** (-i / 4), 6);
    });
    const theta = (config: Parameters<typeof ropeIn>[0]) => anglesOf(config, 4)[1] ** -2;
    expect(theta(new JinaEmbeddingsV3Config()) / 20_000).toBeCloseTo(1, 3);
    expect(theta(new GteConfig()) / 160_000).toBeCloseTo(1, 3);
    expect(theta(new EuroBertConfig()) / 10_000).toBeCloseTo(1, 3);
  });

  test('the part of each head that is proportional may stand beside the type', () => {
    const rope_parameters = { rope_type: 'proportional', rope_theta: 100 };
    const within = new GteConfig({ rope_parameters: { ...rope_parameters, partial_rotary_factor: 0.5 } });
    const beside = new GteConfig({ rope_parameters, partial_rotary_factor: 0.5 });
    expect(anglesOf(beside, 8)).toEqual(anglesOf(within, 8));
    expect(anglesOf(beside, 8)).not.toEqual(anglesOf(new GteConfig({ rope_parameters }), 8));
  });

  test('rope_parameters come before rope_theta, and rope_scaling before both', () => {
    const [rope_parameters, rope_scaling] = [16, 81].map((rope_theta) => ({ rope_type: 'default', rope_theta }));
    expect(anglesOf(new GteConfig({ rope_parameters, rope_theta: 100 }), 4)[1]).toBeCloseTo(0.25, 6);
    expect(anglesOf(new GteConfig({ rope_parameters, rope_scaling, rope_theta: 100 }), 4)[1]).toBeCloseTo(1 / 9, 6);
    expect(anglesOf(new GteConfig({ rope_parameters: { rope_type: 'default' }, rope_theta: 100 }), 4)[1]).toBeCloseTo(0.1, 6);
  });

  test('linear and ntk, as published files of GTE spell it', () => {
    const scaled = (type: string) => new GteConfig({ rope_theta: 100, rope_scaling: { type, factor: 8 } as never });
    expect(anglesOf(scaled('linear'), 4)[1]).toBeCloseTo(0.1 / 8, 6);
    const [theta, factor] = [800, 8 ** (2 / 4)];
    anglesOf(scaled('ntk'), 4).forEach((angle, i) => {
      expect(angle).toBeCloseTo(theta ** (-i / 2) / factor, 6);
    });
  });

  test('llama3 divides slow turns and leaves fast ones', () => {
    const rope = {
      rope_type: 'llama3',
      rope_theta: 1e6,
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 64,
    };
    const [first, , , last] = anglesOf(new EuroBertConfig({ rope_parameters: rope }), 8);
    expect(first).toBeCloseTo(1, 6);
    expect(last).toBeCloseTo(1e6 ** -0.75 / 8, 9);
  });

  test('llama3 counts from the positions of the model where it does not say how long texts were before', () => {
    const rope = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 };
    const config = (original: object) =>
      new EuroBertConfig({ rope_parameters: { ...rope, ...original }, rope_theta: 1e6, max_position_embeddings: 64 });
    expect(anglesOf(config({}), 8)).toEqual(anglesOf(config({ original_max_position_embeddings: 64, rope_theta: 1e6 }), 8));
    expect(anglesOf(config({}), 8)).not.toEqual(anglesOf(config({ original_max_position_embeddings: 4096 }), 8));
  });

  test('yarn leaves pairs that turn often, divides those that hardly do, mixes between, and scales both', () => {
    const [theta, factor, length, size] = [1e4, 4, 64, 16];
    const rope = { rope_type: 'yarn', factor, original_max_position_embeddings: length, beta_fast: 4, beta_slow: 0.5 };
    const scaled = (more: object) => new EuroBertConfig({ rope_parameters: { ...rope, ...more }, rope_theta: theta });
    const turnsInAll = Array.from({ length: size / 2 }, (_, i) => (length * theta ** (-i / 8)) / (2 * Math.PI));
    const pairAt = (turns: number) => 8 * (Math.log(length / (turns * 2 * Math.PI)) / Math.log(theta));
    const [first, last] = [Math.floor(pairAt(4)), Math.ceil(pairAt(0.5))];
    anglesOf(scaled({}), size).forEach((angle, i) => {
      const divided = Math.min(1, Math.max(0, (i - first) / (last - first)));
      const frequency = (turnsInAll[i] * 2 * Math.PI) / length;
      expect(angle).toBeCloseTo((divided * frequency) / factor + (1 - divided) * frequency, 6);
    });
    expect(anglesOf(scaled({}), size)[0]).toBeCloseTo(1, 6);
    expect(anglesOf(scaled({}), size)[7]).toBeCloseTo(theta ** (-7 / 8) / factor, 8);
    expect(anglesOf(scaled({ truncate: false }), size)).not.toEqual(anglesOf(scaled({}), size));
    const length1 = (more: object) => {
      const { data } = new RotaryEmbedding(ropeIn(scaled(more)), size)(tensor([[1]]));
      return Math.hypot(data[0] as number, data[size / 2] as number);
    };
    expect(length1({})).toBeCloseTo(0.1 * Math.log(factor) + 1, 5);
    expect(length1({ attention_factor: 0.5 })).toBeCloseTo(0.5, 6);
    expect(length1({ mscale: 2, mscale_all_dim: 3 })).toBeCloseTo((0.2 * Math.log(factor) + 1) / (0.3 * Math.log(factor) + 1), 5);
    expect(length1({ factor: 1 })).toBeCloseTo(1, 6);
  });

  test('yarn divides by how much longer texts are where factor is null', () => {
    const lengths = { original_max_position_embeddings: 16, max_position_embeddings: 64 };
    const scaled = (factor: number | null) =>
      new EuroBertConfig({ rope_parameters: { rope_type: 'yarn', rope_theta: 1e4, ...lengths, factor }, max_position_embeddings: 64 });
    expect(anglesOf(scaled(null), 16)).toEqual(anglesOf(scaled(4), 16));
    expect(anglesOf(scaled(null), 16)).not.toEqual(anglesOf(scaled(2), 16));
    expect(anglesOf(EuroBertConfig.from_dict(scaled(null).to_dict()), 16)).toEqual(anglesOf(scaled(4), 16));
  });

  test('proportional turns the first pairs alone, each as if all were turned', () => {
    const scaled = (more: object) => new EuroBertConfig({ rope_parameters: { rope_type: 'proportional', ...more }, rope_theta: 1e4 });
    const frequencies = [1, 1e4 ** -0.2, 1e4 ** -0.4, 0, 0];
    anglesOf(scaled({ partial_rotary_factor: 0.7 }), 10).forEach((angle, i) => {
      expect(angle).toBeCloseTo(frequencies[i], 6);
    });
    anglesOf(scaled({ partial_rotary_factor: 0.7, factor: 4 }), 10).forEach((angle, i) => {
      expect(angle).toBeCloseTo(frequencies[i] / 4, 6);
    });
    expect(anglesOf(scaled({}), 10)).toEqual(anglesOf(new EuroBertConfig({ rope_theta: 1e4 }), 10));
  });

  describe('longrope', () => {
    const [short_factor, long_factor] = [[1, 1.25, 1.5, 2], [1, 3, 9, 27]]; // biome-ignore format: one row
    const rope = { rope_type: 'longrope', short_factor, long_factor, original_max_position_embeddings: 8 };
    const scaled = (more: object = {}) => new LlamaConfig({ rope_parameters: { ...rope, ...more }, rope_theta: 1e4, max_position_embeddings: 32 }); // biome-ignore format: one row
    const turned = (config: LlamaConfig, positions: number[]) => new RotaryEmbedding(ropeIn(config), 8)(tensor([positions]));

    test('divides pairs by numbers that are others where the longest text is longer than texts were before', () => {
      const upTo = (last: number) => turned(scaled({ attention_factor: 1 }), [1, last]).data;
      for (const [last, factors] of [[7, short_factor], [8, long_factor]] as const) // biome-ignore format: one row
        for (const [i, factor] of factors.entries()) expect(upTo(last)[i]).toBeCloseTo(Math.cos(1e4 ** (-i / 4) / factor), 6);
    });

    test('the length before counts where it stands beside its numbers, as in Phi-3', () => {
      const { original_max_position_embeddings: _, ...inside } = rope;
      const beside = new LlamaConfig({
        rope_scaling: inside,
        rope_theta: 1e4,
        max_position_embeddings: 32,
        original_max_position_embeddings: 8,
      } as object);
      expect(ropeIn(beside)).toMatchObject(ropeIn(scaled()));
    });

    test('sharpens attention by how much longer texts are', () => {
      const length = (more: object) => {
        const { data } = turned(scaled(more), [3]);
        return Math.hypot(data[0] as number, data[4] as number);
      };
      const by = (factor: number) => Math.sqrt(1 + Math.log(factor) / Math.log(8));
      expect(length({})).toBeCloseTo(by(4), 6);
      expect(length({ factor: 2 })).toBeCloseTo(by(2), 6);
      expect(length({ factor: 0.5 })).toBeCloseTo(1, 6);
      expect(length({ attention_factor: 1.5 })).toBeCloseTo(1.5, 6);
    });

    test('has as many numbers as a head has pairs', async () => {
      expect((await problem('config', () => turned(scaled({ long_factor: [1, 2] }), [0]))).message).toMatch(
        /^long_factor .*4 numbers.*got 2/,
      );
    });

    test('traces are of texts up to that length, or of longer ones', async () => {
      const model = new LlamaModel(new LlamaConfig({ ...SIZES, num_hidden_layers: 1, max_position_embeddings: 32, rope_parameters: rope }), { seed: 3 }); // biome-ignore format: one row
      const text = (length: number) => tensor([Array.from({ length }, (_, i) => 5 + i)]);
      const traced = (sequence: [number, number]) => jit.trace(model, { input_ids: text(sequence[1]) }, { dynamic: { sequence } });
      for (const [low, high] of [[1, 8], [9, 20]] as [number, number][]) // biome-ignore format: one row
        expectSameBits((await traced([low, high]))(text(low)), model(text(low)));
      expect((await problem('tracing', () => traced([1, 9]))).message).toMatch(
        /depends on a dynamic size.*bounds on one side of the branch/,
      );
    });
  });

  test('heads of an odd size have no pairs', async () => {
    const config = new EuroBertConfig({ hidden_size: 15, num_attention_heads: 3 });
    expect((await problem('config', () => anglesOf(config, 5))).message).toMatch(/^numbers a head: expected an even count, .*got 5/);
  });

  test.each<[object, RegExp]>([
    [
      { rope_type: 'su', rope_theta: 10 },
      /^rope_parameters of GteConfig: expected rope_parameters with a rope_type, one of "default", .*got/,
    ],
    [{ rope_type: 'longrope', short_factor: [1, 2] }, /^rope_parameters .*those that it needs among them/],
    [{ rope_type: 'longrope', short_factor: [1, 2], long_factor: [1, 0] }, /^rope_parameters .*numbers above 0/],
    [{ rope_type: 'longrope', short_factor: [1, 2], long_factor: 3 }, /^rope_parameters .*numbers above 0/],
    [{ rope_type: 'linear', rope_theta: -1 }, /^rope_parameters .*numbers above 0/],
    [{ rope_type: 'linear', rope_theta: 10, factor: 'x' }, /^rope_parameters .*numbers above 0/],
    [{ rope_type: 'linear', rope_theta: 10 }, /^rope_parameters .*those that it needs among them/],
    [{ rope_type: 'llama3', factor: 8, low_freq_factor: 1 }, /^rope_parameters .*those that it needs among them/],
    [{ rope_type: 'default', partial_rotary_factor: 0.5 }, /^rope_parameters of GteConfig/],
    [{ rope_type: 'yarn', factor: 2, truncate: 1 }, /^rope_parameters of GteConfig/],
    [{ rope_type: 'yarn', original_max_position_embeddings: 8 }, /^rope_parameters .*those that it needs among them/],
    [{ rope_type: 'linear', factor: null }, /^rope_parameters .*those that it needs among them/],
    [{ rope_type: 'proportional', partial_rotary_factor: 1.5 }, /^rope_parameters of GteConfig/],
    [{ rope_type: 'proportional', partial_rotary_factor: 0 }, /^rope_parameters of GteConfig/],
  ])('refuses %o', async (rope_parameters, message) => {
    expect((await problem('config', () => new GteConfig({ rope_parameters } as never))).message).toMatch(message);
  });
});

describe('configurations as published', () => {
  test('of nomic-embed-text', () => {
    const config = NomicBertConfig.from_dict({
      model_type: 'nomic_bert',
      n_embd: 768,
      n_head: 12,
      n_layer: 12,
      n_inner: 3072,
      n_positions: 8192,
      activation_function: 'swiglu',
      layer_norm_epsilon: 1e-12,
      rotary_emb_base: 1000,
      rotary_emb_fraction: 1,
      rotary_emb_interleaved: false,
      qkv_proj_bias: false,
      vocab_size: 30528,
      type_vocab_size: 2,
    } as never);
    expect(config).toMatchObject({
      hidden_size: 768,
      num_attention_heads: 12,
      intermediate_size: 3072,
      hidden_act: 'silu',
      rope_theta: 1000,
    });
    expect(config.max_position_embeddings).toBe(8192);
  });

  test.each(['rotary_emb_interleaved', 'qkv_proj_bias', 'prenorm', 'causal'])('of another NomicBERT, with %s, is refused', async (name) => {
    const { message } = await problem('config', () => new NomicBertConfig({ [name]: true }));
    expect(message).toMatch(new RegExp(`^${name} of NomicBertConfig: expected only false, got true. Only the encoder of nomic-embed-text`));
  });

  test('of ModernBERT, whose layers see all tokens or those nearby', () => {
    const types = (options: object) =>
      layerTypes(new ModernBertConfig({ ...SIZES, ...options }))
        .map((type) => type[0])
        .join('');
    expect(types({})).toBe('fssf');
    expect(types({ global_attn_every_n_layers: 2 })).toBe('fsfs');
    expect(types({ layer_types: ['sliding_attention', 'full_attention', 'full_attention', 'full_attention'] })).toBe('sfff');
    const thetas = (options: object) =>
      (['full_attention', 'sliding_attention'] as const).map((type) => modernRope(new ModernBertConfig(options), type).rope_theta);
    expect(thetas({})).toEqual([160_000, 10_000]);
    expect(thetas({ global_rope_theta: 5, local_rope_theta: null })).toEqual([5, 5]);
    expect(thetas({ rope_parameters: { full_attention: { rope_type: 'default', rope_theta: 7 } } as never })).toEqual([7, 10_000]);
    const scaled = new ModernBertConfig({ rope_scaling: { rope_type: 'linear', factor: 8 }, global_rope_theta: 5 });
    for (const [type, rope_theta] of [['full_attention', 5], ['sliding_attention', 10_000]] as const) // biome-ignore format: one row
      expect(modernRope(scaled, type)).toMatchObject({ rope_type: 'linear', factor: 8, rope_theta });
  });

  test('of too few layer types is refused', async () => {
    const make = () => new ModernBertModel(new ModernBertConfig({ ...SIZES, layer_types: ['full_attention'] }));
    expect((await problem('config', make)).message).toMatch(
      /^layer_types of ModernBertConfig: expected 4 of them, as num_hidden_layers says, got 1/,
    );
  });
});

test('the window of ModernBERT is half of local_attention to each side', () => {
  const make = (local_attention: number) =>
    new ModernBertModel(new ModernBertConfig({ ...SIZES, local_attention, output_attentions: true }), { seed: 1 });
  const ids = tensor([[1, 2, 3, 4, 5, 6, 7, 8]]);
  const { attentions } = make(5)(ids) as unknown as { attentions: { data: Float32Array }[] };
  const seen = (layer: number, query: number) =>
    [...attentions[layer].data.slice(query * 8, query * 8 + 8)].map((weight) => Number(weight > 0)).join('');
  expect([seen(0, 4), seen(1, 4), seen(1, 0)]).toEqual(['11111111', '00111110', '11100000']);
});

test('positions may be given, a row for each text', async () => {
  const model = new NomicBertModel(new NomicBertConfig(SIZES), { seed: 1 });
  const ids = tensor([[1, 2, 3]]);
  const rows = (position_ids: number[][]) =>
    Array.from(model({ input_ids: ids, position_ids: tensor(position_ids) }).last_hidden_state.data as Float32Array);
  rows([[5, 6, 7]]).forEach((value, i) => {
    expect(value).toBeCloseTo(rows([[0, 1, 2]])[i], 4);
  });
  expect(rows([[0, 2, 4]])).not.toEqual(rows([[0, 1, 2]]));
  const two = {
    input_ids: tensor([
      [1, 2],
      [3, 4],
    ]),
    position_ids: tensor([[0, 1]]),
  };
  expect((await problem('shape', () => model(two))).message).toMatch(/position_ids: expected \[2,2\], a row for each text, got \[2\]/);
});

test('GTE may do without token types', () => {
  const model = new GteModel(new GteConfig({ ...SIZES, type_vocab_size: 0 }), { seed: 1 });
  expect([...model.state_dict().keys()].some((name) => name.includes('token_type'))).toBe(false);
  expect(model(tensor([[1, 2]])).last_hidden_state.shape).toEqual([1, 2, 16]);
});

import { TraceletError } from '../base/error.ts';
import { isObject, type JsonObject } from '../base/json.ts';
import { type Kind, oneOf, orNull, POSITIVE, seldom } from '../base/schema.ts';
import * as F from '../nn/functional.ts';
import { Module } from '../nn/module.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Values } from './fields.ts';
import { type Encoded, type Mask, runLayers } from './layers.ts';

/** How positions turn queries and keys, as `rope_parameters` of transformers. */
export interface RopeParameters {
  readonly rope_type: string;
  readonly rope_theta: number;
  readonly factor?: number;
  readonly low_freq_factor?: number;
  readonly high_freq_factor?: number;
  readonly original_max_position_embeddings?: number;
}

type Frequencies = (plain: number[], parameters: RopeParameters) => number[];

/** Frequencies below a band are divided, those above it stay, and those within it lie between. */
const llama3: Frequencies = (plain, { factor = 1, low_freq_factor = 1, high_freq_factor = 4, original_max_position_embeddings = 8192 }) =>
  plain.map((frequency) => {
    const turns = (original_max_position_embeddings * frequency) / (2 * Math.PI);
    const share = (turns - low_freq_factor) / (high_freq_factor - low_freq_factor);
    const kept = Math.min(1, Math.max(0, share));
    return kept * frequency + ((1 - kept) * frequency) / factor;
  });

/** What `rope_type` makes of frequencies. `dynamic` only changes what is longer than a model's positions, which no text here is. */
const ROPE_TYPES: Readonly<Record<string, Frequencies>> = {
  default: (plain) => plain,
  dynamic: (plain) => plain,
  linear: (plain, { factor = 1 }) => plain.map((frequency) => frequency / factor),
  ntk: (plain, { factor = 1 }) => plain.map((frequency, i) => frequency * factor ** (-(i + 1) / plain.length)),
  llama3,
};

const ROPE_TYPE = oneOf(Object.keys(ROPE_TYPES), 'Other ways to stretch positions do not run here');

const NUMBERS = ['factor', 'low_freq_factor', 'high_freq_factor', 'original_max_position_embeddings'] as const;

/** `rope_parameters` of a config.json, where it may lack rope_theta, which is `theta` then. `rope_scaling` of older files says the same. */
export const ropeOf = (theta: number): Kind<RopeParameters> => ({
  expected: `rope_parameters with a rope_type, ${ROPE_TYPE.expected}, and numbers above 0`,
  cure: ROPE_TYPE.cure,
  read(value) {
    const given: JsonObject | undefined = value === null ? {} : isObject(value) ? value : undefined;
    if (!given) return undefined;
    const rope_type = ROPE_TYPE.read(given.rope_type ?? given.type ?? 'default');
    const rope_theta = POSITIVE.read(given.rope_theta ?? theta);
    const others = NUMBERS.filter((name) => given[name] !== undefined && given[name] !== null).map((name) => [
      name,
      POSITIVE.read(given[name]),
    ]);
    if (rope_type === undefined || rope_theta === undefined || others.some(([, number]) => number === undefined)) return undefined;
    return { rope_type, rope_theta, ...Object.fromEntries(others) };
  },
});

/** Fields of configurations that say how positions turn queries and keys, under their names of today and of before. */
export const ropeFields = (theta: number) => ({
  rope_parameters: seldom<RopeParameters | null>(null, orNull(ropeOf(theta))),
  rope_theta: seldom(theta, POSITIVE),
  rope_scaling: seldom<RopeParameters | null>(null, orNull(ropeOf(theta))),
});

/** What these fields say. */
export const ropeIn = ({ rope_parameters, rope_theta, rope_scaling }: Values<ReturnType<typeof ropeFields>>): RopeParameters =>
  rope_parameters ?? { rope_type: 'default', ...rope_scaling, rope_theta };

/** The angles of one position, slowest last, in the arithmetic of PyTorch: float32. */
function frequenciesOf(parameters: RopeParameters, size: number): Tensor {
  const plain = Array.from({ length: size / 2 }, (_, i) =>
    Math.fround(1 / Math.fround(parameters.rope_theta ** Math.fround((2 * i) / size))),
  );
  return new Tensor('float32', [size / 2], Float32Array.from(ROPE_TYPES[parameters.rope_type](plain, parameters)));
}

interface HeadSizes {
  readonly head_dim?: number | null;
  readonly hidden_size: number;
  readonly num_attention_heads: number;
}

/** How many numbers a head has: what the configuration says, or its share of the hidden size. */
export const headDim = ({ head_dim, hidden_size, num_attention_heads }: HeadSizes): number => head_dim ?? hidden_size / num_attention_heads;

/** Positions [batch, sequence] to how they turn `size` numbers of each head. As the rotary embedding of a model of transformers. */
export class RotaryEmbedding extends Module<[Tensor], Tensor> {
  readonly #frequencies: Tensor;

  constructor(parameters: RopeParameters, size: number) {
    super();
    this.#frequencies = frequenciesOf(parameters, size);
  }

  forward(position_ids: Tensor): Tensor {
    return F.rotations(position_ids, this.#frequencies);
  }
}

/** Positions [batch, sequence], one row for each text. Throws `shape` errors where one row stands for several. */
export function rowsOfPositions(positions: Tensor, shape: readonly number[]): Tensor {
  if (positions.shape.length === 2) return positions;
  if (shape[0] === 1) return positions.reshape(shape);
  throw new TraceletError('shape', { what: 'position_ids', expected: `[${shape}], a row for each text`, got: `[${positions.shape}]` });
}

/** What attention asks for besides queries, keys and values. */
export interface Attending {
  mask: Mask;
  rotation: Tensor;
  output_attentions: boolean;
  window?: number;
  is_causal?: boolean;
}

/** Attention over queries, keys and values side by side in each row of `qkv`, of as many heads each, queries and keys turned first. */
export function attendTurned(qkv: Tensor, heads: number, { rotation, output_attentions, ...options }: Attending): [Tensor, Tensor?] {
  const hidden = (qkv.shape.at(-1) as number) / 3;
  const turned = F.apply_rotary(qkv, rotation, { heads: 2 * heads, head_dim: hidden / heads });
  const [q, k, v] = [0, 1, 2].map((i) => F.narrow(turned, 2, i * hidden, hidden));
  return [F.attention(q, k, v, { heads, ...options }), output_attentions ? F.attention_weights(q, k, { heads, ...options }) : undefined];
}

/** A layer of an encoder with rotary positions. */
export type TurnedLayer = (hidden_states: Tensor, attending: Attending) => [Tensor, Tensor?];

/** Each of `layers` on what the one before answered. */
export function runTurned(layers: Iterable<TurnedLayer>, embeddings: Tensor, attending: Attending): Encoded {
  const each = [...layers].map((layer) => (hidden_states: Tensor) => layer(hidden_states, attending));
  return runLayers(each, embeddings, attending.mask, attending.output_attentions);
}

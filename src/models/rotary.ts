import { TraceletError } from '../base/error.ts';
import { isObject } from '../base/json.ts';
import { type Kind, kind, oneOf, orNull, POSITIVE, PROBABILITY, SIZE, seldom } from '../base/schema.ts';
import * as F from '../nn/functional.ts';
import { Module } from '../nn/module.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Values } from './fields.ts';
import { type Encoded, type Mask, runLayers } from './layers.ts';
import { type Lengths, LISTS, NUMBERS, powersOf, ROPE_TYPES, type RopeParameters, type Stretching, type Turns } from './ropetypes.ts';

const ROPE_TYPE = oneOf(Object.keys(ROPE_TYPES), 'Other ways to stretch positions do not run here');

const POSITIVES = kind<readonly number[]>('a list of numbers above 0', (value) => {
  return Array.isArray(value) && value.every((each) => POSITIVE.read(each) !== undefined);
});

/** What a config.json says of how positions turn; `rope_theta` may stand beside it. */
export type StatedRope = Omit<RopeParameters, 'rope_theta'> & { readonly rope_theta?: number };

/** `rope_parameters` of a config.json. `rope_scaling` of older files says the same. */
export const ROPE: Kind<StatedRope> = {
  expected: `rope_parameters with a rope_type, ${ROPE_TYPE.expected}, and numbers above 0, those that it needs among them`,
  cure: ROPE_TYPE.cure,
  read(given) {
    const rope_type = isObject(given) ? ROPE_TYPE.read(given.rope_type ?? given.type ?? 'default') : undefined;
    if (!isObject(given) || rope_type === undefined) return undefined;
    const { needs, factor, isPartial } = ROPE_TYPES[rope_type];
    const part = given.partial_rotary_factor ?? 1;
    if (part !== 1 && !(isPartial && Number(part) < 1)) return undefined;
    const isDerived = given.factor === null && factor !== undefined;
    const isStated = (name: string): boolean => (given[name] ?? null) !== null;
    const stated = [
      ...['rope_theta', ...NUMBERS].map((name) => [name, POSITIVE] as const),
      ...LISTS.map((name) => [name, POSITIVES] as const),
    ];
    const numbers = stated.flatMap(([name, { read }]) => (isStated(name) ? [[name, read(given[name])]] : []));
    const { truncate } = given;
    const sound = numbers.every(([, number]) => number !== undefined) && ['undefined', 'boolean'].includes(typeof truncate);
    if (!sound || !needs.every((name) => isStated(name) || (isDerived && name === 'factor'))) return undefined;
    const others = { ...(isDerived ? { factor: null } : {}), ...(truncate === undefined ? {} : { truncate }) };
    return { rope_type, ...Object.fromEntries(numbers), ...others };
  },
};

/** Fields of configurations that say how positions turn queries and keys, under their names of today and of before. */
export const ropeFields = (theta: number) => ({
  rope_parameters: seldom<StatedRope | null>(null, orNull(ROPE)),
  rope_theta: seldom(theta, POSITIVE),
  rope_scaling: seldom<StatedRope | null>(null, orNull(ROPE)),
  partial_rotary_factor: seldom<number | null>(null, orNull(PROBABILITY)),
  original_max_position_embeddings: seldom<number | null>(null, orNull(SIZE)),
});

/** Types whose original length prevails where it stands beside them. */
const LENGTH_BESIDE: readonly string[] = ['llama3', 'yarn', 'longrope'];

type Stated = Values<ReturnType<typeof ropeFields>> & { readonly max_position_embeddings: number };

/** What a configuration says in all. */
export type SettledRope = RopeParameters & Lengths;

/** `stated` with what it leaves out: `rope_theta`, and the length that texts had before, the `most` that they have unless given. */
export const settled = (stated: StatedRope | null | undefined, rope_theta: number, most: number): SettledRope => ({
  rope_type: 'default',
  rope_theta,
  original_max_position_embeddings: most,
  ...stated,
  max_position_embeddings: most,
});

/** What these fields say; of both forms the older counts, as in transformers. */
export function ropeIn({ rope_parameters, rope_theta, rope_scaling, max_position_embeddings, ...beside }: Stated): SettledRope {
  const { original_max_position_embeddings: original, partial_rotary_factor: part } = beside;
  const stated = rope_scaling ?? rope_parameters;
  const rope = settled(
    part === null ? stated : { rope_type: 'default', partial_rotary_factor: part, ...stated },
    rope_theta,
    max_position_embeddings,
  );
  return original && LENGTH_BESIDE.includes(rope.rope_type) ? { ...rope, original_max_position_embeddings: original } : rope;
}

/** How one position turns the pairs of `size` numbers, in the arithmetic of PyTorch: float32. */
function turnsOf(parameters: SettledRope, size: number): Turns {
  if (size % 2 !== 0)
    throw new TraceletError('config', { what: 'numbers a head', expected: 'an even count, as positions turn pairs', got: `${size}` });
  const plain = powersOf(parameters.rope_theta, size / 2).map((power) => Math.fround(1 / power));
  const { turns, factor } = ROPE_TYPES[parameters.rope_type];
  return turns(plain, { ...parameters, factor: parameters.factor ?? factor?.(parameters) } as Stretching);
}

interface HeadSizes {
  readonly head_dim?: number | null;
  readonly hidden_size: number;
  readonly num_attention_heads: number;
}

/** How many numbers a head has: what the configuration says, or its share of the hidden size. */
export const headDim = ({ head_dim, hidden_size, num_attention_heads }: HeadSizes): number => head_dim ?? hidden_size / num_attention_heads;

/** So many tokens a text has that stands at `positions`, which may be of an input that is not known yet. */
const tokensAt = (positions: Tensor): number =>
  positions.recorded ? (positions.shape.at(-1) as number) : 1 + (positions.data as Int32Array).reduce((most, at) => Math.max(most, at), -1);

const frequenciesOf = (each: readonly number[]): Tensor => new Tensor('float32', [each.length], Float32Array.from(each));

/**
 * Positions [batch, sequence] to how they turn `size` numbers of each head. As the rotary embedding of a model of transformers. Where that depends on how long
 * texts are, the longest of a call decides, and in a trace the length that it is made for, whatever position_ids are given.
 */
export class RotaryEmbedding extends Module<[Tensor], Tensor> {
  readonly #frequencies: Tensor;
  readonly #beyond: { tokens: number; frequencies: Tensor } | undefined;
  readonly #scaling: number;

  constructor(parameters: SettledRope, size: number) {
    super();
    const { frequencies, beyond, scaling } = turnsOf(parameters, size);
    this.#frequencies = frequenciesOf(frequencies);
    this.#beyond = beyond && { tokens: beyond.tokens, frequencies: frequenciesOf(beyond.frequencies) };
    this.#scaling = scaling;
  }

  forward(position_ids: Tensor): Tensor {
    const isLong = this.#beyond !== undefined && tokensAt(position_ids) > this.#beyond.tokens;
    return F.rotations(position_ids, isLong ? this.#beyond.frequencies : this.#frequencies, this.#scaling);
  }
}

/** What turns whole heads as a configuration says. */
export const rotaryOf = (config: Stated & HeadSizes): RotaryEmbedding => new RotaryEmbedding(ropeIn(config), headDim(config));

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

/** A layer with rotary positions. */
export type TurnedLayer = (hidden_states: Tensor, attending: Attending) => [Tensor, Tensor?];

/** Each of `layers` on what the one before answered. */
export function runTurned(layers: Iterable<TurnedLayer>, embeddings: Tensor, attending: Attending): Encoded {
  const each = [...layers].map((layer) => (hidden_states: Tensor) => layer(hidden_states, attending));
  return runLayers(each, embeddings, attending.mask, attending.output_attentions);
}

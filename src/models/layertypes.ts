import { isObject } from '../base/json.ts';
import type { Kind } from '../base/schema.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { bad } from './fields.ts';
import { type Encoded, runLayers } from './layers.ts';
import { type Attending, ROPE, type RotaryEmbedding, type StatedRope, type TurnedLayer } from './rotary.ts';

const TYPES = ['full_attention', 'sliding_attention'] as const;

/** Whether a layer sees all tokens of a text, or those nearby. */
export type LayerType = (typeof TYPES)[number];

/** `layer_types` of a config.json. */
export const LAYER_TYPES: Kind<readonly LayerType[]> = {
  expected: `a list of ${TYPES.join(' and ')}`,
  read: (value) => (Array.isArray(value) && value.every((type) => TYPES.includes(type)) ? value : undefined),
};

/** How positions turn in layers of each type. */
export type Ropes = Readonly<Partial<Record<LayerType, StatedRope>>>;

/** `rope_parameters` of a config.json that has them for each type of layer, or for some. */
export const ROPES: Kind<Ropes> = {
  expected: `for each of ${TYPES.join(' and ')}: ${ROPE.expected}`,
  cure: ROPE.cure,
  read(value) {
    const given = isObject(value) ? TYPES.filter((type) => (value[type] ?? null) !== null) : undefined;
    const ropes = given?.map((type) => [type, ROPE.read((value as Record<LayerType, unknown>)[type])]);
    return ropes?.every(([, rope]) => rope !== undefined) ? Object.fromEntries(ropes) : undefined;
  },
};

interface Layered {
  readonly layer_types: readonly LayerType[] | null;
  readonly num_hidden_layers: number;
}

/** The type of each layer: those that the configuration lists, or `otherwise`. Throws a `config` error where it lists more or fewer than there are. */
export function typesOfLayers(config: Layered, otherwise: (layer: number) => LayerType): readonly LayerType[] {
  const { layer_types, num_hidden_layers: count } = config;
  if (!layer_types) return Array.from({ length: count }, (_, i) => otherwise(i));
  if (layer_types.length === count) return layer_types;
  throw bad('layer_types', config.constructor.name, `${count} of them, as num_hidden_layers says`, `${layer_types.length}`);
}

/** What layers of a type see. */
export interface Sight extends Pick<Attending, 'window' | 'is_causal'> {
  rotary: RotaryEmbedding;
}

/** What each type of layers sees, of types that some layer is of. */
export type Sights = Readonly<Partial<Record<LayerType, Sight>>>;

/** `sightOf` each type that some layer is of. */
export const sightsOf = (types: readonly LayerType[], sightOf: (type: LayerType) => Sight): Sights =>
  Object.fromEntries([...new Set(types)].map((type) => [type, sightOf(type)]));

/** Each of `layers` on what the one before answered, the first on `embeddings`, seeing what layers of its type see from `positions` [batch, sequence]. */
export function runTyped(
  layers: Iterable<TurnedLayer>,
  { types, sights }: { types: readonly LayerType[]; sights: Sights },
  embeddings: Tensor,
  { positions, mask, output_attentions }: Pick<Attending, 'mask' | 'output_attentions'> & { positions: Tensor },
): Encoded {
  const seen = Object.fromEntries(
    Object.entries(sights).map(([type, { rotary, ...sight }]) => [
      type,
      { ...sight, rotation: rotary(positions), mask, output_attentions },
    ]),
  );
  const each = [...layers].map((layer, i) => (hidden_states: Tensor) => layer(hidden_states, seen[types[i]]));
  return runLayers(each, embeddings, mask, output_attentions);
}

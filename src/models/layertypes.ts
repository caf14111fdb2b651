import { isObject } from '../base/json.ts';
import { COUNT, core, FLAG, type Kind, orNull, SIZE, seldom } from '../base/schema.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { bad, type Values } from './fields.ts';
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

/** All layers of one type. */
export const everywhere = (type: LayerType, { num_hidden_layers }: Pick<Layered, 'num_hidden_layers'>): readonly LayerType[] =>
  Array.from({ length: num_hidden_layers }, () => type);

/** What layers of a type see. */
export interface Sight extends Pick<Attending, 'window' | 'is_causal'> {
  rotary: RotaryEmbedding;
}

/** What each type of layers sees, of types that some layer is of. */
export type Sights = Readonly<Partial<Record<LayerType, Sight>>>;

/** `sightOf` each type that some layer is of. */
export const sightsOf = (types: readonly LayerType[], sightOf: (type: LayerType) => Sight): Sights =>
  Object.fromEntries([...new Set(types)].map((type) => [type, sightOf(type)]));

/**
 * How many tokens in a row layers of a type look at; all where undefined. Throws a `config` error where there are layers that slide and nothing says
 * how far.
 */
export function widthOf(type: LayerType, sliding_window: number | null): number | undefined {
  if (type === 'full_attention') return undefined;
  if (sliding_window !== null) return sliding_window;
  const cure = 'Set use_sliding_window too, where there is one';
  throw bad('sliding_window', 'the config', 'how many tokens layers of type sliding_attention see', 'none', cure);
}

/** What causal layers of a type see: all tokens up to their own, or the last `sliding_window` of these. Throws as {@link widthOf}. */
export function causalSight(type: LayerType, sliding_window: number | null, rotary: RotaryEmbedding): Sight {
  const width = widthOf(type, sliding_window);
  return { rotary, is_causal: true, window: width && width - 1 };
}

/** Fields of configurations whose layers slide from some layer on. */
export const slidingFields = {
  use_sliding_window: core(false, FLAG),
  sliding_window: core<number | null>(4096, orNull(SIZE)),
  max_window_layers: core(28, COUNT),
  layer_types: seldom<readonly LayerType[] | null>(null, orNull(LAYER_TYPES)),
};

type Sliding = Values<typeof slidingFields> & Layered;

const windowIn = ({ use_sliding_window, sliding_window }: Sliding): number | null => (use_sliding_window ? sliding_window : null);

/** What these fields say of the type of each layer. Throws as {@link typesOfLayers}. */
export const slidingTypes = (config: Sliding): readonly LayerType[] =>
  typesOfLayers(config, (i) => (windowIn(config) !== null && i >= config.max_window_layers ? 'sliding_attention' : 'full_attention'));

/** What these fields say of what causal layers of a type see. Throws as {@link widthOf}. */
export const slidingSight = (type: LayerType, config: Sliding, rotary: RotaryEmbedding): Sight =>
  causalSight(type, windowIn(config), rotary);

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

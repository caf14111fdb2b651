import { NUMBER } from '../base/options.ts';
import { SIZE } from '../base/schema.ts';
import { named, type Operand, TENSOR, taking } from '../tensor/arguments.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { apply } from './executor.ts';
import { placesOf, startsOf } from './grid.ts';

type Floats = Tensor<'float32'>;

/** Options of {@link disentangled_attention} and {@link disentangled_attention_weights}. */
export interface DisentangledOptions {
  /** Number of heads, which divides hidden. */
  heads: number;
  /** int32 [batch, sequence]; keys where it is 0 are left out, and queries there weigh all keys alike. */
  mask?: Operand | null;
  /** What scores are multiplied by; 1/√head_dim unless given. */
  scale?: number;
  /** [2 · reach + 1, hidden]: the product of a query with the row of how far a key stands behind it, from -reach on, is added to their score. */
  pos_key?: Operand | null;
  /** The same for products of the key. Keys further away than the tables reach get what the furthest get. */
  pos_query?: Operand | null;
}

const OPTIONS = {
  heads: { ...SIZE, named: true },
  mask: named(TENSOR),
  scale: named(NUMBER),
  pos_key: named(TENSOR),
  pos_query: named(TENSOR),
};

function attend(name: string, operands: { q: Tensor; k: Tensor; v?: Tensor }, options: readonly unknown[]): Floats {
  const { q } = operands;
  const [heads, mask, scale, pos_key, pos_query] = options as [number, Tensor?, number?, Tensor?, Tensor?];
  const factor = scale ?? 1 / Math.sqrt((q.shape.at(-1) as number) / heads);
  return apply(name, { ...operands, pos_key, pos_query, mask, starts: startsOf(q), places: placesOf(q) }, { heads, scale: factor });
}

/**
 * Multi-head attention over q [batch, sequence, hidden], k and v, heads side by side in hidden: [batch, sequence, hidden]. Scores have a part of
 * content and parts of content and position, as in DeBERTa (He and others, 2021).
 */
export const disentangled_attention = taking<(q: Operand, k: Operand, v: Operand, options: DisentangledOptions) => Floats>(
  'F.disentangled_attention',
  { q: TENSOR, k: TENSOR, v: TENSOR, ...OPTIONS },
  (q: Tensor, k: Tensor, v: Tensor, ...options: unknown[]) => attend('disentangled_attention', { q, k, v }, options),
);

/** The probabilities that {@link disentangled_attention} weighs values with: [batch, heads, sequence, sequence]. */
export const disentangled_attention_weights = taking<(q: Operand, k: Operand, options: DisentangledOptions) => Floats>(
  'F.disentangled_attention_weights',
  { q: TENSOR, k: TENSOR, ...OPTIONS },
  (q: Tensor, k: Tensor, ...options: unknown[]) => attend('disentangled_attention_weights', { q, k }, options),
);

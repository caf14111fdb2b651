import { NUMBER } from '../base/options.ts';
import { COUNT, MAX_SIZE, SIZE } from '../base/schema.ts';
import { named, type Operand, optional, TENSOR, taking } from '../tensor/arguments.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { apply, executor } from './executor.ts';
import { gridOf, placesOf, startsOf } from './grid.ts';

type Floats = Tensor<'float32'>;

/** Options of {@link positional_attention} and {@link positional_attention_weights}. */
export interface PositionalOptions {
  /** Number of heads, which divides hidden. */
  heads: number;
  /** [batch, sequence, hidden]: queries of place. */
  q_pos: Operand;
  /** [2 · reach + 1, hidden]: q_pos times the row of how far a key stands behind the query, from -reach on, is added to their score. */
  pos: Operand;
  /** int32 [batch, sequence]: what sort of token each is. */
  types: Operand;
  /** [batch, sequence, heads]: what a query adds to the scores of keys of its type. */
  same: Operand;
  /** int32 [batch, sequence]; keys where it is 0 are left out, but for the query's own. */
  mask?: Operand | null;
  /** What scores are multiplied by; 1/√head_dim unless given. */
  scale?: number;
  /** How many places before the query keys may stand; any unless given. */
  before?: number;
  /** How many places behind the query keys may stand; any unless given. */
  after?: number;
}

const OPTIONS = {
  heads: { ...SIZE, named: true },
  q_pos: { ...TENSOR, named: true },
  pos: { ...TENSOR, named: true },
  types: { ...TENSOR, named: true },
  same: { ...TENSOR, named: true },
  mask: named(TENSOR),
  scale: named(NUMBER),
  before: named(COUNT),
  after: named(COUNT),
};

function attend(name: string, operands: { q: Tensor; k: Tensor; v?: Tensor }, options: readonly unknown[]): Floats {
  const { q } = operands;
  const [heads, q_pos, pos, types, same, mask] = options as [number, Tensor, Tensor, Tensor, Tensor, Tensor?];
  const [scale = 1 / Math.sqrt((q.shape.at(-1) as number) / heads), before = MAX_SIZE, after = MAX_SIZE] = options.slice(6) as number[];
  const placed = { ...operands, q_pos, pos, types, same, mask, starts: startsOf(q), places: placesOf(q) };
  return apply(name, placed, { heads, scale, before, after });
}

/**
 * Multi-head attention over q [batch, sequence, hidden], k and v, heads side by side in hidden: [batch, sequence, hidden]. Scores have a part of content, one of
 * place and one of type, as in Transformer-XL (Dai and others, 2019) and XLNet (Yang and others, 2019).
 */
export const positional_attention = taking<(q: Operand, k: Operand, v: Operand, options: PositionalOptions) => Floats>(
  'F.positional_attention',
  { q: TENSOR, k: TENSOR, v: TENSOR, ...OPTIONS },
  (q: Tensor, k: Tensor, v: Tensor, ...options: unknown[]) => attend('positional_attention', { q, k, v }, options),
);

/** The probabilities that {@link positional_attention} weighs values with: [batch, heads, sequence, sequence]. */
export const positional_attention_weights = taking<(q: Operand, k: Operand, options: PositionalOptions) => Floats>(
  'F.positional_attention_weights',
  { q: TENSOR, k: TENSOR, ...OPTIONS },
  (q: Tensor, k: Tensor, ...options: unknown[]) => attend('positional_attention_weights', { q, k }, options),
);

/**
 * How far a key may stand behind a query of `ids` [batch, sequence], from -sequence to sequence: int32 [1, 2 · sequence + 1]; -most and most for those further
 * away. Holds for any size of a trace.
 */
export const distances = taking<(ids: Operand, most?: number) => Tensor<'int32'>>(
  'F.distances',
  { ids: TENSOR, most: optional(COUNT) },
  (ids: Tensor, most = MAX_SIZE) => executor().hostValue('centred', [1, 2 * gridOf(ids)[1] + 1], { fill: most }),
);

import { TraceletError } from '../base/error.ts';
import { NUMBER } from '../base/options.ts';
import { COUNT, FLAG, MAX_SIZE, SIZE } from '../base/schema.ts';
import { named, type Operand, TENSOR, taking } from '../tensor/arguments.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { apply } from './executor.ts';
import { placesOf, startsOf } from './grid.ts';

type Floats = Tensor<'float32'>;

/** Options of {@link attention} and {@link attention_weights}. */
export interface AttentionOptions {
  /** int32 [batch, sequence]; keys where it is 0 are left out. */
  mask?: Operand | null;
  /** Number of heads of q, which divides its width. */
  heads: number;
  /** Number of heads of k and v, which divides `heads`: each serves as many heads of q that follow one another. `heads` unless given. */
  key_heads?: number;
  /** What scores are multiplied by; 1/√head_dim unless given. */
  scale?: number;
  /** Whether keys behind the query are left out. */
  is_causal?: boolean;
  /** How many places before and behind the query keys may stand; any unless given. */
  window?: number;
  /**
   * [heads, 2 · reach + 1]: added to the scores of keys that stand -reach to reach places behind the query. Keys further away get what the
   * furthest get.
   */
  bias?: Operand | null;
  /** Whether keys and values are of other sequences than queries, of any length: `mask` is theirs, and both count their places from 0. */
  is_cross?: boolean;
}

const OPTIONS = {
  heads: { ...SIZE, named: true },
  key_heads: named(SIZE),
  mask: named(TENSOR),
  scale: named(NUMBER),
  is_causal: named(FLAG),
  window: named({ ...COUNT, expected: 'a whole number from 0' }),
  bias: named(TENSOR),
  is_cross: named(FLAG),
};

interface Read {
  heads: number;
  key_heads: number;
  mask?: Tensor;
  scale?: number;
  is_causal: boolean;
  window: number;
  bias?: Tensor;
  is_cross: boolean;
}

const optionsOf = (given: readonly unknown[]): Read => {
  const [heads, key_heads = heads, mask, scale, is_causal = false, window = MAX_SIZE, bias, is_cross = false] = given;
  return { heads, key_heads, mask, scale, is_causal, window, bias, is_cross } as Read;
};

const scaleOf = (q: Tensor, heads: number): number => 1 / Math.sqrt((q.shape.at(-1) as number) / heads);

/** Attention by the op `name` on `operands`, or by the one that knows distances, or sequences apart, where these matter. */
function attend(name: string, operands: { q: Tensor; k: Tensor; v?: Tensor }, options: Read): Floats {
  const { q, k } = operands;
  const { heads, key_heads, mask, is_causal, window, bias, is_cross } = options;
  const scale = options.scale ?? scaleOf(q, heads);
  const starts = startsOf(q);
  if (key_heads === heads && !is_causal && window === MAX_SIZE && !bias && !is_cross)
    return apply(name, { ...operands, mask, starts }, { heads, scale });
  const places = is_cross ? { key_starts: startsOf(k), places: placesOf(q), key_places: placesOf(k) } : { places: placesOf(q) };
  return apply(
    `${is_cross ? 'cross' : 'relative'}_${name}`,
    { ...operands, mask, starts, ...places, bias },
    { heads: key_heads, groups: groupsOf(heads, key_heads), scale, before: window, after: is_causal ? 0 : window },
  );
}

function groupsOf(heads: number, key_heads: number): number {
  if (heads % key_heads === 0) return heads / key_heads;
  throw new TraceletError('value', { what: 'attention: key_heads', expected: `a divisor of heads ${heads}`, got: `${key_heads}` });
}

/**
 * Multi-head attention over q [batch, sequence, hidden], k and v, heads side by side in hidden: [batch, sequence, hidden]. With `is_cross`, k and v
 * are [batch, keys, hidden]. As `torch.nn.functional.scaled_dot_product_attention` with a key mask. A query that may see no key gets a mean of some values.
 */
export const attention = taking<(q: Operand, k: Operand, v: Operand, options: AttentionOptions) => Floats>(
  'F.attention',
  { q: TENSOR, k: TENSOR, v: TENSOR, ...OPTIONS },
  (q: Tensor, k: Tensor, v: Tensor, ...options: unknown[]) => attend('attention', { q, k, v }, optionsOf(options)),
);

/** The probabilities that {@link attention} weighs values with: [batch, heads, sequence, sequence], or [batch, heads, sequence, keys]. */
export const attention_weights = taking<(q: Operand, k: Operand, options: AttentionOptions) => Floats>(
  'F.attention_weights',
  { q: TENSOR, k: TENSOR, ...OPTIONS },
  (q: Tensor, k: Tensor, ...options: unknown[]) => attend('attention_weights', { q, k }, optionsOf(options)),
);

/**
 * The scores of which {@link attention} takes the softmax: [batch, heads, sequence, sequence], the lowest float32 where `mask` leaves a key
 * out.
 */
export const attention_scores = taking<(q: Operand, k: Operand, options: Pick<AttentionOptions, 'mask' | 'heads' | 'scale'>) => Floats>(
  'F.attention_scores',
  { q: TENSOR, k: TENSOR, heads: OPTIONS.heads, mask: OPTIONS.mask, scale: OPTIONS.scale },
  (q: Tensor, k: Tensor, heads: number, mask?: Tensor, scale = scaleOf(q, heads)) =>
    apply('attention_scores', { q, k, mask, starts: startsOf(q) }, { heads, scale }),
);

import { TraceletError } from './error.ts';
import { executor } from './executor.ts';
import { type Shape, sizeOf, type Tensor } from './tensor.ts';

const apply = (op: string, operands: Record<string, Tensor | null | undefined>, attrs: Record<string, number | string> = {}): Tensor =>
  executor().apply(op, operands, attrs);

/** 0, 1, … for the tokens of each sequence of `ids` [batch, sequence]: int32 [batch, sequence]. Holds for any size of a trace. */
export const positions = (ids: Tensor): Tensor => executor().derive('places', ids.shape);

/** `value` for each token of `ids` [batch, sequence]: int32 [batch, sequence]. Holds for any size of a trace. */
export const filled = (ids: Tensor, value: number): Tensor => executor().derive('fill', ids.shape, value);

/** Rows of `table` [vocabulary, hidden] by `ids` (int32, any shape): [...ids, hidden]. As `torch.nn.functional.embedding`. */
export const embedding = (ids: Tensor, table: Tensor): Tensor => apply('embedding', { ids, table });

/** x [..., in] times weightᵀ [out, in] plus bias [out]: [..., out]. As `torch.nn.functional.linear`. */
export const linear = (x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor =>
  apply('linear', { x, weight, bias }, { activation: 'none' });

/** Normalises the last dimension, then scales and shifts it. As `torch.nn.functional.layer_norm`. */
export const layer_norm = (x: Tensor, weight: Tensor, bias: Tensor, eps = 1e-5): Tensor =>
  apply('layer_norm', { x, weight, bias }, { eps });

/** Over the last dimension. As `torch.softmax(x, -1)`. */
export const softmax = (x: Tensor): Tensor => apply('softmax', { x });

/** Over the last dimension. As `torch.log_softmax(x, -1)`. */
export const log_softmax = (x: Tensor): Tensor => apply('log_softmax', { x });

/** Exact gelu, x · Φ(x). As `torch.nn.functional.gelu`. */
export const gelu = (x: Tensor): Tensor => apply('gelu', { x });

/** Gelu in its tanh form. As `gelu_new` of transformers, `torch.nn.functional.gelu(x, approximate='tanh')`. */
export const gelu_new = (x: Tensor): Tensor => apply('gelu_new', { x });

/** max(x, 0) of each element. */
export const relu = (x: Tensor): Tensor => apply('relu', { x });

/** x · sigmoid(x), also called swish. */
export const silu = (x: Tensor): Tensor => apply('silu', { x });

/** The hyperbolic tangent of each element. */
export const tanh = (x: Tensor): Tensor => apply('tanh', { x });

/** 1 / (1 + exp(-x)) of each element. */
export const sigmoid = (x: Tensor): Tensor => apply('sigmoid', { x });

/** a + b, where b has a's shape or the end of it. */
export const add = (a: Tensor, b: Tensor): Tensor => apply('add', { a, b });

/** a · b by element, where b has a's shape or the end of it. */
export const mul = (a: Tensor, b: Tensor): Tensor => apply('mul', { a, b });

/** x times a number. */
export const scale = (x: Tensor, factor: number): Tensor => apply('scale', { x }, { factor });

/** Options of {@link attention} and {@link attention_weights}. */
export interface AttentionOptions {
  /** int32 [batch, sequence]; keys where it is 0 are left out. */
  mask?: Tensor | null;
  /** Number of heads; it divides the hidden size. */
  heads: number;
  /** What scores are multiplied by; 1/√head_dim unless given. */
  scale?: number;
}

/** An op that makes one vector of each sequence of x, of the tokens where `mask` is 1. */
export type Pooled = (x: Tensor, mask?: Tensor | null) => Tensor;

const attending = (q: Tensor, { heads, scale }: AttentionOptions) => ({ heads, scale: scale ?? 1 / Math.sqrt(q.shape[2] / heads) });
const startsOf = (x: Tensor): Tensor => executor().derive('starts', x.shape);

/**
 * Multi-head attention over q, k, v [batch, sequence, hidden], heads side by side in hidden: [batch, sequence, hidden].
 * As `torch.nn.functional.scaled_dot_product_attention` with a key mask.
 */
export const attention = (q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Tensor =>
  apply('attention', { q, k, v, mask: options.mask, starts: startsOf(q) }, attending(q, options));

/** The probabilities that {@link attention} weighs values with: [batch, heads, sequence, sequence]. */
export const attention_weights = (q: Tensor, k: Tensor, options: AttentionOptions): Tensor =>
  apply('attention_weights', { q, k, mask: options.mask, starts: startsOf(q) }, attending(q, options));

const pooled =
  (op: string) =>
  (x: Tensor, mask?: Tensor | null): Tensor =>
    apply(op, { x, mask, starts: startsOf(x) });

/** Mean of x [batch, sequence, hidden] over the tokens where `mask` (int32 [batch, sequence]) is 1: [batch, hidden]. */
export const mean_pool: Pooled = pooled('mean_pool');

/** Sum of x [batch, sequence, hidden] over the n tokens where `mask` is 1, divided by √n: [batch, hidden]. */
export const mean_sqrt_pool: Pooled = pooled('mean_sqrt_pool');

/** The largest of each column of x [batch, sequence, hidden] over the tokens where `mask` is 1: [batch, hidden]. */
export const max_pool: Pooled = pooled('max_pool');

/** The first token of x [batch, sequence, hidden] where `mask` is 1: [batch, hidden]. */
export const first_pool: Pooled = pooled('first_pool');

/** The last token of x [batch, sequence, hidden] where `mask` is 1: [batch, hidden]. */
export const last_pool: Pooled = pooled('last_pool');

/**
 * Mean of x [batch, sequence, hidden] over the tokens where `mask` is 1, weighted with their places: 1 for the first token where `origin` is 1,
 * which is `mask` unless given, 2 for the next. [batch, hidden].
 */
export const weighted_mean_pool = (x: Tensor, mask?: Tensor | null, origin: Tensor | null | undefined = mask): Tensor =>
  apply('weighted_mean_pool', { x, mask, origin, starts: startsOf(x) });

/** Rows scaled to length 1. As `torch.nn.functional.normalize`. */
export const normalize = (x: Tensor, eps = 1e-12): Tensor => apply('l2_normalize', { x }, { eps });

/** The dimension that `dim` counts, from the end where it is negative. */
function dimension({ shape }: Tensor, dim: number, what: string): number {
  const counted = dim < 0 ? dim + shape.length : dim;
  if (!(counted in shape))
    throw new TraceletError('shape', {
      what,
      expected: `a dimension of [${shape}], ${-shape.length} to ${shape.length - 1}`,
      got: `${dim}`,
    });
  return counted;
}

/** Dimensions reordered. As `torch.permute`; at most 4 dimensions. */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  const order = dims.map((dim) => dimension(x, dim, 'permute'));
  const valid = order.length === x.shape.length && [...order].sort((a, b) => a - b).every((dim, i) => dim === i);
  if (!valid)
    throw new TraceletError('shape', { what: 'permute', expected: `an order of the ${x.shape.length} dimensions`, got: `[${dims}]` });
  const strides = stridesOf(x.shape);
  return view(
    x,
    0,
    order.map((dim) => x.shape[dim]),
    order.map((dim) => strides[dim]),
  );
}

/** Two dimensions exchanged. As `torch.transpose`. */
export function transpose(x: Tensor, a: number, b: number): Tensor {
  const [first, second] = [dimension(x, a, 'transpose'), dimension(x, b, 'transpose')];
  const order = x.shape.map((_, dim) => dim);
  [order[first], order[second]] = [second, first];
  return permute(x, order);
}

/** Elements [begin, end) of dimension `along`. As `torch.narrow`. */
export function slice(x: Tensor, along: number, begin: number, end: number): Tensor {
  const dim = dimension(x, along, 'slice');
  if (!(begin >= 0 && begin < end && end <= x.shape[dim]))
    throw new TraceletError('shape', {
      what: 'slice',
      expected: `a range of at least one element within dimension ${dim} of [${x.shape}]`,
      got: `${begin} to ${end}`,
    });
  const strides = stridesOf(x.shape);
  const shape = x.shape.map((size, i) => (i === dim ? end - begin : size));
  return view(x, begin * strides[dim], shape, strides);
}

/** Element `index` of dimension `along`, which goes away; counted from the end where it is negative. As `torch.select`. */
export function select(x: Tensor, along: number, index: number): Tensor {
  const dim = dimension(x, along, 'select');
  const at = index < 0 ? index + x.shape[dim] : index;
  return slice(x, dim, at, at + 1).reshape(x.shape.filter((_, i) => i !== dim));
}

/** Tensors side by side along a dimension. As `torch.cat`. */
export function cat(tensors: readonly Tensor[], along: number): Tensor {
  if (tensors.length === 0) throw new TraceletError('value', { what: 'cat', expected: 'at least one tensor', got: 'none' });
  const dim = dimension(tensors[0], along, 'cat');
  const flat = (x: Tensor): Tensor => x.reshape([sizeOf(x.shape.slice(0, dim)), sizeOf(x.shape.slice(dim))]);
  const [first] = tensors;
  for (const { shape } of tensors)
    if (shape.length !== first.shape.length || !shape.every((size, i) => i === dim || size === first.shape[i]))
      throw new TraceletError('shape', { what: 'cat', expected: `[${first.shape}] but for dimension ${dim}`, got: `[${shape}]` });
  const shape = first.shape.map((size, i) => (i === dim ? tensors.reduce((sum, x) => sum + x.shape[dim], 0) : size));
  return tensors
    .map(flat)
    .reduce((a, b) => apply('concat', { a, b }))
    .reshape(shape);
}

function stridesOf(shape: Shape): number[] {
  return shape.map((_, i) => sizeOf(shape.slice(i + 1)));
}

function view(x: Tensor, offset: number, shape: Shape, strides: readonly number[]): Tensor {
  if (shape.length > 4) throw new TraceletError('shape', { what: 'permute or slice', expected: 'at most 4 dimensions', got: `[${shape}]` });
  const lead = 4 - shape.length;
  const attrs: Record<string, number> = { offset };
  for (let i = 0; i < 4; i++) {
    attrs[`d${i}`] = i < lead ? 1 : shape[i - lead];
    attrs[`s${i}`] = i < lead ? 0 : strides[i - lead];
  }
  return apply('strided', { x }, attrs).reshape(shape);
}

/** The activation that a config names, one of `ACTIVATIONS` in the op table. */
export const activation = (name: string, x: Tensor): Tensor => apply(name, { x });

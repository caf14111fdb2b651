import { TraceletError } from '../base/error.ts';
import { NUMBER } from '../base/options.ts';
import { oneOf } from '../base/schema.ts';
import { ACTIVATIONS } from '../ops/table.ts';
import { INPLACE, NUMERIC, named, type Operand, optional, TENSOR, taking, WHOLE, WHOLES } from '../tensor/arguments.ts';
import { full } from '../tensor/creation.ts';
import { dimension, type Shape, sameShape, sizeOf, Tensor } from '../tensor/tensor.ts';
import { apply, executor } from './executor.ts';
import { mul } from './general/arithmetic.ts';
import { gridOf, startsOf } from './grid.ts';
import { transposed } from './views.ts';

export type { Operand } from '../tensor/arguments.ts';
export { type AttentionOptions, attention, attention_scores, attention_weights } from './attention.ts';
export {
  type DisentangledOptions,
  disentangled_attention,
  disentangled_attention_weights,
} from './disentangled.ts';
export * from './general/arithmetic.ts';
export * from './general/compare.ts';
export { einsum } from './general/einsum.ts';
export * from './general/indexing.ts';
export * from './general/products.ts';
export * from './general/reductions.ts';
export * from './general/reshaping.ts';
export * from './general/shapes.ts';
export { counted, differs, ends, filled, leading, matches, positions, shift_right } from './numbers.ts';
export { distances, type PositionalOptions, positional_attention, positional_attention_weights } from './positional.ts';
export { apply_rotary, rotations } from './rotary.ts';
export { type ConvolutionOptions, convolution, masked } from './tokens.ts';
export { cat, narrow, permute, select, slice, transpose } from './views.ts';

type Floats = Tensor<'float32'>;

const INPUT = { input: TENSOR };

const SIDE = oneOf([-1, 1]);
const BESIDE = { '-1': ['before', 'led'], '1': ['behind', 'followed'] } as const;

/**
 * Rows of `weight` [vocabulary, hidden] by the id that stands before each of `ids` [batch, sequence] (`side` -1) or behind it (1), zeros where its
 * sequence has none there: [batch, sequence, hidden]. Tokens that an attention_mask rules out are neighbours like all others.
 */
export const neighbours = taking<(ids: Operand, weight: Operand, side: -1 | 1) => Floats>(
  'F.neighbours',
  { ids: TENSOR, weight: TENSOR, side: SIDE },
  (ids: Tensor, table: Tensor, side: -1 | 1) => {
    const grid = gridOf(ids);
    const [rule, found] = BESIDE[side];
    const input = ids.operand('int32', 'F.neighbours: ids');
    const rows = apply('embedding', { ids: executor().hostValue(rule, grid, { input, like: ids }), table });
    const [width] = table.shape.slice(-1);
    return mul(rows, apply('embedding', { ids: executor().hostValue(found, grid, { like: ids }), table: zerosAndOnes(width) }));
  },
);

const flags = new Map<number, Floats>();

/** A row of zeros and one of ones, the same tensor for each width. */
function zerosAndOnes(width: number): Floats {
  const known = flags.get(width) ?? new Tensor('float32', [2, width], new Float32Array(2 * width).fill(1, width));
  flags.set(width, known);
  return known;
}

/**
 * Rows of `weight` [vocabulary, hidden] by ids (whole numbers of any shape): [...ids, hidden]. As `torch.nn.functional.embedding`;
 * `padding_idx` only matters in training.
 */
export const embedding = taking<(input: Operand, weight: Operand, padding_idx?: number | null) => Floats>(
  'F.embedding',
  { ...INPUT, weight: TENSOR, padding_idx: optional(WHOLE) },
  (ids: Tensor, table: Tensor) => apply('embedding', { ids, table: table.operand('float32', 'F.embedding: weight') }),
);

/** x [..., in] times weightᵀ [out, in] plus bias [out]: [..., out]. As `torch.nn.functional.linear`. */
export const linear = taking<(input: Operand, weight: Operand, bias?: Operand | null) => Floats>(
  'F.linear',
  { ...INPUT, weight: TENSOR, bias: optional(TENSOR) },
  (x: Tensor, weight: Tensor, bias?: Tensor) => apply('linear', { x, weight, bias }, { activation: 'none' }),
);

type Normalise = {
  (input: Operand, normalized_shape: number | Shape, weight?: Operand | null, bias?: Operand | null, eps?: number): Floats;
  (input: Operand, weight: Tensor, bias: Operand, eps?: number): Floats;
};

const normalised = taking<Normalise>(
  'F.layer_norm',
  { ...INPUT, normalized_shape: WHOLES, weight: optional(TENSOR), bias: optional(TENSOR), eps: optional(NUMBER) },
  (x: Tensor, dims: Shape, weight?: Tensor, bias?: Tensor, eps = 1e-5) => {
    const lead = x.shape.length - dims.length;
    for (const shape of [x.shape.slice(Math.max(lead, 0)), weight?.shape, bias?.shape])
      if (shape && !sameShape(shape, dims))
        throw new TraceletError('shape', {
          what: 'layer_norm',
          expected: `last dimensions, weight and bias of [${dims}]`,
          got: `[${shape}]`,
        });
    const cols = sizeOf(dims);
    const row = (tensor: Tensor | undefined, value: number) => (tensor ? flat(tensor, [cols]) : full([cols], value));
    const rows = flat(x, [...x.shape.slice(0, lead), cols]);
    return flat(apply('layer_norm', { x: rows, weight: row(weight, 1), bias: row(bias, 0) }, { eps }), x.shape);
  },
);

type NormaliseSquares = (
  input: Operand,
  normalized_shape: number | Shape,
  weight?: Operand | null,
  eps?: number,
  options?: { offset?: number },
) => Floats;

/**
 * The last dimensions divided by the root of their mean square, then times offset + weight; the offset is 0 unless given, and 1 in Gemma. As
 * `torch.nn.functional.rms_norm`.
 */
export const rms_norm = taking<NormaliseSquares>(
  'F.rms_norm',
  { ...INPUT, normalized_shape: WHOLES, weight: optional(TENSOR), eps: optional(NUMBER), offset: named(NUMBER) },
  (x: Tensor, dims: Shape, weight?: Tensor, eps = 2 ** -23, offset = 0) => {
    const lead = x.shape.length - dims.length;
    for (const shape of [x.shape.slice(Math.max(lead, 0)), weight?.shape])
      if (shape && !sameShape(shape, dims))
        throw new TraceletError('shape', { what: 'rms_norm', expected: `last dimensions and weight of [${dims}]`, got: `[${shape}]` });
    const cols = sizeOf(dims);
    const rows = flat(x, [...x.shape.slice(0, lead), cols]);
    const factor = weight ? flat(weight, [cols]) : full([cols], 1 - offset);
    return flat(apply('rms_norm', { x: rows, weight: factor }, { eps, offset }), x.shape);
  },
);

const flat = <T extends Tensor>(x: T, shape: Shape): T => (sameShape(x.shape, shape) ? x : (x.reshape(shape) as T));

/** The last dimensions normalised, then scaled and shifted. As `torch.nn.functional.layer_norm`; also without `normalized_shape`. */
export const layer_norm: Normalise = (input: Operand, ...given: unknown[]) =>
  given[0] instanceof Tensor ? normalised(input, given[0].shape, ...(given as [])) : normalised(input, ...(given as [Shape]));

/** `body` over dimension `dim` of x, the last unless given. */
function along(x: Tensor, dim: number, what: string, body: (rows: Tensor) => Floats): Floats {
  const last = x.shape.length - 1;
  const at = dimension(x.shape, dim, what);
  return at === last ? body(x) : transposed(body(transposed(x, at, last)), at, last);
}

/** Over dimension `dim`, the last unless given. As `torch.softmax`. */
export const softmax = taking<(input: Operand, dim?: number) => Floats>(
  'F.softmax',
  { ...INPUT, dim: optional(WHOLE) },
  (input: Tensor, dim = -1) => along(input, dim, 'softmax', (x) => apply('softmax', { x })),
);

/** Over dimension `dim`, the last unless given. As `torch.log_softmax`. */
export const log_softmax = taking<(input: Operand, dim?: number) => Floats>(
  'F.log_softmax',
  { ...INPUT, dim: optional(WHOLE) },
  (input: Tensor, dim = -1) => along(input, dim, 'log_softmax', (x) => apply('log_softmax', { x })),
);

/** x · Φ(x), exact, or its tanh form with `approximate` 'tanh'. As `torch.nn.functional.gelu`. */
export const gelu = taking<(input: Operand, approximate?: 'none' | 'tanh' | { approximate?: 'none' | 'tanh' }) => Floats>(
  'F.gelu',
  { ...INPUT, approximate: optional(oneOf(['none', 'tanh'])) },
  (x: Tensor, approximate = 'none') => apply(approximate === 'tanh' ? 'gelu_new' : 'gelu', { x }),
);

type Unary = (input: Operand, inplace?: false) => Floats;
const unary = (op: string, table: object = {}): Unary => taking<Unary>(`F.${op}`, { ...INPUT, ...table }, (x: Tensor) => apply(op, { x }));

/** Gelu in its tanh form. As `gelu_new` of transformers, `torch.nn.functional.gelu(x, approximate='tanh')`. */
export const gelu_new: Unary = unary('gelu_new');

/** max(x, 0) of each element. */
export const relu: Unary = unary('relu', INPLACE);

/** x · sigmoid(x), also called swish. */
export const silu: Unary = unary('silu', INPLACE);

/** The hyperbolic tangent of each element. */
export const tanh: Unary = unary('tanh');

/** 1 / (1 + exp(-x)) of each element. */
export const sigmoid: Unary = unary('sigmoid');

/** x times a number. */
export const scale = taking<(input: Operand, factor: number) => Floats>(
  'F.scale',
  { ...INPUT, factor: NUMERIC },
  (x: Tensor, factor: number) => apply('scale', { x }, { factor }),
);

/** An op that makes one vector of each sequence of x, of the tokens where `mask` is 1. */
export type Pooled = (input: Operand, mask?: Operand | null) => Floats;

const pooled = (op: string): Pooled =>
  taking<Pooled>(`F.${op}`, { ...INPUT, mask: optional(TENSOR) }, (x: Tensor, mask?: Tensor) =>
    apply(op, { x, mask, starts: startsOf(x) }),
  );

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
export const weighted_mean_pool = taking<(input: Operand, mask?: Operand | null, origin?: Operand | null) => Floats>(
  'F.weighted_mean_pool',
  { ...INPUT, mask: optional(TENSOR), origin: optional(TENSOR) },
  (x: Tensor, mask?: Tensor, origin = mask) => apply('weighted_mean_pool', { x, mask, origin, starts: startsOf(x) }),
);

interface Normalize {
  (input: Operand, p?: number, dim?: number, eps?: number): Floats;
  (input: Operand, options: { p?: number; dim?: number; eps?: number }): Floats;
}

/** Vectors along `dim` (1 unless given; 0 where there is no other) scaled to length 1. As `torch.nn.functional.normalize` with p 2. */
export const normalize = taking<Normalize>(
  'F.normalize',
  { ...INPUT, p: optional(oneOf([2], 'Lengths are Euclidean here')), dim: optional(WHOLE), eps: optional(NUMBER) },
  (input: Tensor, _p: number, dim = Math.min(1, input.shape.length - 1), eps = 1e-12) =>
    along(input, dim, 'normalize', (x) => apply('l2_normalize', { x }, { eps })),
);

/** The activation that a config names, one of `ACTIVATIONS` in the op table. */
export const activation = taking<(name: string, input: Operand) => Floats>(
  'F.activation',
  { name: oneOf(ACTIVATIONS), ...INPUT },
  (name: string, x: Tensor) => apply(name, { x }),
);

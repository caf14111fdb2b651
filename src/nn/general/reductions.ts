import { FLAG } from '../../base/schema.ts';
import { FUNCTIONS } from '../../ops/functionnames.ts';
import { named, type Operand, optional, TENSOR, taking, WHOLE, WHOLES } from '../../tensor/arguments.ts';
import { dimension, type Shape, type Tensor } from '../../tensor/tensor.ts';
import { apply } from '../executor.ts';
import { neg, sqrt } from './arithmetic.ts';
import { withBack, withLast } from './axes.ts';
import { ne } from './compare.ts';

/** Ops that make one number of the elements along some dimensions. Whole numbers become floats, in which sums are exact up to 2²⁴. */

type Floats = Tensor<'float32'>;
const INPUT = { input: TENSOR };
const ALONG = { ...INPUT, dim: optional(WHOLES), keepdim: optional(FLAG) };

/** Dimensions of x, all of them unless given, each once. */
const dimsOf = (x: Tensor, dims: Shape | undefined, what: string): number[] =>
  dims && dims.length > 0 ? [...new Set(dims.map((dim) => dimension(x.shape, dim, what)))].sort((a, b) => a - b) : [...x.shape.keys()];

/** What `of` makes of the elements of x along dims: without them, or with 1 in their places. */
function reduced(of: string, x: Tensor, given: Shape | undefined, keepdim: boolean | undefined, what: string): Floats {
  const dims = dimsOf(x, given, what);
  const kept = x.shape.filter((_, dim) => !dims.includes(dim));
  const cols = dims.reduce((size, dim) => size * x.shape[dim], 1);
  const rows = withLast(x, dims).reshape([...kept, cols]);
  const made = apply('reduce', { x: rows }, { function: FUNCTIONS[of] });
  return keepdim ? made.reshape(x.shape.map((size, dim) => (dims.includes(dim) ? 1 : size))) : made;
}

/** An op over a dimension, several, or all of them unless given, which go away unless `keepdim`. */
export type Reduction = (input: Operand, dim?: number | Shape | null, keepdim?: boolean) => Floats;

const reduction = (name: string): Reduction =>
  taking<Reduction>(`F.${name}`, ALONG, (x: Tensor, dim?: Shape, keepdim?: boolean) => reduced(name, x, dim, keepdim, name));

/** The sum over `dim`, a dimension or several, all unless given, which go away unless `keepdim`. As `torch.sum`. */
export const sum: Reduction = reduction('sum');

/** The mean over `dim`, a dimension or several, all unless given, which go away unless `keepdim`. As `torch.mean`. */
export const mean: Reduction = reduction('mean');

/** The largest over `dim`, a dimension or several, all unless given, which go away unless `keepdim`; NaN where one is. As `torch.amax`. */
export const amax: Reduction = reduction('amax');

/** The smallest over `dim`, a dimension or several, all unless given, which go away unless `keepdim`; NaN where one is. As `torch.amin`. */
export const amin: Reduction = reduction('amin');

interface VarianceOptions {
  /** What is taken from the number of elements to divide by: 1 unless given, 0 for the mean of squares. */
  correction?: 0 | 1;
  keepdim?: boolean;
}
type Variance = (input: Operand, dim?: number | Shape | null, options?: VarianceOptions) => Floats;
const CORRECTED = {
  ...INPUT,
  dim: optional(WHOLES),
  correction: named({ ...WHOLE, read: (value: unknown) => (value === 0 || value === 1 ? value : undefined), expected: '0 or 1' }),
  keepdim: named(FLAG),
};

const variance = (x: Tensor, dim: Shape | undefined, correction: number, keepdim: boolean | undefined, what: string): Floats =>
  reduced(correction === 0 ? 'var_biased' : 'var', x, dim, keepdim, what);

const varianceOf = taking<Variance>('F.var', CORRECTED, (x: Tensor, dim?: Shape, correction = 1, keepdim?: boolean) =>
  variance(x, dim, correction, keepdim, 'var'),
);

export {
  /** The variance over `dim`, a dimension or several, all unless given: of a sample unless `correction` is 0. As `torch.var`. */
  varianceOf as var,
};

/** The root of the variance over `dim`, a dimension or several, all unless given: of a sample unless `correction` is 0. As `torch.std`. */
export const std = taking<Variance>('F.std', CORRECTED, (x: Tensor, dim?: Shape, correction = 1, keepdim?: boolean) =>
  sqrt(variance(x, dim, correction, keepdim, 'std')),
);

type Question = (input: Operand, dim?: number | Shape | null, keepdim?: boolean) => Tensor<'int32'>;
const question = (name: string, of: string): Question =>
  taking<Question>(`F.${name}`, ALONG, (x: Tensor, dim?: Shape, keepdim?: boolean) => ne(reduced(of, ne(x, 0), dim, keepdim, name), 0));

/** 1 where no element over `dim`, a dimension or several, all unless given, is 0; 0 elsewhere: int32. As `torch.all`. */
export const all: Question = question('all', 'amin');

/** 1 where an element over `dim`, a dimension or several, all unless given, is not 0; 0 elsewhere: int32. As `torch.any`. */
export const any: Question = question('any', 'amax');

/** The sums of the elements up to each along dimension `dim`: the shape of x. As `torch.cumsum`. */
export const cumsum = taking<(input: Operand, dim: number) => Floats>('F.cumsum', { ...INPUT, dim: WHOLE }, (x: Tensor, along: number) => {
  const dim = dimension(x.shape, along, 'cumsum');
  return withBack(apply('cumsum', { x: withLast(x, [dim]) }), dim) as Floats;
});

type Place = (input: Operand, dim?: number, keepdim?: boolean) => Tensor<'int32'>;
const PLACE = { ...INPUT, dim: optional(WHOLE), keepdim: optional(FLAG) };

/** Where along a dimension, the last unless given, the first largest element stands. */
function placed(x: Tensor, dim: number, keepdim: boolean, what: string): Tensor<'int32'> {
  const at = dimension(x.shape, dim, what);
  const largest = apply<'int32'>('argmax', { x: withLast(x, [at]) });
  return keepdim ? largest.reshape(x.shape.with(at, 1)) : largest;
}

/** Where along `dim`, the last unless given, the first largest element stands: int32, without that dimension unless `keepdim`. As `torch.argmax`. */
export const argmax = taking<Place>('F.argmax', PLACE, (x: Tensor, dim = -1, keepdim = false) => placed(x, dim, keepdim, 'argmax'));

/** Where along `dim`, the last unless given, the first smallest element stands: int32, without that dimension unless `keepdim`. As `torch.argmin`. */
export const argmin = taking<Place>('F.argmin', PLACE, (x: Tensor, dim = -1, keepdim = false) => placed(neg(x), dim, keepdim, 'argmin'));

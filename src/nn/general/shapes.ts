import { TraceletError } from '../../base/error.ts';
import { kind } from '../../base/schema.ts';
import { optional, TENSOR, taking, WHOLE, WHOLES } from '../../tensor/arguments.ts';
import type { DType } from '../../tensor/dtype.ts';
import { dimension, type Shape, type Tensor } from '../../tensor/tensor.ts';
import { apply } from '../executor.ts';
import { aroundOf, sliced } from '../views.ts';
import { type OfList, ofList } from './axes.ts';

/** Ops that repeat, join and cut tensors and compute nothing. They keep whole numbers of 32 bits and floats as they are. */

const INPUT = { input: TENSOR };

/** Dimensions that the kernel runs through. */
const DIMENSIONS = 4;

/** A tensor of four dimensions repeated along those of 1. */
const repeatedTo = (x: Tensor, [d0, d1, d2, d3]: Shape): Tensor => apply<DType>('expand', { x }, { d0, d1, d2, d3 });

function expanded(x: Tensor, sizes: Shape, what: string): Tensor {
  const own = [...new Array(Math.max(sizes.length - x.shape.length, 0)).fill(1), ...x.shape];
  const shape = sizes.map((size, i) => (size === -1 ? own[i] : size));
  const fits = own.length === shape.length && own.every((size, i) => size === shape[i] || size === 1) && shape.every((size) => size >= 0);
  if (!fits) throw new TraceletError('shape', { what, expected: `[${x.shape}] but for dimensions of 1`, got: `[${sizes}]` });
  const lead = DIMENSIONS - shape.length;
  if (lead >= 0) {
    const ones = new Array(lead).fill(1);
    return repeatedTo(x.reshape([...ones, ...own]), [...ones, ...shape]).reshape(shape);
  }
  return shape.reduce((made, size, dim) => {
    if (own[dim] === size) return made;
    const [outer, , inner] = aroundOf(made, dim).shape;
    return repeatedTo(made.reshape([outer, 1, inner, 1]), [outer, size, inner, 1]).reshape(made.shape.with(dim, size));
  }, x.reshape(own));
}

/**
 * x repeated along dimensions of 1, and along new ones before the first, to `shape`, in which -1 keeps a dimension as it is. As
 * `torch.Tensor.expand`, but in memory of its own.
 */
export const expand: OfList = ofList('expand', (x, shape) => expanded(x, shape, 'expand'));

/** x repeated along dimensions of 1, and along new ones before the first, to `shape`. As `torch.broadcast_to`. */
export const broadcast_to: OfList = ofList('broadcast_to', (x, shape) => expanded(x, shape, 'broadcast_to'));

/** x [..., n, ...] as [..., times, n, ...], or with `inner` as [..., n, times, ...], and the two as one dimension. */
function copies(x: Tensor, dim: number, times: number, inner: boolean): Tensor {
  const [outer, size, rest] = aroundOf(x, dim).shape;
  const [from, to] = inner
    ? [[outer, size, 1, rest], [outer, size, times, rest]] // biome-ignore format: a pair
    : [[outer, 1, size, rest], [outer, times, size, rest]]; // biome-ignore format: a pair
  return repeatedTo(x.reshape(from), to).reshape(x.shape.with(dim, size * times));
}

const TIMES = kind<number>('a whole number from 1', (value) => Number.isInteger(value) && (value as number) > 0);

/** x so many times along each dimension, new ones before the first where there are more numbers. As `torch.Tensor.repeat`. */
export const repeat: OfList = ofList('repeat', (x, times) => {
  if (times.length < x.shape.length || !times.every((each) => each >= 1))
    throw new TraceletError('value', { what: 'repeat', expected: `${x.shape.length} whole numbers from 1, or more`, got: `[${times}]` });
  const lead = x.reshape([...new Array(times.length - x.shape.length).fill(1), ...x.shape]);
  return times.reduce((made, each, dim) => (each === 1 ? made : copies(made, dim, each, false)), lead);
});

/** Each element of dimension `dim`, the first unless given, `repeats` times, one beside the other. As `torch.repeat_interleave`. */
export const repeat_interleave = taking<<D extends DType>(input: Tensor<D>, repeats: number, dim?: number) => Tensor<D>>(
  'F.repeat_interleave',
  { ...INPUT, repeats: TIMES, dim: optional(WHOLE) },
  (x: Tensor, repeats: number, dim = 0) => copies(x, dimension(x.shape, dim, 'repeat_interleave'), repeats, true) as never,
);

/** Parts of dimension `dim` of these sizes, one behind the other. */
function cut<D extends DType>(x: Tensor<D>, sizes: readonly number[], dim: number, what: string): Tensor<D>[] {
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return sliced(x, dim, at - size, at, what);
  });
}

/** Sizes of parts of `size`, the last of them of what is left. */
const sizesOf = (whole: number, size: number): number[] =>
  Array.from({ length: Math.ceil(whole / size) }, (_, i) => Math.min(size, whole - i * size));

/** Parts of dimension `dim`, the first unless given: of a size, the last one of what is left, or of sizes that add up to it. As `torch.split`. */
export const split = taking<<D extends DType>(input: Tensor<D>, split_size_or_sections: number | Shape, dim?: number) => Tensor<D>[]>(
  'F.split',
  { ...INPUT, split_size_or_sections: WHOLES, dim: optional(WHOLE) },
  (x: Tensor, sections: Shape, along = 0) => {
    const dim = dimension(x.shape, along, 'split');
    const whole = x.shape[dim];
    const sizes = sections.length === 1 && sections[0] > 0 ? sizesOf(whole, sections[0]) : sections;
    if (sizes.reduce((sum, size) => sum + size, 0) !== whole)
      throw new TraceletError('shape', { what: 'split', expected: `sizes that add up to ${whole}`, got: `[${sections}]` });
    return cut(x, sizes, dim, 'split') as never;
  },
);

/** At most `chunks` parts of one size along dimension `dim`, the first unless given, the last one of what is left. As `torch.chunk`. */
export const chunk = taking<<D extends DType>(input: Tensor<D>, chunks: number, dim?: number) => Tensor<D>[]>(
  'F.chunk',
  { ...INPUT, chunks: TIMES, dim: optional(WHOLE) },
  (x: Tensor, chunks: number, along = 0) => {
    const dim = dimension(x.shape, along, 'chunk');
    return cut(x, sizesOf(x.shape[dim], Math.ceil(x.shape[dim] / chunks)), dim, 'chunk') as never;
  },
);

/** The tensors along dimension `dim`, the first unless given, which goes away. As `torch.unbind`. */
export const unbind = taking<<D extends DType>(input: Tensor<D>, dim?: number) => Tensor<D>[]>(
  'F.unbind',
  { ...INPUT, dim: optional(WHOLE) },
  (x: Tensor, along = 0) => {
    const dim = dimension(x.shape, along, 'unbind');
    const rest = x.shape.toSpliced(dim, 1);
    return cut(x, new Array(x.shape[dim]).fill(1), dim, 'unbind').map((part) => part.reshape(rest)) as never;
  },
);

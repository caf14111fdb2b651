import { TraceletError } from '../base/error.ts';
import { stridesOf } from '../tensor/shape.ts';
import { type Shape, sameShape, sizeOf } from '../tensor/tensor.ts';
import { isFloating } from './dtypes.ts';
import { axisOf, extentOf, repeatedSteps, resolved, restepped, type Steps } from './geometry.ts';
import { elementsOf, isForm, type Knowledge, movedKnowledge, sourceOf, tableOf, uniformForm } from './knowledge.ts';
import { geometryOf, isWhole, made, type Node, viewed } from './node.ts';

/** Ops that show elements of their operand in another way and compute nothing. All answer with views, or with constants of constants. */

interface Move {
  shape: Shape;
  /** Steps once it is moved; `spare` says those of a dimension of size 1 that comes in. Undefined where no steps say it. */
  steps(steps: Steps, spare: Spare): Steps | undefined;
  /** What is added to the place of the first element. */
  start?(steps: Steps): number;
  narrows?: boolean;
}

type Spare = (next: number | undefined, size: number) => number;

/** In memory, a dimension of size 1 has the stride that it would have were it longer; a form does not change along it. */
const IN_MEMORY: Spare = (next, size) => (next === undefined ? 1 : next * size);
const IN_FORM: Spare = () => 0;

const knownMoved = (known: Knowledge | undefined, move: Move): Knowledge | undefined =>
  known &&
  movedKnowledge(
    known,
    (steps) => move.steps(steps, IN_FORM),
    (steps) => move.start?.(steps) ?? 0,
  );

function moved(node: Node, move: Move): Node {
  const { shape, narrows = false } = move;
  const known = knownMoved(node.known, move);
  if (node.kind === 'constant') {
    if (known) return { ...node, shape, known, wrapped: undefined };
    return { ...node, shape, known: tableOf(elementsOf(node.known, node.shape), shape), wrapped: undefined };
  }
  const geometry = geometryOf(node);
  const strides = move.steps(geometry.strides, IN_MEMORY);
  if (!strides) return moved(copied(node), move);
  const start = geometry.start + (move.start?.(geometry.strides) ?? 0);
  return viewed({ base: geometry.base, start, strides, narrowed: geometry.narrowed || narrows }, shape, known);
}

/** The elements in their order in memory of their own. */
export const copied = (node: Node): Node => made('copy', node.dtype, node.shape, [node], {}, node.known);

/** As `torch.reshape`. One size may be -1. */
export function reshape(node: Node, wanted: readonly number[]): Node {
  const shape = resolved(wanted, sizeOf(node.shape), 'view');
  if (sameShape(shape, node.shape)) return node;
  const move: Move = { shape, steps: (steps, spare) => restepped(node.shape, steps, shape, spare) };
  if (node.kind === 'constant') return moved(node, move);
  const geometry = geometryOf(node);
  if (!isWhole(geometry, node.shape)) return moved(node, move);
  return viewed({ ...geometry, strides: stridesOf(shape) }, shape, knownMoved(node.known, move));
}

/** As `torch.permute`. */
export function permute(node: Node, dims: readonly number[]): Node {
  const rank = node.shape.length;
  const order = dims.map((dim) => axisOf(dim, rank, 'permute'));
  if (new Set(order).size !== rank || order.length !== rank)
    throw new TraceletError('shape', { what: 'permute', expected: `an order of ${rank} dimensions`, got: `[${dims}]` });
  return moved(node, { shape: order.map((dim) => node.shape[dim]), steps: (steps) => order.map((dim) => steps[dim]) });
}

/** As `torch.transpose`. */
export function transpose(node: Node, dim0: number, dim1: number): Node {
  const rank = node.shape.length;
  if (rank === 0) return node;
  const [a, b] = [axisOf(dim0, rank, 'transpose'), axisOf(dim1, rank, 'transpose')];
  const order = node.shape.map((_, i) => (i === a ? b : i === b ? a : i));
  return permute(node, order);
}

/** As `torch.unsqueeze`. */
export function unsqueeze(node: Node, dim: number): Node {
  const at = axisOf(dim, node.shape.length + 1, 'unsqueeze');
  const next = node.shape[at];
  return moved(node, {
    shape: node.shape.toSpliced(at, 0, 1),
    steps: (steps, spare) => steps.toSpliced(at, 0, at === 0 ? spare(extentOf(steps, node.shape), 1) : spare(steps[at], next)),
  });
}

/** As `torch.squeeze`: without those of `dims` that have size 1, or without all of that size. */
export function squeeze(node: Node, dims?: readonly number[]): Node {
  const axes = dims?.map((dim) => axisOf(dim, Math.max(node.shape.length, 1), 'squeeze'));
  const kept = [...node.shape.keys()].filter((i) => node.shape[i] !== 1 || (axes && !axes.includes(i)));
  return moved(node, { shape: kept.map((i) => node.shape[i]), steps: (steps) => kept.map((i) => steps[i]) });
}

/** Elements `begin`, `begin + step`, … below `end` of a dimension, both within it. */
function cut(node: Node, axis: number, begin: number, end: number, step = 1): Node {
  const shape = node.shape.with(axis, Math.max(0, Math.ceil((end - begin) / step)));
  if (sizeOf(shape) === 0) return { kind: 'constant', dtype: node.dtype, shape, known: uniformForm(shape, 0) };
  return moved(node, {
    shape,
    steps: (steps) => steps.map((each, i) => (i === axis ? each * step : each)),
    start: (steps) => begin * steps[axis],
    narrows: true,
  });
}

/** Where Python's slices of `size` elements begin and end. */
export const clipped = (at: number, size: number): number => Math.min(size, Math.max(0, at < 0 ? at + size : at));

/** As `node[begin:end:step]` along `dim`. */
export function slice(node: Node, dim: number, begin: number | null, end: number | null, step: number): Node {
  const axis = axisOf(dim, node.shape.length, 'slice');
  const toEnd = end === null || end >= 2 ** 62;
  if ((begin ?? 0) === 0 && toEnd && step === 1) return node;
  if (!(step >= 1)) throw new TraceletError('value', { what: 'slice', expected: 'a step above 0', got: `${step}` });
  const size = node.shape[axis];
  const first = clipped(begin ?? 0, size);
  return cut(node, axis, first, Math.max(first, toEnd ? size : clipped(end, size)), step);
}

/** As `torch.narrow`. */
export function narrow(node: Node, dim: number, start: number, length: number): Node {
  const axis = axisOf(dim, node.shape.length, 'narrow');
  const begin = start < 0 ? start + node.shape[axis] : start;
  if (begin < 0 || length < 0 || begin + length > node.shape[axis])
    throw new TraceletError('shape', {
      what: 'narrow',
      expected: `a range within dimension ${dim} of [${node.shape}]`,
      got: `${start}, ${length}`,
    });
  return cut(node, axis, begin, begin + length);
}

/** Whether a part is the first or last row of each sequence of what an op made, which a trace can compute alone; at any size, as no view would say. */
const isToken = ({ kind, shape, dtype }: Node, axis: number, index: number): boolean =>
  kind === 'made' && shape.length === 3 && axis === 1 && (index === 0 || index === -1) && isFloating(dtype);

/** As `torch.select`. */
export function select(node: Node, dim: number, index: number): Node {
  const axis = axisOf(dim, node.shape.length, 'select');
  const at = index < 0 ? index + node.shape[axis] : index;
  if (at < 0 || at >= node.shape[axis])
    throw new TraceletError('shape', { what: 'select', expected: `an index within dimension ${dim} of [${node.shape}]`, got: `${index}` });
  if (isToken(node, axis, index)) return made('select', node.dtype, node.shape.toSpliced(axis, 1), [node], { dim: axis, index });
  const one = cut(node, axis, at, at + 1);
  return moved(one, { shape: one.shape.toSpliced(axis, 1), steps: (steps) => steps.toSpliced(axis, 1) });
}

/** Parts of `sizes` along a dimension, one behind the other. */
export function parts(node: Node, sizes: readonly number[], dim: number): Node[] {
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return narrow(node, dim, at - size, size);
  });
}

const MOST_PARTS = 65_536;

/** How many parts a tensor is cut into. Throws a `value` error for more than memory is meant for. */
function partsOf(count: number, what: string): number {
  if (count <= MOST_PARTS) return count;
  throw new TraceletError('value', { what, expected: `at most ${MOST_PARTS} parts`, got: `${count}` });
}

/** As `torch.unbind`: 65,536 parts at most. */
export function unbind(node: Node, dim: number): Node[] {
  const count = partsOf(node.shape[axisOf(dim, node.shape.length, 'unbind')], 'unbind');
  return Array.from({ length: count }, (_, i) => select(node, dim, i));
}

/** As `torch.split` with a size of parts: 65,536 at most. */
export function split(node: Node, size: number, dim: number): Node[] {
  const total = node.shape[axisOf(dim, node.shape.length, 'split')];
  if (!(size >= 1)) throw new TraceletError('value', { what: 'split', expected: 'a size above 0', got: `${size}` });
  const count = partsOf(Math.max(1, Math.ceil(total / size)), 'split');
  return parts(
    node,
    Array.from({ length: count }, (_, i) => Math.min(size, total - i * size)),
    dim,
  );
}

/** As `torch.expand`: -1 keeps a size. Throws PyTorch's sentence where sizes do not fit. */
export function expand(node: Node, sizes: readonly number[]): Node {
  const lead = sizes.length - node.shape.length;
  const to = sizes.map((size, i) => (size === -1 ? node.shape[i - lead] : size));
  to.forEach((size, i) => {
    const own = node.shape[i - lead];
    if (lead >= 0 && (i < lead || own === size || own === 1)) return;
    throw new TraceletError('shape', {
      sentence: `The expanded size of the tensor (${size}) must match the existing size (${own}) at non-singleton dimension ${i}`,
      what: 'expand',
      expected: `[${to}]`,
      got: `[${node.shape}]`,
      cure: 'Sizes that were written into a program hold for no other input: give one of the sizes that it was made for',
    });
  });
  if (sameShape(to, node.shape)) return node;
  return moved(node, { shape: to, steps: (steps) => repeatedSteps(node.shape, steps, to) });
}

/** Whether what is known of a node asks for no input. */
export const isKnown = (node: Node): boolean => node.known !== undefined && !sourceOf(node.known);

/** The elements of what is known, in order. */
export const numbersOf = (node: Node): Float64Array | undefined =>
  node.known && isKnown(node) ? elementsOf(node.known, node.shape) : undefined;

/** The form of what is known, where it has one. */
export const formOf = (node: Node) => (node.known && isForm(node.known) ? node.known : undefined);

import type { DType } from '../tensor/dtype.ts';
import { stridesOf } from '../tensor/shape.ts';
import { type Shape, sameShape, sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { Steps } from './geometry.ts';
import type { Knowledge } from './knowledge.ts';
import type { Site } from './values.ts';

interface Typed {
  readonly dtype: DType;
  readonly shape: Shape;
  /** What is known of its elements, where it is more than nothing. */
  readonly known?: Knowledge;
}

/** An input of the pass, or a parameter. */
export interface Leaf extends Typed {
  readonly kind: 'input' | 'stored';
  readonly tensor: Tensor;
  /** What an input is called. */
  readonly name?: string;
  /** Whether rows of a table are looked up by its elements, which are then no 0 and 1 of a mask. */
  looksUp?: true;
}

/** Numbers that follow from sizes alone. */
export interface Constant extends Typed {
  readonly kind: 'constant';
  readonly known: Knowledge;
  /** Whether it is a number of Python, which yields to tensors where dtypes meet. */
  readonly wrapped?: true;
}

/** Elements of `base`, which lies in row-major order, from place `start` on by `strides`. */
export interface View extends Typed {
  readonly kind: 'view';
  readonly base: Leaf | Made;
  readonly start: number;
  readonly strides: Steps;
  /** Whether it was cut out, even if at some sizes it is all there is. */
  readonly narrowed: boolean;
}

/** What an op makes of its operands. */
export interface Made extends Typed {
  readonly kind: 'made';
  readonly op: string;
  readonly operands: readonly Node[];
  readonly attributes: Attributes;
  /** What makes it, where its op alone does not say. */
  readonly make?: (...operands: Tensor[]) => Tensor;
  /** The call that made it first. */
  site?: Site;
}

/** What else decides what an op makes. */
export type Attributes = Readonly<Record<string, number | boolean | string | readonly number[] | undefined>>;

/** What an op of a program makes. Its elements are known only where they follow from sizes. */
export type Node = Leaf | Constant | View | Made;

/** Nodes made of a node, by all else that decides about them: what is the same is one node. */
const derived = new WeakMap<Node, Map<string, Node>>();
const numbers = new WeakMap<Node, number>();
let count = 0;

/** A number of each node. */
function numberOf(node: Node): number {
  const known = numbers.get(node) ?? ++count;
  numbers.set(node, known);
  return known;
}

/** What says which constant a node is: its number where it has one everywhere. */
const keyOf = (node: Node): string =>
  node.kind === 'constant' && 'linear' in node.known && node.known.linear?.slope === 0
    ? `${node.known.linear.start} ${node.dtype} ${node.shape}`
    : `#${numberOf(node)}`;

/** The node of `of` that `key` says, made once. */
function once<T extends Node>(of: Node, key: string, make: () => T): T {
  const known = derived.get(of) ?? new Map<string, Node>();
  derived.set(of, known);
  const node = (known.get(key) as T | undefined) ?? make();
  known.set(key, node);
  return node;
}

/** What `op` makes of `operands`. */
export function made(
  op: string,
  dtype: DType,
  shape: Shape,
  operands: readonly Node[],
  attributes: Attributes = {},
  known?: Knowledge,
): Made {
  const of = operands.find(({ kind }) => kind !== 'constant') ?? operands[0];
  const key = `${op} ${dtype} ${shape}; ${operands.map(keyOf)}; ${JSON.stringify(attributes)}`;
  return once(of, key, () => ({ kind: 'made', op, dtype, shape, operands, attributes, known }));
}

/** Whether it is what the op makes. */
export const isMade = (node: Node | undefined, op: string): node is Made => node?.kind === 'made' && node.op === op;

/** Where the elements of a node that is no constant lie. */
export interface Geometry {
  readonly base: Leaf | Made;
  readonly start: number;
  readonly strides: Steps;
  readonly narrowed: boolean;
}

export const geometryOf = (node: Leaf | View | Made): Geometry =>
  node.kind === 'view' ? node : { base: node, start: 0, strides: stridesOf(node.shape), narrowed: false };

/** Whether all elements of a base are seen in the order in which they lie, perhaps under another shape. */
export const isWhole = ({ base, start, strides, narrowed }: Geometry, shape: Shape): boolean =>
  !narrowed && start === 0 && sizeOf(shape) === sizeOf(base.shape) && stridesOf(shape).every((stride, i) => stride === strides[i]);

/** By which steps elements are known. Where a dimension is of one element, views that lie alike differ in them. */
const stepsOf = (known: Knowledge | undefined): string =>
  known && 'at' in known ? `${known.by} of ${known.source?.by}, ${known.second?.by}` : `${known?.by}`;

/** `geometry` as a node of this shape: the base itself where that is what it shows, and of a copy what was copied. */
export function viewed(geometry: Geometry, shape: Shape, known?: Knowledge): Node {
  const { base, start, strides, narrowed } = geometry;
  if (sameShape(shape, base.shape) && isWhole(geometry, shape)) return isMade(base, 'copy') ? base.operands[0] : base;
  const key = `view ${start} ${strides} ${narrowed} ${shape}; ${stepsOf(known)}`;
  return once(base, key, () => ({ kind: 'view', base, start, strides, narrowed, shape, dtype: base.dtype, known }));
}

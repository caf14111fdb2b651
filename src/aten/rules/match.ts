import { isFloating } from '../dtypes.ts';
import { uniformValue } from '../knowledge.ts';
import { isMade, type Made, type Node } from '../node.ts';

/** What patterns ask of nodes. */

/** The node without casts from floats to floats: all are computed in float32. */
export function uncast(node: Node): Node {
  let at = node;
  while (isMade(at, 'cast') && isFloating(at.dtype) && isFloating(at.operands[0].dtype)) at = at.operands[0];
  return at;
}

/** The node without casts of any kind. */
export function bare(node: Node): Node {
  let at = node;
  while (isMade(at, 'cast')) at = at.operands[0];
  return at;
}

/** Whether two nodes hold the same elements in the same order. */
export function same(a: Node, b: Node): boolean {
  const [x, y] = [uncast(a), uncast(b)];
  if (x === y) return true;
  if (x.kind !== 'view' || y.kind !== 'view' || !same(x.base, y.base)) return false;
  return x.start === y.start && `${x.shape}` === `${y.shape}` && `${x.strides}` === `${y.strides}`;
}

/** What an op makes, seen through casts of floats. */
export function madeBy(node: Node | undefined, ...ops: string[]): Made | undefined {
  const at = node && uncast(node);
  return ops.some((op) => isMade(at, op)) ? (at as Made) : undefined;
}

/** The number that all elements are. */
export const numberOf = (node: Node | undefined): number | undefined => node && uniformValue(node.known);

/** Whether a number that a program computed in float32 is the one meant. */
export const isNear = (value: number | undefined, meant: number): boolean =>
  value !== undefined && Math.abs(value - meant) <= 1e-6 * Math.abs(meant);

/** Both orders of two operands. */
export const eitherWay = ({ operands: [a, b] }: Made): [Node, Node][] => [
  [a, b],
  [b, a],
];

/** What a node is a product of: a number, and nodes. */
export interface Product {
  number: number;
  factors: Node[];
}

/** How far into a product patterns look. */
const DEEPEST = 6;

/** `node` as a product, through divisions by numbers and whole powers. */
export function productOf(node: Node, depth = 0): Product {
  const at = madeBy(node, 'mul', 'div', 'pow', 'neg', 'square');
  const value = numberOf(node);
  if (value !== undefined) return { number: value, factors: [] };
  if (!at || depth > DEEPEST) return { number: 1, factors: [uncast(node)] };
  const [a, b] = at.operands;
  const inner = productOf(a, depth + 1);
  const number = numberOf(b);
  if (at.op === 'neg') return { number: -inner.number, factors: inner.factors };
  if (at.op === 'square') return timesItself(inner, 2);
  if (at.op === 'pow')
    return (number === 2 || number === 3) && inner.factors.length < 3 ? timesItself(inner, number) : { number: 1, factors: [at] };
  if (at.op === 'div')
    return number === undefined ? { number: 1, factors: [at] } : { number: inner.number / number, factors: inner.factors };
  const other = productOf(b, depth + 1);
  return { number: inner.number * other.number, factors: [...inner.factors, ...other.factors] };
}

const timesItself = ({ number, factors }: Product, times: number): Product => ({
  number: number ** times,
  factors: Array.from({ length: times }, () => factors).flat(),
});

/** `node` as x + number, if it is. */
export function plusNumber(node: Node): { x: Node; number: number } | undefined {
  const sum = madeBy(node, 'add');
  for (const [x, added] of sum ? eitherWay(sum) : []) {
    const number = numberOf(added);
    if (number !== undefined) return { x, number };
  }
  return undefined;
}

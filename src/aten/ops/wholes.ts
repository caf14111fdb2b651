import { TraceletError } from '../../base/error.ts';
import { isFloating } from '../dtypes.ts';
import { uniformValue } from '../knowledge.ts';
import { expand } from '../moves.ts';
import type { Node } from '../node.ts';
import { byElement, whole } from '../pointwise.ts';
import type { OpTable, Overloads } from '../schema.ts';

/** Arithmetic of whole numbers, which are computed with as floats: exact up to 2²⁴. */

const EXACT = 2 ** 24;
const MOST_WHOLE = Number.MAX_SAFE_INTEGER;
/** Factors up to this one keep what is exact so. */
const SMALL = 1;

const modulo = (value: number, by: number): number => value - by * Math.floor(value / by);

/** x · factor modulo `by`, of x from 0 below `by`: by as many bits of the factor at a time as keep products exact. */
function product(x: Node, factor: number, by: number): Node {
  const base = 2 ** Math.floor(Math.log2(EXACT / by));
  const rest = (node: Node): Node => byElement('remainder', node, whole(by));
  const last = rest(byElement('mul', x, whole(factor % base)));
  if (factor < base) return last;
  return rest(byElement('add', rest(byElement('mul', product(x, Math.floor(factor / base), by), whole(base))), last));
}

const factorOf = ({ known }: Node): number | undefined => uniformValue(known);

/** Whether a product or sum may have come to more than is exact. */
function grows(node: Node, depth = 0): boolean {
  if (node.kind !== 'made' || isFloating(node.dtype) || depth > 20) return false;
  if (node.op !== 'mul' && node.op !== 'add' && node.op !== 'sub') return false;
  const factors = node.operands.map(factorOf).filter((factor) => factor !== undefined);
  return (node.op === 'mul' && factors.some((factor) => Math.abs(factor) > SMALL)) || node.operands.some((each) => grows(each, depth + 1));
}

/** `node` modulo `by`, each part of a sum of products by itself. */
function reduced(node: Node, by: number): Node {
  const plain = (): Node => byElement('remainder', node, whole(by));
  if (node.kind !== 'made' || !grows(node)) return plain();
  const [a, b] = node.operands;
  if (node.op !== 'mul') return byElement('remainder', byElement(node.op as 'add' | 'sub', reduced(a, by), reduced(b, by)), whole(by));
  const [x, factor] = factorOf(b) === undefined ? [b, factorOf(a)] : [a, factorOf(b)];
  if (factor === undefined) return plain();
  if (!Number.isInteger(factor) || Math.abs(factor) > MOST_WHOLE)
    throw new TraceletError('op', { what: 'remainder', expected: `factors up to ${MOST_WHOLE}`, got: `${factor}` });
  return expand(product(reduced(x, by), modulo(factor, by), by), node.shape);
}

/** As `torch.remainder`; of hashes, products that are more than floats hold exactly. */
export function remainder(self: Node, other: Node): Node {
  const by = factorOf(other);
  const divides = by !== undefined && Number.isInteger(by) && by > 0 && by <= EXACT / 2 && !isFloating(other.dtype);
  return divides && grows(self) ? reduced(self, by) : byElement('remainder', self, other);
}

/** x & mask where the mask is all bits below one: what division by that leaves. */
export function lowBits(self: Node, other: Node): Node | undefined {
  const mask = uniformValue(other.known);
  const isMask = mask !== undefined && mask > 0 && mask < EXACT / 2 && Number.isInteger(Math.log2(mask + 1));
  return isMask && self.kind !== 'constant' && self.dtype !== 'bool' ? remainder(self, whole(mask + 1)) : undefined;
}

const power = (node: Node): Node => byElement('pow', whole(2), node);

function needWhole(node: Node, op: string): void {
  if (isFloating(node.dtype)) throw new TraceletError('op', { what: op, expected: 'whole numbers', got: node.dtype });
}

const shifted = (op: string, by: 'mul' | 'floor_divide'): Overloads => [
  [
    'Value self, Value other',
    (self: Node, other: Node) => {
      needWhole(self, op);
      return byElement(by, self, power(other));
    },
  ],
];

/** Arithmetic of whole numbers. */
export const WHOLE_OPS: OpTable = {
  remainder: [['Value self, Value other', remainder]],
  bitwise_left_shift: shifted('bitwise_left_shift', 'mul'),
  bitwise_right_shift: shifted('bitwise_right_shift', 'floor_divide'),
  __lshift__: shifted('__lshift__', 'mul'),
  __rshift__: shifted('__rshift__', 'floor_divide'),
};

import { type Made, made, type Node } from '../node.ts';
import { isNear, madeBy, numberOf, plusNumber, productOf, same } from './match.ts';
import type { Rule, Rules } from './rule.ts';

/** Activations that programs spell out. */

const activation = (op: string, x: Node): Made => made(op, x.dtype, x.shape, [x]);

/** The other factor of a product of two, one of which is x. */
function besides(factors: readonly Node[], accept: (other: Node, x: Node) => boolean): Node | undefined {
  if (factors.length !== 2) return undefined;
  const [a, b] = factors;
  if (accept(a, b)) return b;
  return accept(b, a) ? a : undefined;
}

/** Whether `node` is number · x. */
function isTimes(node: Node, number: number, x: Node): boolean {
  const product = productOf(node);
  return isNear(product.number, number) && product.factors.length === 1 && same(product.factors[0], x);
}

/** Whether `node` is 1 + op(…), and what that op is given. */
function onePlus(node: Node, op: string): Node | undefined {
  const sum = plusNumber(node);
  return sum?.number === 1 ? madeBy(sum.x, op)?.operands[0] : undefined;
}

/** Whether `node` is √(2/π) · (x + 0.044715 · x³). */
function isTanhArgument(node: Node, x: Node): boolean {
  const { number, factors } = productOf(node);
  if (!isNear(number, Math.sqrt(2 / Math.PI))) return false;
  if (factors.length === 2) return factors.some((factor, i) => same(factors[1 - i], x) && isSquareTerm(factor, x));
  const sum = factors.length === 1 ? madeBy(factors[0], 'add') : undefined;
  return (sum?.operands ?? []).some((term, i) => same((sum as Made).operands[1 - i], x) && isPower(term, 3, x));
}

const isSquareTerm = (node: Node, x: Node): boolean => {
  const sum = plusNumber(node);
  return sum?.number === 1 && isPower(sum.x, 2, x);
};

function isPower(node: Node, power: number, x: Node): boolean {
  const { number, factors } = productOf(node);
  return isNear(number, 0.044715) && factors.length === power && factors.every((factor) => same(factor, x));
}

const erfForm = (other: Node, x: Node): boolean => {
  const argument = onePlus(other, 'erf');
  return argument !== undefined && isTimes(argument, Math.SQRT1_2, x);
};

const tanhForm = (other: Node, x: Node): boolean => {
  const argument = onePlus(other, 'tanh');
  return argument !== undefined && isTanhArgument(argument, x);
};

const sigmoidForm =
  (number: number) =>
  (other: Node, x: Node): boolean => {
    const argument = madeBy(other, 'sigmoid')?.operands[0];
    return argument !== undefined && isTimes(argument, number, x);
  };

/** What x times another factor is, by the number before them. */
const FORMS: readonly { op: string; number: number; accept(other: Node, x: Node): boolean }[] = [
  { op: 'gelu', number: 0.5, accept: erfForm },
  { op: 'gelu_new', number: 0.5, accept: tanhForm },
  { op: 'silu', number: 1, accept: sigmoidForm(1) },
  { op: 'quick_gelu', number: 1, accept: sigmoidForm(1.702) },
];

/** x · 0.5 · (1 + erf(x / √2)) and its like. */
const spelled: Rule = (node) => {
  const { number, factors } = productOf(node);
  for (const form of FORMS) {
    const x = isNear(number, form.number) ? besides(factors, form.accept) : undefined;
    if (x && `${x.shape}` === `${node.shape}`) return activation(form.op, x);
  }
  return undefined;
};

/** max(x, 0) */
const rectified: Rule = ({ operands: [x, least], shape }) =>
  numberOf(least) === 0 && `${x.shape}` === `${shape}` ? activation('relu', x) : undefined;

/** Rules for activations, by the op that stands last. */
export const ACTIVATION_RULES: Rules = { mul: [spelled], maximum: [rectified] };

import { isMade, type Made, made, type Node } from '../node.ts';
import { eitherWay, madeBy, numberOf, plusNumber, productOf, same, uncast } from './match.ts';
import type { Rule, Rules } from './rule.ts';

/** Norms that programs spell out. They are found without weight and bias, which join them after. */

/** Whether it is the mean of x over its last dimension, which stays as one. */
function isMean(node: Node, x: Node): boolean {
  const mean = madeBy(node, 'mean');
  return mean !== undefined && mean.attributes.keepdim === true && isLast(mean, x) && same(mean.operands[0], x);
}

const isLast = ({ attributes }: Made, x: Node): boolean => `${attributes.dims}` === `${x.shape.length - 1}`;

/** What the mean over the last dimension is of, if `node` is the mean of a square. */
function squareRooted(node: Node): { x: Node; mean: Made } | undefined {
  const mean = madeBy(node, 'mean');
  const square = mean && productOf(mean.operands[0]);
  if (square?.number !== 1 || square.factors.length !== 2 || !same(square.factors[0], square.factors[1])) return undefined;
  return { x: square.factors[0], mean: mean as Made };
}

/** What `node` divides by or, under `rsqrt`, multiplies with: the root of a sum with a number. */
function rootOf(node: Node, op: 'sqrt' | 'rsqrt'): { x: Node; number: number } | undefined {
  const root = madeBy(node, op);
  const half = op === 'sqrt' ? madeBy(node, 'pow') : undefined;
  if (root) return plusNumber(root.operands[0]);
  return half && numberOf(half.operands[1]) === 0.5 ? plusNumber(half.operands[0]) : undefined;
}

const norm = (op: string, x: Node, eps: number): Made =>
  made(op, x.dtype, x.shape, [x], { dims: [x.shape.at(-1) as number], eps, weight: false, bias: false });

/** Whether `node` is the variance of x over its last dimension, `centred` being x less its mean. */
function isVariance(node: Node, x: Node, centred: Node): boolean {
  const variance = madeBy(node, 'var');
  if (variance)
    return (
      variance.attributes.correction === 0 && variance.attributes.keepdim === true && isLast(variance, x) && same(variance.operands[0], x)
    );
  const squares = squareRooted(node);
  return squares !== undefined && isLast(squares.mean, x) && squares.mean.attributes.keepdim === true && same(squares.x, centred);
}

/** (x - mean) / root(variance + eps), or x / root(mean of squares + eps), of what is divided and the sum under the root. */
function normalised(numerator: Node, root: { x: Node; number: number } | undefined): Made | undefined {
  const centred = uncast(numerator);
  if (!root || !(root.number >= 0)) return undefined;
  if (isMade(centred, 'sub') && isMean(centred.operands[1], centred.operands[0]) && isVariance(root.x, centred.operands[0], centred))
    return norm('layer_norm', centred.operands[0], root.number);
  const squares = squareRooted(root.x);
  const fits = squares && squares.mean.attributes.keepdim === true && isLast(squares.mean, centred) && same(squares.x, centred);
  return fits ? norm('rms_norm', centred, root.number) : undefined;
}

const divided: Rule = ({ operands: [a, b] }) => normalised(a, rootOf(b, 'sqrt'));

const multiplied: Rule = (node) => {
  for (const [a, b] of eitherWay(node)) {
    const found = normalised(a, rootOf(b, 'rsqrt'));
    if (found) return found;
  }
  return undefined;
};

/** A norm without what comes after it, if `node` is one, and a parameter of its width. */
function joining(node: Made, ops: string[]): { norm: Made; parameter: Node } | undefined {
  for (const [a, b] of eitherWay(node)) {
    const found = madeBy(a, ...ops);
    if (found && isWide(b, found)) return { norm: found, parameter: b };
  }
  return undefined;
}

const isWide = (node: Node, { attributes: { dims } }: Made): boolean => uncast(node).kind === 'stored' && `${node.shape}` === `${dims}`;

const weighted: Rule = (node) => {
  const found = joining(node, ['layer_norm', 'rms_norm']);
  if (!found || found.norm.attributes.weight || found.norm.attributes.bias) return shifted(node);
  const { norm: inner, parameter } = found;
  return made(inner.op, node.dtype, inner.shape, [inner.operands[0], parameter], { ...inner.attributes, weight: true });
};

/** x / root · (1 + weight), as Gemma has it. */
function shifted(node: Made): Made | undefined {
  for (const [a, b] of eitherWay(node)) {
    const [found, sum] = [madeBy(a, 'rms_norm'), plusNumber(b)];
    if (found && !found.attributes.weight && sum?.number === 1 && isWide(sum.x, found))
      return made('rms_norm', node.dtype, found.shape, [found.operands[0], sum.x], { ...found.attributes, weight: true, offset: 1 });
  }
  return undefined;
}

const biased: Rule = (node) => {
  const found = joining(node, ['layer_norm']);
  if (!found?.norm.attributes.weight || found.norm.attributes.bias) return undefined;
  const { norm: inner, parameter } = found;
  return made('layer_norm', node.dtype, inner.shape, [...inner.operands, parameter], { ...inner.attributes, bias: true });
};

/** Rules for norms, by the op that stands last. */
export const NORM_RULES: Rules = { div: [divided], mul: [multiplied, weighted], add: [biased] };

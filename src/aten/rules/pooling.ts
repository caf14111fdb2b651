import { sizeOf } from '../../tensor/tensor.ts';
import { sourceOf } from '../knowledge.ts';
import { type Leaf, type Made, made, type Node } from '../node.ts';
import { eitherWay, isBit, madeBy, numberOf, same, uncast } from './match.ts';
import type { Rule, Rules } from './rule.ts';

/** Vectors of texts: means over tokens that a mask lets through, and vectors of length 1. */

/** The mask [batch, sequence] that `node` [batch, sequence, …] repeats for each column. */
function maskOf(node: Node): Leaf | undefined {
  const source = isBit(node) ? sourceOf(node.known) : undefined;
  const [batch, sequence] = node.shape;
  if (!source || source.input.looksUp || source.start !== 0 || sizeOf(source.input.shape) !== batch * sequence) return undefined;
  const steps = [sequence, 1, ...node.shape.slice(2).map(() => 0)];
  return source.by.every((step, i) => step === steps[i] || node.shape[i] === 1) ? source.input : undefined;
}

/** Whether `node` is a sum over the tokens of each text, which go away. */
const overTokens = (node: Node | undefined, op = 'sum'): Made | undefined => {
  const sum = madeBy(node, op);
  return sum && `${sum.attributes.dims}` === '1' && !sum.attributes.keepdim ? sum : undefined;
};

/** The mask whose tokens `node` counts in each text, at least a number that is above 0 and no more than 1. */
function counted(node: Node): Leaf | undefined {
  const most = madeBy(node, 'maximum');
  const least = most ? numberOf(most.operands[1]) : undefined;
  if (most && !(least !== undefined && least > 0 && least <= 1)) return undefined;
  const at = uncast(most?.operands[0] ?? node);
  const kept = madeBy(at, 'sum');
  const sum = overTokens(at) ?? (kept?.operands[0].shape.length === 2 && `${kept.attributes.dims}` === '1' ? kept : undefined);
  return sum && maskOf(uncast(sum.operands[0]));
}

const pool = (op: string, x: Node, mask?: Leaf): Made => made(op, x.dtype, [x.shape[0], x.shape[2]], [x], { mask });

/** sum(x · mask) / max(sum(mask), a little) */
const mean: Rule = ({ operands: [a, b] }) => {
  const masked = madeBy(overTokens(a)?.operands[0], 'mul');
  for (const [x, bits] of masked?.shape.length === 3 ? eitherWay(masked) : []) {
    const mask = maskOf(uncast(bits));
    if (mask && `${x.shape}` === `${masked?.shape}` && counted(b) === mask) return pool('mean_pool', uncast(x), mask);
  }
  return undefined;
};

/** max over tokens of x, the lowest number where mask is 0 */
const most: Rule = (node) => {
  const chosen = overTokens(node, 'amax') && madeBy(node.operands[0], 'where');
  if (chosen?.shape.length !== 3) return undefined;
  const [condition, a, b] = chosen.operands;
  const [mask, x, other] = [maskOf(uncast(condition)), a, b];
  if (mask && (numberOf(other) ?? 0) <= -1e4 && `${x.shape}` === `${chosen.shape}`) return pool('max_pool', uncast(x), mask);
  return undefined;
};

/** Length of x along its last dimension, with `keepdim`, at least a number. */
function lengthOf(node: Node): { x: Node; eps: number } | undefined {
  const at = uncast(node);
  const shown = at.kind === 'view' ? uncast(at.base) : at;
  const clamped = madeBy(shown, 'maximum');
  const eps = clamped ? numberOf(clamped.operands[1]) : 0;
  const root = madeBy(clamped?.operands[0] ?? shown, 'sqrt');
  const sum = madeBy(root?.operands[0], 'sum');
  const square = madeBy(sum?.operands[0], 'mul');
  if (!sum || !square || eps === undefined || !same(square.operands[0], square.operands[1])) return undefined;
  const [x] = square.operands;
  const isLast = `${sum.attributes.dims}` === `${x.shape.length - 1}` && sum.attributes.keepdim === true;
  return isLast && eps > 0 ? { x, eps } : undefined;
}

/** x / max(length of x, eps) */
const normalised: Rule = ({ operands: [a, b], dtype, shape }) => {
  const length = lengthOf(b);
  return length && same(length.x, a) ? made('normalize', dtype, shape, [uncast(a)], { eps: length.eps }) : undefined;
};

/** Rules for vectors of texts, by the op that stands last. */
export const POOLING_RULES: Rules = { div: [mean, normalised], amax: [most] };

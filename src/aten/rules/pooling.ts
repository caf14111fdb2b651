import { sizeOf } from '../../tensor/tensor.ts';
import { reshape } from '../moves.ts';
import { isMade, type Made, made, type Node } from '../node.ts';
import { byElement, whole } from '../pointwise.ts';
import { tokenMask } from './masks.ts';
import { madeBy, numberOf, same, uncast } from './match.ts';
import type { Rule, Rules } from './rule.ts';

/** Vectors of texts: means over tokens that a mask lets through, and vectors of length 1. */

/** Whether `node` is a sum over the tokens of each text, which go away. */
const overTokens = (node: Node | undefined, op = 'sum'): Made | undefined => {
  const sum = madeBy(node, op);
  return sum && `${sum.attributes.dims}` === '1' && !sum.attributes.keepdim ? sum : undefined;
};

/** The mask whose tokens `node` counts in each text, at least a number that is above 0 and no more than 1. */
function counted(node: Node): Node | undefined {
  const most = madeBy(node, 'maximum');
  const least = most ? numberOf(most.operands[1]) : undefined;
  if (most && !(least !== undefined && least > 0 && least <= 1)) return undefined;
  const at = uncast(most?.operands[0] ?? node);
  const kept = madeBy(at, 'sum');
  const sum = overTokens(at) ?? (kept?.operands[0].shape.length === 2 && `${kept.attributes.dims}` === '1' ? kept : undefined);
  return sum && tokenMask(uncast(sum.operands[0]));
}

/** Numbers that stand for tokens that are left out. */
const LOW = -1e4;

const pool = (op: string, x: Node, mask: Node): Made => made(op, x.dtype, [x.shape[0], x.shape[2]], [x, mask]);

/** sum(x · mask) / max(sum(mask), a little) */
const mean: Rule = ({ operands: [a, b] }) => {
  const masked = madeBy(overTokens(a)?.operands[0], 'masked');
  return masked && counted(b) === masked.operands[1] ? pool('mean_pool', uncast(masked.operands[0]), masked.operands[1]) : undefined;
};

/** max over tokens of x, a number below all others where mask is 0 */
const most: Rule = (node) => {
  const chosen = overTokens(node, 'amax') && madeBy(node.operands[0], 'where');
  if (chosen?.shape.length !== 3) return undefined;
  const [condition, a, b] = chosen.operands;
  for (const [x, low, seen] of [
    [a, b, 1],
    [b, a, 0],
  ] as const) {
    const mask = (numberOf(low) ?? 0) <= LOW && `${x.shape}` === `${chosen.shape}` ? tokenMask(uncast(condition), seen) : undefined;
    if (mask) return pool('max_pool', uncast(x), mask);
  }
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
  return isLast ? { x, eps } : undefined;
}

/** x / max(length of x, eps) */
const normalised: Rule = ({ operands: [a, b], dtype, shape }) => {
  const length = lengthOf(b);
  return length && same(length.x, a) ? made('normalize', dtype, shape, [uncast(a)], { eps: length.eps }) : undefined;
};

/** How many tensors are added one by one. */
const FEW = 16;

/** The sum or mean of a few tensors that were put beside one another for it. */
const ofStack: Rule = ({ op, operands: [stack], shape, attributes: { dims } }) => {
  const dim = (dims as number[])[0];
  const few = isMade(stack, 'cat') && stack.attributes.dim === dim && stack.operands.length <= FEW && `${dims}` === `${dim}`;
  if (!few || !stack.operands.every((each) => each.shape[dim] === 1 && sizeOf(each.shape) === sizeOf(shape))) return undefined;
  const sum = stack.operands.map((each) => reshape(each, shape)).reduce((a, b) => byElement('add', a, b));
  return op === 'sum' ? sum : byElement('div', sum, whole(stack.operands.length));
};

/** Rules for vectors of texts, by the op that stands last. */
export const POOLING_RULES: Rules = { div: [mean, normalised], amax: [most], sum: [ofStack], mean: [ofStack] };

import { stridesOf } from '../../tensor/shape.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { isFloating } from '../dtypes.ts';
import { isGeneral } from '../knowledge.ts';
import { expand, permute, reshape, transpose } from '../moves.ts';
import { isWhole, type Leaf, type Made, made, type Node, viewed } from '../node.ts';
import { byElement } from '../pointwise.ts';
import { bare, eitherWay, madeBy, numberOf, plusNumber, same, uncast } from './match.ts';
import type { Rule, Rules } from './rule.ts';

/** Products with weights, and what is a row of a table. */

/** The weight [out, in] of which `node` [in, out] is the transpose, or that lies as it is said to. */
function weightOf(node: Node): { weight: Leaf; transposed: boolean } | undefined {
  const at = uncast(node);
  if (at.shape.length !== 2) return undefined;
  if (at.kind === 'stored') return { weight: at, transposed: true };
  if (at.kind !== 'view' || at.base.kind !== 'stored' || at.narrowed || at.base.shape.length !== 2) return undefined;
  const isTransposed = at.strides[0] === 1 && at.strides[1] === at.base.shape[1] && at.shape[0] === at.base.shape[1];
  return isTransposed ? { weight: at.base, transposed: false } : undefined;
}

const product: Rule = ({ operands: [x, w], shape, dtype }) => {
  const found = weightOf(w);
  if (!found || uncast(x).kind === 'stored') return undefined;
  return onBase(made('linear', dtype, shape, [x, found.weight], { transposed: found.transposed }));
};

/** A product of rows of what is only seen under another shape, made where they lie. */
function onBase(node: Made): Node {
  const [x, ...others] = node.operands;
  const wide = node.shape.at(-1) as number;
  if (x.kind !== 'view' || !isWhole(x, x.shape) || x.base.shape.at(-1) !== x.shape.at(-1)) return node;
  const lifted = made(node.op, node.dtype, [...x.base.shape.slice(0, -1), wide], [x.base, ...others], node.attributes);
  return reshape(lifted, node.shape);
}

const linear: Rule = (node) => {
  const lifted = onBase(node);
  return lifted === node ? undefined : lifted;
};

/** Whether `node` is a parameter with a number for each of `width` columns. */
const isBias = (node: Node, width: number): boolean => uncast(node).kind === 'stored' && `${node.shape}` === `${width}`;

/** x · weightᵀ + bias */
const biased: Rule = (node) => {
  for (const [a, b] of eitherWay(node)) {
    const shown = uncast(a);
    const base = shown.kind === 'view' && isWhole(shown, shown.shape) ? shown.base : shown;
    const found = madeBy(base, 'linear');
    const width = node.shape.at(-1) as number;
    if (found?.operands.length !== 2 || found.shape.at(-1) !== width || !isBias(b, width) || `${a.shape}` !== `${node.shape}`) continue;
    return reshape(made('linear', node.dtype, found.shape, [...found.operands, b], found.attributes), node.shape);
  }
  return undefined;
};

/** Heads of rows with a parameter added that each of them has a part of, added to the rows. */
const headsBiased: Rule = (node) => {
  const [batch, heads, sequence, dim] = node.shape;
  for (const [a, b] of eitherWay(node)) {
    const [x, bias] = [uncast(a), uncast(b)];
    const isOfRows = x.kind === 'view' && x.shape.length === 4 && `${x.shape}` === `${node.shape}` && x.strides[1] < x.strides[2];
    if (!isOfRows || `${b.shape}` !== `${[1, heads, 1, dim]}` || bias.kind !== 'view' || bias.base.kind !== 'stored') continue;
    const parameter = reshape(permute(bias, [0, 2, 1, 3]), [heads * dim]);
    const sum = byElement('add', reshape(permute(x, [0, 2, 1, 3]), [batch, sequence, heads * dim]), parameter);
    return transpose(reshape(sum, [batch, sequence, heads, dim]), 1, 2);
  }
  return undefined;
};

/** What a view repeats for each sequence, if that is all it does. */
function repeated(node: Node): Node {
  if (node.kind !== 'view' || node.narrowed || node.start !== 0 || node.strides[0] !== 0) return node;
  const { base, shape, strides } = node;
  const [own, kept] = [stridesOf(base.shape), strides.slice(1)];
  const rows = base.shape.length === shape.length ? own.slice(1) : own;
  return `${rows}` === `${kept}` && sizeOf(base.shape) === sizeOf(shape.slice(1)) ? base : node;
}

/** Sums of so many tables are looked through. */
const FEW = 6;

/** Rows by ids that are the same for every sequence, for each sequence of `shape`. */
function forEach(node: Node, shape: readonly number[], depth = 0): Node | undefined {
  const found = madeBy(repeated(uncast(node)), 'embedding', 'add');
  if (!found || depth > FEW || `${found.shape}` === `${shape}` || found.shape.at(-1) !== shape.at(-1)) return undefined;
  if (found.op === 'add') {
    const both = found.operands.map((each) => forEach(each, shape, depth + 1));
    return both.every((each) => each !== undefined) ? made('add', found.dtype, shape, both) : undefined;
  }
  const [table, ids] = found.operands;
  return ids.kind === 'constant' ? made('embedding', found.dtype, shape, [table, expand(ids, shape.slice(0, -1))]) : undefined;
}

const broadened: Rule = (node) => {
  for (const [a, b] of eitherWay(node)) {
    const found = `${a.shape}` === `${node.shape}` ? forEach(b, node.shape) : undefined;
    if (found) return made('add', node.dtype, node.shape, a === node.operands[0] ? [a, found] : [found, a]);
  }
  return undefined;
};

/** The tokens of `ids` that are not padding, if `node` is 1 for each of them. */
function unpadded(node: Node): { ids: Node; pad: number } | undefined {
  const found = madeBy(bare(node), 'ne');
  const pad = found && numberOf(found.operands[1]);
  return found && pad !== undefined ? { ids: found.operands[0], pad } : undefined;
}

/** What is counted, through sums with 0. */
const counted = (node: Node): Made | undefined => {
  const at = bare(node);
  const sum = plusNumber(at);
  return madeBy(bare(sum?.number === 0 ? sum.x : at), 'cumsum');
};

/** cumsum(ids ≠ pad) · (ids ≠ pad) + pad: positions of tokens that are not padding, as RoBERTa counts them. */
const positions: Rule = (node) => {
  const sum = plusNumber(node);
  const times = sum && madeBy(bare(sum.x), 'mul');
  for (const [a, b] of times ? eitherWay(times) : []) {
    const [sums, mask] = [counted(a), unpadded(b)];
    const own = sums && unpadded(sums.operands[0]);
    if (!own || !mask || sums.attributes.dim !== sums.shape.length - 1 || own.pad !== mask.pad || !same(own.ids, mask.ids)) continue;
    if (sum?.number === own.pad) return made('positions', node.dtype, node.shape, [own.ids], { pad: own.pad });
  }
  return undefined;
};

/** Number · x of what is only seen in another order, made where it lies. */
const scaledBase: Rule = ({ op, operands: [x, factor], dtype, shape }) => {
  if (x.kind !== 'view' || x.narrowed || x.start !== 0 || sizeOf(shape) !== sizeOf(x.base.shape) || numberOf(factor) === undefined)
    return undefined;
  return viewed({ ...x, base: made(op, dtype, x.base.shape, [x.base, factor]) }, shape);
};

/** a + -1 · b */
const subtracted: Rule = (node) => {
  for (const [a, b] of eitherWay(node)) {
    const negative = madeBy(b, 'mul');
    const x = negative && numberOf(negative.operands[1]) === -1 ? negative.operands[0] : undefined;
    if (x && `${x.shape}` === `${b.shape}`) return byElement('sub', a, x);
  }
  return undefined;
};

/** x + 0, x · 1 and x / 1. */
const unchanged =
  (number: number): Rule =>
  ({ operands: [x, other], dtype, shape }) =>
    numberOf(other) === number && x.dtype === dtype && `${x.shape}` === `${shape}` && !(isGeneral() && isFloating(dtype)) ? x : undefined;

/** Rules for products with weights, rows of tables and numbers. */
export const LINEAR_RULES: Rules = {
  matmul: [product],
  linear: [linear],
  add: [unchanged(0), biased, headsBiased, positions, broadened, subtracted],
  mul: [unchanged(1), scaledBase],
  div: [unchanged(1), scaledBase],
};

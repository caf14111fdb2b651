import { TraceletError } from '../base/error.ts';
import { apply } from '../nn/executor.ts';
import * as F from '../nn/functional.ts';
import { transposedOf } from '../tensor/derived.ts';
import { Parameter } from '../tensor/parameter.ts';
import { sameShape, Tensor } from '../tensor/tensor.ts';
import { isFloating } from './dtypes.ts';
import { scalarOf } from './lower.ts';
import type { Attributes, Made, Node } from './node.ts';
import { POINTWISE } from './pointwise.ts';

/** What ops of `F` make what a node is. */

/** How to make a node: of tensors of `of`, which are its operands but for numbers. */
export interface Plan {
  readonly of: readonly Node[];
  make(...tensors: Tensor[]): Tensor;
}

type Emit = (attributes: Attributes, ...tensors: Tensor[]) => Tensor;

const FUNCTIONS = F as unknown as Readonly<Record<string, (...given: unknown[]) => Tensor>>;

/** The function of `F` with this name. Throws `op` errors where there is none. */
function functionOf(name: string): (...given: unknown[]) => Tensor {
  if (Object.hasOwn(FUNCTIONS, name)) return FUNCTIONS[name];
  throw new TraceletError('op', { what: `aten::${name}`, expected: 'an op that runs here', got: 'one that was not reduced to any' });
}

/** The mask of attention and pools over x [batch, sequence, …]. */
function over(mask: Tensor | undefined, { shape }: Tensor): Tensor | undefined {
  const lead = shape.slice(0, 2);
  return !mask || sameShape(mask.shape, lead) ? mask : mask.reshape(lead);
}

/** What attention is given beside queries, keys and values, in the order in which operands have it. */
const GIVEN = ['bias', 'pos_key', 'pos_query', 'mask'] as const;

function givenIn(attributes: Attributes, k: Tensor, given: readonly Tensor[]): { [name in (typeof GIVEN)[number]]?: Tensor } {
  const names = GIVEN.filter((name) => attributes[name]);
  const { mask, ...others } = Object.fromEntries(names.map((name, i) => [name, given[i]]));
  return { ...others, mask: over(mask, k) };
}

function optionsOf(attributes: Attributes, k: Tensor, given: readonly Tensor[]): F.AttentionOptions {
  const { heads, key_heads, scale, is_causal, window, is_cross } = attributes as unknown as F.AttentionOptions;
  const { mask, bias } = givenIn(attributes, k, given);
  return { heads, key_heads, scale, is_causal, window, is_cross, mask, bias };
}

function disentangledIn(attributes: Attributes, k: Tensor, given: readonly Tensor[]): F.DisentangledOptions {
  const { heads, scale } = attributes as unknown as F.DisentangledOptions;
  const { mask, pos_key, pos_query } = givenIn(attributes, k, given);
  return { heads, scale, mask, pos_key, pos_query };
}

/** Weight and bias of a norm among its operands. */
const affineOf = ({ weight, bias }: Attributes, given: readonly Tensor[]): [Tensor?, Tensor?] =>
  weight ? [given[0], given[1]] : [undefined, bias ? given[0] : undefined];

const along =
  (name: string): Emit =>
  ({ dim }, ...tensors) =>
    functionOf(name)(...tensors, dim);

const reducing =
  (name: string): Emit =>
  ({ dims, keepdim }, x) =>
    functionOf(name)(x, dims, keepdim);

const pooling =
  (pool: F.Pooled): Emit =>
  (_, x, mask) =>
    pool(x, over(mask, x));

/** A run of elements, but for how many they are. */
const ALONG = { d0: 1, d1: 1, d2: 1, s0: 0, s1: 0, s2: 0, s3: 1 };

const turned = (weight: Tensor): Tensor => (weight instanceof Parameter ? transposedOf(weight) : F.transpose(weight, 0, 1));

/** Ops that say more than a function by element. */
const EMITS: Readonly<Record<string, Emit>> = {
  linear: ({ transposed }, x, weight, bias) => F.linear(x, transposed ? turned(weight) : weight, bias),
  matmul: (_, a, b) => F.matmul(a, b),
  embedding: (_, table, ids) => F.embedding(ids, table),
  layer_norm: (attributes, x, ...given) => {
    const [weight, bias] = affineOf(attributes, given);
    return F.layer_norm(x, attributes.dims as number[], weight, bias, attributes.eps as number);
  },
  rms_norm: ({ dims, eps, offset = 0 }, x, weight) => F.rms_norm(x, dims as number[], weight, eps as number, { offset: offset as number }),
  attention: (attributes, q, k, v, ...given) =>
    attributes.disentangled
      ? F.disentangled_attention(q, k, v, disentangledIn(attributes, k, given))
      : F.attention(q, k, v, optionsOf(attributes, k, given)),
  attention_weights: (attributes, q, k, ...given) =>
    attributes.disentangled
      ? F.disentangled_attention_weights(q, k, disentangledIn(attributes, k, given))
      : F.attention_weights(q, k, optionsOf(attributes, k, given)),
  rows_by_distance: ({ ids, from }, table) => {
    const all = new Tensor('int32', [(ids as number[]).length], Int32Array.from(ids as number[]));
    const count = all.size - 2 * (from as number);
    return F.embedding(apply('strided', { x: all }, { offset: from as number, ...ALONG, d3: count }).reshape([count]), table);
  },
  distance_table: ({ buckets }, table) => {
    const ids = buckets as number[];
    return F.transpose(F.embedding(new Tensor('int32', [ids.length], Int32Array.from(ids)), table), 0, 1);
  },
  convolution: ({ groups, bias, mask }, x, weight, ...given) =>
    F.convolution(x, weight, bias ? given[0] : null, { groups: groups as number, mask: mask ? over(given.at(-1), x) : null }),
  masked: (_, x, mask) => F.masked(x, over(mask, x) as Tensor),
  counted: ({ pad }, ids) => F.counted(ids, pad as number),
  matches: ({ id }, ids) => F.matches(ids, id as number),
  differs: ({ id }, ids) => F.differs(ids, id as number),
  positions: ({ pad }, ids) => F.positions(ids, pad as number),
  rotations: ({ scaling }, positions, frequencies) => F.rotations(positions, frequencies, scaling as number),
  rotary: ({ heads, head_dim }, x, rotation) => F.apply_rotary(x, rotation, { heads: heads as number, head_dim: head_dim as number }),
  mean_pool: pooling(F.mean_pool),
  max_pool: pooling(F.max_pool),
  normalize: ({ eps }, x) => F.normalize(x, 2, -1, eps as number),
  gelu: (_, x) => F.gelu(x),
  gelu_new: (_, x) => F.gelu_new(x),
  quick_gelu: (_, x) => F.activation('quick_gelu', x),
  mish: (_, x) => F.activation('mish', x),
  softmax: along('softmax'),
  log_softmax: along('log_softmax'),
  cumsum: along('cumsum'),
  sum: reducing('sum'),
  mean: reducing('mean'),
  amax: reducing('amax'),
  amin: reducing('amin'),
  any: reducing('any'),
  all: reducing('all'),
  var: ({ dims, keepdim, correction }, x) => functionOf('var')(x, dims, { keepdim, correction }),
  argmax: ({ dims, keepdim }, x) => functionOf('argmax')(x, (dims as number[])[0], keepdim),
  argmin: ({ dims, keepdim }, x) => functionOf('argmin')(x, (dims as number[])[0], keepdim),
  cat: ({ dim }, ...tensors) => F.cat(tensors, dim as number),
  gather: ({ dim }, x, ids) => functionOf('gather')(x, dim, ids),
  index_select: ({ dim }, x, ids) => functionOf('index_select')(x, dim, ids),
  topk: ({ k, dim, largest }, x) => F.topk(x, k as number, dim as number, largest as boolean).indices,
  select: ({ dim, index }, x) => F.select(x, dim as number, index as number),
  copy: (_, x) => x,
};

const numberOf = (operand: Node): number | undefined => (operand.kind === 'constant' ? scalarOf(operand) : undefined);

/** The number that an operand of an op by element is, where one that is none has the shape without it. */
function numberIn(node: Made, at: number): number | undefined {
  const shaped = node.operands.some((operand) => sameShape(operand.shape, node.shape) && numberOf(operand) === undefined);
  return shaped ? numberOf(node.operands[at]) : undefined;
}

/** Number · x, of products and quotients. */
function scaling(node: Made): Plan | undefined {
  const [a, b] = node.operands;
  const [left, right] = [numberIn(node, 0), numberIn(node, 1)];
  if (!isFloating(node.dtype)) return undefined;
  if (node.op === 'div') return right ? { of: [a], make: (x) => F.scale(x, 1 / right) } : undefined;
  if (right !== undefined) return { of: [a], make: (x) => F.scale(x, right) };
  return left === undefined ? undefined : { of: [b], make: (x) => F.scale(x, left) };
}

/** A function by element, with numbers as numbers. */
function byElement(node: Made): Plan {
  const scaled = node.op === 'mul' || node.op === 'div' ? scaling(node) : undefined;
  if (scaled) return scaled;
  const numbers = node.operands.map((operand, i) => {
    const number = node.operands.length > 1 ? numberIn(node, i) : undefined;
    return number === undefined ? undefined : new Tensor(isFloating(operand.dtype) ? 'float32' : 'int32', [], [number]);
  });
  const of = node.operands.filter((_, i) => numbers[i] === undefined);
  return {
    of,
    make: (...tensors) => {
      const left = [...tensors];
      return functionOf(node.op)(...numbers.map((number) => number ?? left.shift()));
    },
  };
}

/** A dtype of the program as one that ops here make: 0 and 1 for booleans, int32 for whole numbers, float32 for all others. */
const asHeld = (x: Tensor, node: Node): Tensor => {
  const dtype = isFloating(node.dtype) ? 'float32' : 'int32';
  return x.dtype === dtype ? x : (x as Tensor).to(dtype);
};

function converted(node: Made): Plan {
  const [from] = node.operands;
  if (node.dtype === 'bool' && from.dtype !== 'bool') return { of: [from], make: (x) => functionOf('ne')(x, 0) };
  const cuts = isFloating(from.dtype) && !isFloating(node.dtype);
  return { of: [from], make: cuts ? (x) => functionOf('trunc')(x) : (x) => x };
}

/** How to make `node`. Throws `op` errors for what no op makes. */
export function planOf(node: Made): Plan {
  if (node.make) return { of: node.operands, make: node.make };
  const emit = EMITS[node.op];
  const plan = emit
    ? { of: node.operands, make: (...tensors: Tensor[]) => emit(node.attributes, ...tensors) }
    : node.op === 'cast'
      ? converted(node)
      : byElement(node);
  if (!emit && node.op !== 'cast' && node.op !== 'where' && !Object.hasOwn(POINTWISE, node.op)) functionOf(node.op);
  return { of: plan.of, make: (...tensors) => asHeld(plan.make(...tensors), node) };
}

import { TraceletError } from '../../base/error.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { isFloating } from '../dtypes.ts';
import { axisOf, broadcast } from '../geometry.ts';
import { expand, narrow, permute, reshape, transpose, unsqueeze } from '../moves.ts';
import type { Node } from '../node.ts';
import { byElement, castTo, chosenBy, counting, FUNCTIONS, filledWith } from '../pointwise.ts';
import type { OpTable } from '../schema.ts';
import { embedding, fromZero, gather, isEach, placeOf, within } from './gathering.ts';
import { product } from './multiplying.ts';
import { matmul } from './products.ts';
import { reduced } from './reductions.ts';

/** Ops that put elements where numbers say: what comes to a place is found by asking each number whether it means it. Of several the last one stays. */

const { add, mul, div, sub, gt, maximum, minimum } = FUNCTIONS;

/** [..., size, count]: whether each of the last `count` numbers means a place. */
const meant = (index: Node, size: number): Node => byElement('eq', unsqueeze(index, -2), unsqueeze(counting(size), -1));

/** How far into `count` numbers the last one stands that means a place, from 1 on; 0 where none does. */
const lastOf = (hits: Node, count: number): Node =>
  reduced('amax', chosenBy(hits, counting(count, 1), filledWith(0, 'int64', [])), [-1], false);

const least = (node: Node): Node => maximum(sub(castTo(node, 'int64'), filledWith(1, 'int64', [])), filledWith(0, 'int64', []));

/** Numbers and elements along the last dimension. */
interface Rows {
  self: Node;
  index: Node;
  source: Node;
}

type Put = (rows: Rows) => Node;

/** {@link Put} along `dim`, of as many elements as there are numbers. Throws a `shape` error where numbers leave out other parts of `self`. */
function along(self: Node, dim: number, index: Node, source: Node, put: Put): Node {
  if (self.shape.length === 0) return reshape(along(reshape(self, [1]), dim, reshape(index, [1]), reshape(source, [1]), put), []);
  const rank = self.shape.length;
  const axis = axisOf(dim, rank, 'scatter');
  const whole = self.shape.every((size, i) => i === axis || index.shape[i] === size);
  const enough = source.shape.length === rank && index.shape.every((size, i) => size <= source.shape[i]);
  if (index.shape.length !== rank || !whole || !enough)
    throw new TraceletError('op', {
      what: 'scatter',
      expected: `numbers [${self.shape}] but for dimension ${axis}, and as many elements`,
      got: `[${index.shape}] and [${source.shape}]`,
    });
  const part = index.shape.reduce((node, size, i) => (size === node.shape[i] ? node : narrow(node, i, 0, size)), source);
  const last = (node: Node): Node => transpose(node, axis, -1);
  return last(put({ self: last(self), index: last(index), source: castTo(last(part), self.dtype) }));
}

const replaced: Put = ({ self, index, source }) => {
  const last = lastOf(meant(index, self.shape.at(-1) as number), index.shape.at(-1) as number);
  return chosenBy(gt(last, 0), gather(source, -1, least(last)), self, self.dtype);
};

/** With one number at all places. */
const filled =
  (value: Node): Put =>
  ({ self, index }) =>
    chosenBy(reduced('any', meant(index, self.shape.at(-1) as number), [-1], false, 'bool'), value, self, self.dtype);

/** What comes of several elements at one place, of `empty` where there are none; and of that and what stood there. */
interface Joining {
  empty: number;
  join(node: Node): Node;
  meet(a: Node, b: Node): Node;
}

const JOININGS: Readonly<Record<string, Joining>> = {
  sum: { empty: 0, join: (node) => reduced('sum', node, [-1], false), meet: add },
  prod: { empty: 1, join: (node) => product(node, -1, false), meet: mul },
  amax: { empty: -Infinity, join: (node) => reduced('amax', node, [-1], false), meet: maximum },
  amin: { empty: Infinity, join: (node) => reduced('amin', node, [-1], false), meet: minimum },
};

const ALIASES: Readonly<Record<string, string>> = { add: 'sum', multiply: 'prod', mean: 'sum' };

function joined(reduce: string, include_self: boolean): Put {
  const name = Object.hasOwn(ALIASES, reduce) ? ALIASES[reduce] : reduce;
  if (!Object.hasOwn(JOININGS, name))
    throw new TraceletError('value', { what: 'scatter: reduce', expected: 'sum, prod, mean, amax or amin', got: reduce });
  const { empty, join, meet } = JOININGS[name];
  return ({ self, index, source }) => {
    const hits = meant(index, self.shape.at(-1) as number);
    const several = castTo(join(chosenBy(hits, unsqueeze(source, -2), filledWith(empty, self.dtype, []), self.dtype)), self.dtype);
    const some = reduced('any', hits, [-1], false, 'bool');
    const made = include_self ? meet(self, several) : chosenBy(some, several, self, self.dtype);
    if (reduce !== 'mean') return include_self && name.startsWith('a') ? chosenBy(some, made, self, self.dtype) : made;
    const count = reduced('sum', castTo(hits, 'float32'), [-1], false);
    const mean = div(made, maximum(add(count, Number(include_self)), 1));
    return castTo(isFloating(self.dtype) ? mean : byElement('floor', mean), self.dtype);
  };
}

/** {@link along}, of numbers that count from the beginning. */
function scatter(self: Node, dim: number, index: Node, source: Node, put: Put): Node {
  const size = self.shape.length === 0 ? 1 : self.shape[axisOf(dim, self.shape.length, 'scatter')];
  return along(self, dim, within(index, size), source, put);
}

const scalarLike = (value: Node, index: Node): Node => expand(value, index.shape);

/** Rows [n, width] with those of `source` [count, width] at the places that numbers say, from 0 on. */
function rowsPut(rows: Node, index: Node, source: Node, accumulate: boolean): Node {
  const [size, count] = [rows.shape[0], index.shape[0]];
  const hits = meant(within(index, size), size);
  if (accumulate) return add(rows, castTo(matmul(castTo(hits, 'float32'), castTo(source, 'float32')), rows.dtype));
  const last = lastOf(hits, count);
  return chosenBy(unsqueeze(gt(last, 0), 1), embedding(source, least(last)), rows, rows.dtype);
}

/** {@link rowsPut} along a dimension. */
function partsPut(self: Node, dim: number, index: Node, source: Node, accumulate: boolean): Node {
  const axis = axisOf(dim, self.shape.length, 'index_add');
  const first = (node: Node): Node => transpose(node, 0, axis);
  const [to, from] = [first(self), first(source)];
  const flat = (node: Node): Node => reshape(node, [node.shape[0], sizeOf(node.shape.slice(1))]);
  const put = rowsPut(flat(to), reshape(index, [sizeOf(index.shape)]), castTo(flat(from), self.dtype), accumulate);
  return first(reshape(put, to.shape));
}

/** `self` with values at the places that a tensor of whole numbers says for each of some dimensions. */
function putAt(self: Node, given: readonly (Node | null)[], values: Node, accumulate: boolean): Node {
  const at = given.flatMap((each, axis) => (each ? [axis] : []));
  const indices = at.map((axis) => given[axis] as Node);
  const others = [...self.shape.keys()].filter((axis) => !at.includes(axis));
  const lead = broadcast(
    indices.map(({ shape }) => shape),
    'index_put',
  );
  const rest = others.map((axis) => self.shape[axis]);
  const between = at[0] > 0 && at.every((axis, i) => axis === at[0] + i) ? at[0] : 0;
  const wide = expand(values, [...rest.slice(0, between), ...lead, ...rest.slice(between)]);
  const axes = [...wide.shape.keys()];
  const source = permute(wide, [
    ...axes.slice(between, between + lead.length),
    ...axes.slice(0, between),
    ...axes.slice(between + lead.length),
  ]);
  const order = [...at, ...others];
  const moved = permute(self, order);
  const put =
    indices.length === 2 && lead.length === 1 && isEach(indices[0], moved.shape[0])
      ? inEach(moved, expand(indices[1], lead), source, accumulate)
      : anywhere(moved, indices, lead, source, accumulate);
  return permute(
    put,
    order.map((_, axis) => order.indexOf(axis)),
  );
}

function anywhere(moved: Node, indices: readonly Node[], lead: readonly number[], source: Node, accumulate: boolean): Node {
  const [count, width] = [sizeOf(lead), sizeOf(moved.shape.slice(indices.length))];
  const rows = reshape(moved, [sizeOf(moved.shape.slice(0, indices.length)), width]);
  const places = reshape(expand(placeOf(moved.shape, indices), lead), [count]);
  return reshape(rowsPut(rows, places, castTo(reshape(source, [count, width]), moved.dtype), accumulate), moved.shape);
}

/** One part of each text: at any number of them. */
function inEach(moved: Node, at: Node, source: Node, accumulate: boolean): Node {
  const shape = moved.shape.with(1, 1);
  const places = reshape(
    within(fromZero(at, moved.shape[1]), moved.shape[1]),
    shape.map((size, axis) => (axis === 0 ? size : 1)),
  );
  return along(moved, 1, expand(places, shape), reshape(source, shape), accumulate ? joined('sum', true) : replaced);
}

const SCATTER = 'Tensor self, int dim, Tensor index';

/** `self` with one number where a mask is not 0. */
function masked(self: Node, mask: Node, value: Node): Node {
  const behind = new Array(self.shape.length - mask.shape.length).fill(1);
  return chosenBy(reshape(mask, [...mask.shape, ...behind]), reshape(value, []), self, self.dtype);
}

function indexPut(self: Node, given: readonly (Node | null)[], values: Node, accumulate: boolean): Node {
  const [mask, ...others] = given;
  if (mask?.dtype === 'bool' && others.length === 0 && sizeOf(values.shape) === 1 && !accumulate) return masked(self, mask, values);
  if (given.some((each) => each) && given.every((each) => each?.dtype !== 'bool')) return putAt(self, given, values, accumulate);
  throw new TraceletError('op', {
    what: 'aten::index_put',
    expected: 'elements at places that are whole numbers, or one number at those of one mask',
    got: given.map((each) => (each ? `${each.dtype} [${each.shape}]` : ':')).join(', '),
  });
}

/** Ops that put elements where numbers say. */
export const SCATTERING_OPS: OpTable = {
  scatter: [
    [`${SCATTER}, Tensor src`, (self: Node, dim: number, index: Node, src: Node) => scatter(self, dim, index, src, replaced)],
    [
      `${SCATTER}, Value value`,
      (self: Node, dim: number, index: Node, value: Node) => scatter(self, dim, index, scalarLike(value, index), filled(value)),
    ],
    [
      `${SCATTER}, Value value, *, str reduce`,
      (self: Node, dim: number, index: Node, value: Node, reduce: string) =>
        scatter(self, dim, index, expand(value, index.shape), joined(reduce, true)),
    ],
  ],
  scatter_add: [
    [`${SCATTER}, Tensor src`, (self: Node, dim: number, index: Node, src: Node) => scatter(self, dim, index, src, joined('sum', true))],
  ],
  scatter_reduce: [
    [
      `${SCATTER}, Tensor src, str reduce, *, bool include_self=True`,
      (self: Node, dim: number, index: Node, src: Node, reduce: string, include_self: boolean) =>
        scatter(self, dim, index, src, joined(reduce, include_self)),
    ],
  ],
  index_add: [
    [
      `${SCATTER}, Tensor source, *, Value alpha=1`,
      (self: Node, dim: number, index: Node, source: Node, alpha: Node) => partsPut(self, dim, index, mul(source, alpha), true),
    ],
  ],
  index_copy: [
    [`${SCATTER}, Tensor source`, (self: Node, dim: number, index: Node, source: Node) => partsPut(self, dim, index, source, false)],
  ],
  index_put: [['Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False', indexPut]],
  index_fill: [
    [
      `${SCATTER}, Value value`,
      (self: Node, dim: number, index: Node, value: Node) => {
        const axis = axisOf(dim, self.shape.length, 'index_fill');
        return partsPut(
          self,
          axis,
          fromZero(index, self.shape[axis]),
          expand(reshape(value, []), self.shape.with(axis, sizeOf(index.shape))),
          false,
        );
      },
    ],
  ],
};

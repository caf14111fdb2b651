import { TraceletError } from '../../base/error.ts';
import { stridesOf } from '../../tensor/shape.ts';
import { type Shape, sizeOf } from '../../tensor/tensor.ts';
import { axisOf, broadcast, placesOf, type Steps } from '../geometry.ts';
import { isForm, type Knowledge, movedKnowledge, sourceOf, tableOf, uniformForm, uniformValue } from '../knowledge.ts';
import { expand, isKnown, narrow, numbersOf, permute, reshape, squeeze, unsqueeze } from '../moves.ts';
import { isMade, made, type Node } from '../node.ts';
import { byElement, castTo, chosenBy, counting, FUNCTIONS, isWithin, knownAs, whole } from '../pointwise.ts';
import { simplified } from '../rules/rules.ts';
import type { OpTable } from '../schema.ts';
import { cat } from './joining.ts';

/** Ops that pick elements by numbers. */

const { lt, logical_and } = FUNCTIONS;

/** Rows of a table. Steps lead to them from there on where its rows are themselves of several dimensions. */
export function embedding(weight: Node, indices: Node): Node {
  const base = indices.kind === 'view' ? indices.base : indices;
  if (base.kind === 'input') base.looksUp = true;
  const [count, ...row] = weight.shape;
  const table = row.length === 1 ? weight : reshape(weight, [count, sizeOf(row)]);
  return reshape(made('embedding', weight.dtype, [...indices.shape, sizeOf(row)], [table, indices]), [...indices.shape, ...row]);
}

/**
 * What is known of node[indices]: of the elements at linear places the same as of the node, at the sum of these. Undefined where it has to be
 * looked up.
 */
function knownAt(node: Node, indices: readonly Node[], shape: Shape): Knowledge | undefined {
  const { known } = node;
  const forms = indices.map((index) => knownAs(index, shape));
  if (!known || !isForm(known) || indices.length !== node.shape.length) return undefined;
  const lines = forms.map((form) => (form && isForm(form) && !form.source ? form : undefined));
  if (!lines.every((form) => form?.linear)) return undefined;
  const along = (steps: Steps): Steps =>
    shape.map((_, dim) => lines.reduce((sum, form, i) => sum + steps[i] * (form?.by[dim] ?? 0) * (form?.linear?.slope ?? 0), 0));
  const start = (steps: Steps): number => lines.reduce((sum, form, i) => sum + steps[i] * (form?.linear?.start ?? 0), 0);
  return movedKnowledge(known, along, start);
}

/** node[indices], an index tensor for each of some dimensions: as in PyTorch, they come first unless they stand side by side. */
function index(node: Node, given: readonly (Node | null)[]): Node {
  const at = given.flatMap((each, axis) => (each ? [axis] : []));
  if (at.length === 0 || given.some((each) => each?.dtype === 'bool'))
    throw new TraceletError('op', {
      what: 'aten::index',
      expected: 'whole numbers for some dimensions',
      got: given.map((each) => (each ? `${each.dtype} [${each.shape}]` : ':')).join(', '),
    });
  const indices = at.map((axis) => given[axis] as Node);
  const others = [...node.shape.keys()].filter((axis) => !at.includes(axis));
  const rows = byRows(permute(node, [...at, ...others]), indices);
  const lead = rows.shape.length - others.length;
  const together = at.every((axis, i) => axis === at[0] + i);
  if (!together || at[0] === 0) return rows;
  const before = others.filter((axis) => axis < at[0]).length;
  const axes = [...rows.shape.keys()];
  return permute(rows, [...axes.slice(lead, lead + before), ...axes.slice(0, lead), ...axes.slice(lead + before)]);
}

/** node[indices], one index tensor for each of the first dimensions. */
function byRows(node: Node, indices: readonly Node[]): Node {
  const lead = broadcast(
    indices.map(({ shape }) => shape),
    'index',
  );
  const shape = [...lead, ...node.shape.slice(indices.length)];
  const known = knownAt(node, indices, lead) ?? lookedUp(node, indices, lead);
  if (known && !sourceOf(known)) return { kind: 'constant', dtype: node.dtype, shape, known };
  if (indices.length === 2 && lead.length === 1 && isEach(indices[0], node.shape[0])) return ofEach(node, expand(indices[1], lead));
  const table = reshape(node, [-1, sizeOf(node.shape.slice(indices.length))]);
  const ofRows =
    known &&
    movedKnowledge(
      known,
      (steps) => [...steps, 0],
      () => 0,
    );
  const rows = made('embedding', node.dtype, [...lead, table.shape[1]], [table, placeOf(node.shape, indices)], {}, ofRows);
  return indices.length === node.shape.length ? squeeze(rows, [-1]) : reshape(rows, shape);
}

/** 0, 1, … of a dimension of that size. */
export const isEach = ({ known, shape }: Node, size: number): boolean => {
  const line = known && isForm(known) && !known.source ? known.linear : undefined;
  return line?.start === 0 && line.slope === 1 && shape.length === 1 && shape[0] === size && known?.by[0] === 1;
};

/** The part of each text that a number says: at any length of them. The last one stands before the first as well, where -1 finds it. */
function ofEach(node: Node, at: Node): Node {
  const [batch, length, ...rest] = node.shape;
  const counted = isMade(at, 'argmax')
    ? { x: node, at }
    : { x: cat([narrow(node, 1, length - 1, 1), node], 1), at: byElement('add', at, whole(1)) };
  const rows = permute(reshape(counted.x, [batch, counted.x.shape[1], sizeOf(rest)]), [0, 2, 1]);
  const places = expand(reshape(counted.at, [batch, 1, 1]), [batch, sizeOf(rest), 1]);
  return reshape(gather(rows, 2, places), [batch, ...rest]);
}

/** Rows are numbered in floats. */
const MOST_ROWS = 2 ** 24;

/** Which row of `shape` an index for each of its first dimensions means. Throws an `op` error for more rows than floats can number. */
export function placeOf(shape: Shape, indices: readonly Node[]): Node {
  const rows = sizeOf(shape.slice(0, indices.length));
  if (indices.length > 1 && rows > MOST_ROWS)
    throw new TraceletError('op', { what: 'an index', expected: `one into at most ${MOST_ROWS} rows`, got: `into ${rows}` });
  const places = indices.map((each, dim) => fromZero(each, shape[dim]));
  const place = places
    .map((each, dim) => byElement('mul', each, whole(sizeOf(shape.slice(dim + 1, indices.length)))))
    .reduce((sum, each) => byElement('add', sum, each));
  const unsure = places.length > 1 ? places.flatMap((each, dim) => (isKnown(each) ? [] : [isWithin(each, shape[dim])])) : [];
  return unsure.length > 0
    ? chosenBy(
        unsure.reduce((all, each) => logical_and(all, each)),
        place,
        whole(-1),
        'int64',
      )
    : place;
}

/** Places that may count from the end as those from the beginning. One that is out of range stays so. Throws a `shape` error where that is known. */
export function fromZero(at: Node, size: number): Node {
  const known = numbersOf(at);
  if (!known) return chosenBy(lt(at, 0), byElement('add', at, whole(size)), at, at.dtype);
  for (const place of known) wrappedIndex(place, size);
  return byElement('remainder', at, whole(size));
}

function lookedUp(node: Node, indices: readonly Node[], lead: Shape): Knowledge | undefined {
  const [values, ...at] = [node.kind === 'constant' ? numbersOf(node) : undefined, ...indices.map((each) => numbersOf(expand(each, lead)))];
  if (!values || indices.length !== node.shape.length || at.some((each) => !each)) return undefined;
  const steps = stridesOf(node.shape);
  const out = Float64Array.from({ length: sizeOf(lead) }, (_, i) =>
    at.reduce((place, each, dim) => place + wrappedIndex((each as Float64Array)[i], node.shape[dim]) * steps[dim], 0),
  );
  return tableOf(
    out.map((place) => values[place]),
    lead,
  );
}

function wrappedIndex(at: number, size: number): number {
  checkIndex(at, -size, size);
  return at < 0 ? at + size : at;
}

function checkIndex(at: number, least: number, size: number): void {
  if (Number.isInteger(at) && at >= least && at < size) return;
  throw new TraceletError('shape', { what: 'an index', expected: `${least} to ${size - 1}`, got: `${at}` });
}

/** `at`, all of it places from 0 to `size` - 1. Throws a `shape` error for one that is known to be none; others fail when they are looked up. */
export function within(at: Node, size: number): Node {
  const known = numbersOf(at);
  for (const place of known ?? []) checkIndex(place, 0, size);
  if (known) return at;
  return reshape(gather(reshape(counting(size), [1, size]), 1, reshape(at, [1, sizeOf(at.shape)])), at.shape);
}

/** Elements along `dim` by number, for each element of `at`. */
export function gather(self: Node, dim: number, at: Node): Node {
  const axis = axisOf(dim, self.shape.length, 'gather');
  const value = uniformValue(self.known);
  if (value !== undefined) return { kind: 'constant', dtype: self.dtype, shape: at.shape, known: uniformForm(at.shape, value) };
  const values = self.kind === 'constant' ? numbersOf(self) : undefined;
  const places = values && numbersOf(at);
  if (!values || !places) return simplified(made('gather', self.dtype, at.shape, [self, at], { dim: axis }));
  const steps = stridesOf(self.shape).map((step, i) => (i === axis ? 0 : step));
  const step = stridesOf(self.shape)[axis];
  let i = 0;
  const out = Float64Array.from(
    placesOf(at.shape, steps, 0),
    (place) => values[place + wrappedIndex(places[i++], self.shape[axis]) * step],
  );
  return { kind: 'constant', dtype: self.dtype, shape: at.shape, known: tableOf(out, at.shape) };
}

function indexSelect(self: Node, dim: number, at: Node): Node {
  const axis = axisOf(dim, self.shape.length, 'index_select');
  const shape = self.shape.with(axis, sizeOf(at.shape));
  if (axis === 0 && self.shape.length === 2) return embedding(self, at);
  const known = self.shape.length === 1 ? lookedUp(self, [at], at.shape) : undefined;
  if (known) return { kind: 'constant', dtype: self.dtype, shape, known };
  return simplified(made('index_select', self.dtype, shape, [self, at], { dim: axis }));
}

/** 1 where a class is that of an element, in a dimension of its own. */
function oneHot(self: Node, classes: number): Node {
  if (classes < 1)
    throw new TraceletError('tracing', {
      what: 'one_hot',
      expected: 'a number of classes',
      got: 'none, so that it follows from elements',
      cure: 'Say it: F.one_hot(x, num_classes)',
    });
  return castTo(byElement('eq', unsqueeze(within(self, classes), -1), counting(classes)), 'int64');
}

/** {@link gather}, with dimensions of 1 repeated. */
function takeAlong(self: Node, indices: Node, dim: number): Node {
  const axis = axisOf(dim, self.shape.length, 'take_along_dim');
  const sizes = self.shape.map((size, i) => (i === axis ? 1 : Math.max(size, indices.shape[i])));
  return gather(expand(self, sizes.with(axis, self.shape[axis])), axis, expand(indices, sizes.with(axis, indices.shape[axis])));
}

/** Ops that pick elements by numbers. */
export const GATHERING_OPS: OpTable = {
  embedding: [['Tensor weight, Tensor indices, int padding_idx=-1, bool scale_grad_by_freq=False, bool sparse=False', embedding]],
  index: [['Tensor self, Tensor?[] indices', index]],
  gather: [['Tensor self, int dim, Tensor index, bool sparse_grad=False', gather]],
  one_hot: [['Tensor self, int num_classes=-1', oneHot]],
  take_along_dim: [['Tensor self, Tensor indices, int dim', takeAlong]],
  index_select: [['Tensor self, int dim, Tensor index', indexSelect]],
};

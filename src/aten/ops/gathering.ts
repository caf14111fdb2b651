import { TraceletError } from '../../base/error.ts';
import { stridesOf } from '../../tensor/shape.ts';
import { type Shape, sizeOf } from '../../tensor/tensor.ts';
import { promoted } from '../dtypes.ts';
import { axisOf, broadcast, placesOf, type Steps } from '../geometry.ts';
import { isForm, type Knowledge, movedKnowledge, sourceOf, tableOf, uniformForm, uniformValue } from '../knowledge.ts';
import { copied, expand, numbersOf, reshape, squeeze, unsqueeze } from '../moves.ts';
import { made, type Node } from '../node.ts';
import { byElement, castTo, knownAs, wrapped } from '../pointwise.ts';
import { simplified } from '../rules/rules.ts';
import type { OpTable } from '../schema.ts';

/** Ops that pick elements by numbers, or put tensors together. */

/** Rows of a table. Steps lead to them from there on where its rows are themselves of several dimensions. */
function embedding(weight: Node, indices: Node): Node {
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

/** node[indices], one index tensor for each of the first dimensions. */
function index(node: Node, given: readonly (Node | null)[]): Node {
  const indices = given.filter((each): each is Node => each !== null);
  const leading = given.every((each, i) => each !== null || i >= indices.length);
  if (!leading || indices.length === 0 || indices.some(({ dtype }) => dtype === 'bool'))
    throw new TraceletError('op', {
      what: 'aten::index',
      expected: 'whole numbers for the first dimensions',
      got: given.map((each) => (each ? `${each.dtype} [${each.shape}]` : ':')).join(', '),
    });
  const lead = broadcast(
    indices.map(({ shape }) => shape),
    'index',
  );
  const shape = [...lead, ...node.shape.slice(indices.length)];
  const known = knownAt(node, indices, lead) ?? lookedUp(node, indices, lead);
  if (known && !sourceOf(known)) return { kind: 'constant', dtype: node.dtype, shape, known };
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

/** Which row of `shape` an index for each of its first dimensions means. */
function placeOf(shape: Shape, indices: readonly Node[]): Node {
  return indices
    .map((each, dim) =>
      byElement('mul', byElement('remainder', each, whole(shape[dim])), whole(sizeOf(shape.slice(dim + 1, indices.length)))),
    )
    .reduce((sum, each) => byElement('add', sum, each));
}

const whole = (value: number): Node => wrapped(value, 'int64');

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
  const place = at < 0 ? at + size : at;
  if (Number.isInteger(place) && place >= 0 && place < size) return place;
  throw new TraceletError('shape', { what: 'an index', expected: `${-size} to ${size - 1}`, got: `${at}` });
}

/** Elements along `dim` by number, for each element of `at`. */
function gather(self: Node, dim: number, at: Node): Node {
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

/** Tensors side by side along a dimension. */
export function cat(given: readonly Node[], dim: number): Node {
  const tensors = given.filter(({ shape }) => given.length === 1 || shape.length !== 1 || shape[0] !== 0);
  const [first] = tensors;
  if (!first) throw new TraceletError('value', { what: 'cat', expected: 'at least one tensor', got: 'none' });
  const axis = axisOf(dim, first.shape.length, 'cat');
  for (const { shape } of tensors)
    if (shape.length !== first.shape.length || shape.some((size, i) => i !== axis && size !== first.shape[i]))
      throw new TraceletError('shape', { what: 'cat', expected: `[${first.shape}] but for dimension ${axis}`, got: `[${shape}]` });
  if (tensors.length === 1) return first;
  const dtype = promoted(tensors);
  const shape = first.shape.with(
    axis,
    tensors.reduce((sum, each) => sum + each.shape[axis], 0),
  );
  const values = tensors.map((each) => (each.kind === 'constant' ? numbersOf(each) : undefined));
  if (values.every((each) => each !== undefined))
    return { kind: 'constant', dtype, shape, known: tableOf(joined(tensors, values, axis), shape) };
  return simplified(
    made(
      'cat',
      dtype,
      shape,
      tensors.map((each) => castTo(each, dtype)),
      { dim: axis },
    ),
  );
}

function joined(tensors: readonly Node[], values: readonly Float64Array[], axis: number): Float64Array {
  const widths = tensors.map(({ shape }) => sizeOf(shape.slice(axis)));
  const rows = sizeOf(tensors[0].shape.slice(0, axis));
  const width = widths.reduce((sum, each) => sum + each, 0);
  const out = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    let at = row * width;
    values.forEach((each, i) => {
      out.set(each.subarray(row * widths[i], (row + 1) * widths[i]), at);
      at += widths[i];
    });
  }
  return out;
}

const stack = (tensors: Node[], dim: number): Node => {
  const axis = axisOf(dim, (tensors[0]?.shape.length ?? 0) + 1, 'stack');
  return cat(
    tensors.map((each) => unsqueeze(each.kind === 'view' ? copied(each) : each, axis)),
    axis,
  );
};

/** Copies of a tensor side by side, so many along each dimension. */
function repeat(self: Node, repeats: readonly number[]): Node {
  const lead = repeats.length - self.shape.length;
  if (lead < 0)
    throw new TraceletError('shape', { what: 'repeat', expected: `at least ${self.shape.length} numbers`, got: `${repeats.length}` });
  let node = self;
  for (let i = 0; i < lead; i++) node = unsqueeze(node, 0);
  repeats.forEach((count, dim) => {
    const { shape } = node;
    if (shape[dim] === 1) node = expand(node, shape.with(dim, count));
    else if (count !== 1) node = reshape(expand(unsqueeze(node, dim), shape.toSpliced(dim, 0, count)), shape.with(dim, count * shape[dim]));
  });
  return node;
}

/** Ops that pick elements by numbers, or put tensors together. */
export const GATHERING_OPS: OpTable = {
  embedding: [['Tensor weight, Tensor indices, int padding_idx=-1, bool scale_grad_by_freq=False, bool sparse=False', embedding]],
  index: [['Tensor self, Tensor?[] indices', index]],
  gather: [['Tensor self, int dim, Tensor index, bool sparse_grad=False', gather]],
  index_select: [['Tensor self, int dim, Tensor index', indexSelect]],
  cat: [['Tensor[] tensors, int dim=0', cat]],
  concat: [['Tensor[] tensors, int dim=0', cat]],
  stack: [['Tensor[] tensors, int dim=0', stack]],
  repeat: [['Tensor self, int[] repeats', repeat]],
};

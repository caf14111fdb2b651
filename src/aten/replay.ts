import type { Graph, Node as GraphNode, HostValue, Value } from '../graph/graph.ts';
import { apply } from '../nn/executor.ts';
import type { Attributes as CallAttributes } from '../ops/call.ts';
import { functionName } from '../ops/kinds.ts';
import { stridesOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { isFloating } from './dtypes.ts';
import { begin, linearForm, uniformForm } from './knowledge.ts';
import { Lowering } from './lowering.ts';
import { copied, narrow, permute, reshape, squeeze } from './moves.ts';
import { geometryOf, isWhole, type Leaf, made, type Node, viewed } from './node.ts';
import { byElement, castTo, chosenBy, number, POINTWISE, type PointwiseOp } from './pointwise.ts';
import { bitsOf } from './rules/masks.ts';
import { simplified } from './rules/rules.ts';
import { knownNumbers, knownWeight } from './stored.ts';

/** A recorded graph once more, with what its ops spell out in the ops that say so. */

/** Tensors and modules of the recording under way. */
export interface Recorder {
  tensorOf(value: Value): Tensor;
  moduleOf(path: string): object | undefined;
}

type Operands = Readonly<Record<string, Node>>;
type Numbers = Readonly<Record<string, number>>;

const isPointwise = (name: string): name is PointwiseOp => Object.hasOwn(POINTWISE, name);

const computed = ({ function: code }: Numbers, ...operands: Node[]): Node | undefined => {
  const name = functionName(code);
  return isPointwise(name) ? byElement(name, ...operands) : undefined;
};

/** A view by strides of elements in their order; a copy of them where they lie otherwise and are not only reordered. */
function strided(x: Node, numbers: Numbers): Node | undefined {
  if (x.kind === 'constant') return undefined;
  const dims = [0, 1, 2, 3];
  const [shape, strides] = [dims.map((d) => numbers[`d${d}`]), dims.map((d) => numbers[`s${d}`])];
  const { offset } = numbers;
  const geometry = geometryOf(x);
  const narrowed = offset > 0 || shape.reduce((size, dim) => size * dim, 1) !== x.shape.reduce((size, dim) => size * dim, 1);
  if (isWhole(geometry, x.shape)) return viewed({ base: geometry.base, start: offset, strides, narrowed }, shape);
  const own = stridesOf(x.shape);
  const order = dims.filter((d) => shape[d] > 1).map((d) => own.findIndex((step, i) => step === strides[d] && x.shape[i] === shape[d]));
  const rest = [...x.shape.keys()].filter((i) => !order.includes(i));
  if (!narrowed && !order.includes(-1) && new Set(order).size === order.length && rest.every((i) => x.shape[i] === 1))
    return reshape(permute(x, [...rest, ...order]), shape);
  const copy = copied(x);
  return copy.kind === 'constant' ? undefined : viewed({ base: copy as Leaf, start: offset, strides, narrowed }, shape);
}

/** Reductions by the names that patterns know, over the last dimension. */
const REDUCTIONS: Readonly<Record<string, { op: string; correction?: number }>> = {
  ...{ sum: { op: 'sum' }, mean: { op: 'mean' }, amax: { op: 'amax' }, amin: { op: 'amin' } },
  ...{ var: { op: 'var', correction: 1 }, var_biased: { op: 'var', correction: 0 } },
};

function reduced(x: Node, numbers: Numbers): Node | undefined {
  const found = REDUCTIONS[functionName(numbers.function)];
  const last = x.shape.length - 1;
  if (!found) return undefined;
  const attributes = { dims: [last], keepdim: true, ...(found.correction === undefined ? {} : { correction: found.correction }) };
  return squeeze(simplified(made(found.op, x.dtype, x.shape.with(last, 1), [x], attributes)), [last]);
}

const alike = (op: string) => (x: Node) => made(op, x.dtype, x.shape, [x]);

/** What ops of graphs are in those that patterns know; undefined for what these do not. */
const MEANINGS: Readonly<Record<string, (operands: Operands, numbers: Numbers, shape: readonly number[]) => Node | undefined>> = {
  add: ({ a, b }) => byElement('add', a, b),
  mul: ({ a, b }) => byElement('mul', a, b),
  scale: ({ x }, { factor }) => byElement('mul', x, number(factor)),
  binary: ({ a, b }, numbers) => computed(numbers, a, b),
  compare: ({ a, b }, numbers) => computed(numbers, a, b),
  compare_i32: ({ a, b }, numbers) => computed(numbers, a, b),
  unary: ({ x }, numbers) => computed(numbers, x),
  where: ({ condition, a, b }) => chosenBy(condition, a, b),
  to_float32: ({ x }) => castTo(x, 'float32'),
  to_int32: ({ x }) => castTo(x, 'int32'),
  reduce: ({ x }, numbers) => reduced(x, numbers),
  strided: ({ x }, numbers) => strided(x, numbers),
  columns: ({ x }, { from, count }) => narrow(x, -1, from, count),
  matmul: ({ a, b }, _, shape) => made('matmul', 'float32', shape, [a, b]),
  softmax: ({ x }) => made('softmax', x.dtype, x.shape, [x], { dim: x.shape.length - 1 }),
  linear: ({ x, weight, bias }, _, shape) => made('linear', x.dtype, shape, bias ? [x, weight, bias] : [x, weight]),
  embedding: ({ table, ids }, _, shape) => {
    const base = ids.kind === 'view' ? ids.base : ids;
    if (base.kind === 'input') base.looksUp = true;
    return made('embedding', table.dtype, shape, [table, ids]);
  },
  tanh: ({ x }) => byElement('tanh', x),
  sigmoid: ({ x }) => byElement('sigmoid', x),
  relu: ({ x }) => byElement('relu', x),
  ...Object.fromEntries(['gelu', 'gelu_new'].map((op) => [op, ({ x }: Operands) => alike(op)(x)])),
};

/** Reads a graph into nodes, and has the ops of its outputs made anew. */
class Replay {
  readonly #recorder: Recorder;
  readonly #nodes = new Map<Value, Node>();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  nodeOf(value: Value): Node {
    const known = this.#nodes.get(value) ?? this.#read(value);
    this.#nodes.set(value, known);
    return known;
  }

  #read(value: Value): Node {
    if (value.kind === 'view') return reshape(this.nodeOf(value.base), value.shape);
    if (value.kind === 'node') return this.#made(value);
    const { dtype, shape } = value;
    const leaf: { known?: Leaf['known'] } & Leaf = { kind: 'input', tensor: this.#recorder.tensorOf(value), dtype, shape };
    if (value.kind === 'input') Object.assign(leaf, { name: value.name });
    if (value.kind === 'input') return Object.assign(leaf, isFloating(dtype) ? {} : { known: bitsOf(leaf, stridesOf(shape)) });
    if (value.kind === 'host') return Object.assign(leaf, { known: hostKnown(value) });
    const [{ tensor }] = value.parts;
    if (!isFloating(dtype) || shape.length === 0) return { kind: 'constant', dtype, shape, known: knownNumbers(tensor) };
    return { kind: 'stored', tensor, dtype, shape, known: knownWeight(tensor) };
  }

  #made(value: GraphNode): Node {
    const given = Object.entries(value.operands).filter((entry): entry is [string, Value] => entry[1] !== null);
    const operands = Object.fromEntries(given.map(([name, each]) => [name, this.nodeOf(each)]));
    const numbers = { ...value.attrs, ...value.call.numbers } as Numbers;
    const plain = value.op !== 'linear' || value.attrs.activation === 'none';
    const meant = plain ? MEANINGS[value.op]?.(operands, numbers, value.shape) : undefined;
    const node = meant ? simplified(meant) : this.#asItWas(value, operands);
    for (const made of [node, node.kind === 'view' ? node.base : node])
      if (made.kind === 'made')
        made.site ??= { file: 'the module', line: 0, path: value.path, module: this.#recorder.moduleOf(value.path) };
    return reshape(node, value.shape);
  }

  /** An op that patterns do not know. */
  #asItWas({ op, attrs, dtype, shape }: GraphNode, operands: Operands): Node {
    const names = Object.keys(operands);
    const make = (...tensors: Tensor[]): Tensor =>
      apply(op, Object.fromEntries(names.map((name, i) => [name, tensors[i]])), attrs as CallAttributes);
    return { kind: 'made', op: 'as it was', dtype, shape, operands: Object.values(operands), attributes: {}, make };
  }
}

/** What is known of numbers that the host writes. */
function hostKnown({ rule, fill = 0, shape }: HostValue): Leaf['known'] {
  if (rule === 'fill') return uniformForm(shape, fill);
  return rule === 'places' || rule === 'offset' ? linearForm([0, 1], fill) : undefined;
}

/** The outputs of `graph`, made of fewer ops where it spells out what one of them says. */
export function replayed(graph: Graph, recorder: Recorder): Tensor[] {
  begin();
  const replay = new Replay(recorder);
  for (const node of graph.nodes) replay.nodeOf(node);
  const lowering = new Lowering([]);
  return graph.outputs.map(({ value }) => lowering.lower(replay.nodeOf(value)));
}

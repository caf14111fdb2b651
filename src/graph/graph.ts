import { TraceletError } from '../base/error.ts';
import { type Attributes, type Call, checkCall } from '../ops/call.ts';
import type { Bounds, Dim } from '../tensor/dim.ts';
import type { DType } from '../tensor/dtype.ts';
import { type Shape, sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { Rule } from './hostvalues.ts';

interface Typed {
  readonly dtype: DType;
  readonly shape: Shape;
  /** The shape in symbols, where it depends on any. Said of a whole graph at once (see unify.ts). */
  readonly dims?: readonly Dim[];
}

/** An argument of the traced model. */
export interface Input extends Typed {
  readonly kind: 'input';
  readonly name: string;
}

/** Whole numbers that follow from the sizes of a call, for each token of `grid` or, where `masked`, for those that the mask lets through. */
export interface HostValue extends Typed {
  readonly kind: 'host';
  readonly rule: Rule;
  /** Batch and sequence. */
  readonly grid: Shape;
  readonly gridDims?: readonly Dim[];
  readonly masked: boolean;
  /** The sequence whose tokens it is of, where that is known. */
  readonly sequence?: string;
  /** What the rule asks for besides. */
  readonly fill?: number;
  readonly input?: Input;
}

/** Weights known while tracing: named tensors below one another along the first dimension. */
export interface Constant extends Typed {
  readonly kind: 'constant';
  readonly parts: readonly Part[];
}

export interface Part {
  readonly name: string;
  readonly tensor: Tensor;
}

/** The result of an op. */
export interface Node extends Typed {
  readonly kind: 'node';
  readonly op: string;
  readonly operands: Readonly<Record<string, Value | null>>;
  readonly attrs: Attributes;
  /** Attributes in symbols, where they depend on any. */
  readonly attrDims?: Readonly<Record<string, Dim>>;
  readonly call: Call;
  /** Whether its shape or attributes are other ones at other sizes. */
  readonly varies?: boolean;
  /** Dotted name of the module whose forward pass made it. */
  readonly path: string;
  /** The recorded nodes that it computes, the last of which it stands for. */
  readonly origins: readonly Node[];
}

/** The elements of another value under another shape. */
export interface View extends Typed {
  readonly kind: 'view';
  readonly base: Value;
}

export type Value = Input | HostValue | Constant | Node | View;

export interface Output {
  /** Dotted where outputs are nested: `hidden_states.0`. */
  readonly name: string;
  readonly value: Value;
}

/** A recorded forward pass; nodes are in the order of execution. Values are compared by identity. */
export interface Graph {
  readonly inputs: readonly Input[];
  /** Symbols that dimensions are made of, with their bounds. `tokens` is one more, without bounds here, in graphs that leave tokens out. */
  readonly bounds?: Bounds;
  readonly nodes: readonly Node[];
  readonly outputs: readonly Output[];
}

/** Nodes that were proved to fit their ops: neither they nor what they read can change. */
const proved = new WeakSet<Node>();

/** A checked node; throws where operands do not fit the op. `origins` says which recorded nodes it replaces. */
export function makeNode(
  op: string,
  operands: Record<string, Value | null | undefined>,
  attrs: Attributes,
  from: { path: string; origins?: readonly Node[]; dims?: readonly Dim[]; attrDims?: Node['attrDims'] },
): Node {
  const call = checkCall(op, operands, attrs);
  const present: Record<string, Value | null> = {};
  for (const name in operands) present[name] = operands[name] ?? null;
  const { dtype, shape } = call;
  const { path, dims, attrDims, origins = [] } = from;
  const made: Node = { kind: 'node', op, operands: present, attrs, call, dtype, shape, path, dims, attrDims, origins };
  if (!from.origins) (made as { origins: readonly Node[] }).origins = [made];
  proved.add(made);
  return made;
}

/** The value whose memory `value` shows. */
export function storageOf(value: Value): Exclude<Value, View> {
  let at = value;
  while (at.kind === 'view') at = at.base;
  return at;
}

export const operandsOf = (node: Node): Value[] => Object.values(node.operands).filter((value): value is Value => value !== null);

/** How often each value's memory is read by nodes or given out. */
export function countUses({ nodes, outputs }: Graph): Map<Value, number> {
  const uses = new Map<Value, number>();
  const use = (value: Value): void => void uses.set(storageOf(value), (uses.get(storageOf(value)) ?? 0) + 1);
  for (const node of nodes) operandsOf(node).forEach(use);
  for (const output of outputs) use(output.value);
  return uses;
}

/**
 * The graph with each node replaced by what `visit` makes of it, in order. `visit` gets the node with its operands already
 * replaced, and the node as it was; it answers with any value of the same shape.
 */
export function rewrite(graph: Graph, visit: (node: Node, original: Node) => Value): Graph {
  const replaced = new Map<Value, Value>();
  const nodes: Node[] = [];
  const resolve = (value: Value): Value => {
    const known = replaced.get(value);
    if (known) return known;
    if (value.kind !== 'view') return value;
    const base = resolve(value.base);
    const view = base === value.base ? value : { ...value, base };
    replaced.set(value, view);
    return view;
  };
  const emit = (value: Value): void => {
    if (value.kind === 'view') emit(value.base);
    if (value.kind !== 'node' || emitted.has(value)) return;
    emitted.add(value);
    operandsOf(value).forEach(emit);
    nodes.push(value);
  };
  const emitted = new Set<Node>();
  for (const node of graph.nodes) {
    const operands: Record<string, Value | null> = {};
    let same = true;
    for (const name in node.operands) {
      operands[name] = node.operands[name] && resolve(node.operands[name]);
      same &&= operands[name] === node.operands[name];
    }
    const result = visit(same ? node : { ...node, operands }, node);
    replaced.set(node, result);
    emit(result);
  }
  return { ...graph, nodes, outputs: graph.outputs.map(({ name, value }) => ({ name, value: resolve(value) })) };
}

/** Proves that every value is made before it is read, fits its op, and that names are unique. */
export function verifyGraph(graph: Graph): void {
  const made = new Set<Value>(graph.inputs);
  const reading = (value: Value, reader: () => string): void => {
    const storage = storageOf(value);
    if (storage !== value && sizeOf(storage.shape) !== sizeOf(value.shape))
      throw broken(reader(), 'a view of the same size', `[${value.shape}] of [${storage.shape}]`);
    if ((storage.kind === 'input' || storage.kind === 'node') && !made.has(storage))
      throw broken(reader(), 'operands made before it', 'a value made later or elsewhere');
  };
  for (const node of graph.nodes) {
    for (const value of operandsOf(node)) reading(value, () => `${node.op} of ${node.path || 'the model'}`);
    if (!proved.has(node)) {
      const { shape } = checkCall(node.op, node.operands, node.attrs);
      if (shape.join() !== node.shape.join()) throw broken(`${node.op} of ${node.path}`, `shape [${shape}]`, `[${node.shape}]`);
      proved.add(node);
    }
    made.add(node);
  }
  const names = graph.outputs.map(({ name }) => name);
  for (const { name, value } of graph.outputs) reading(value, () => `output "${name}"`);
  if (graph.outputs.length === 0) throw broken('the traced model', 'at least one output tensor', 'none');
  if (new Set(names).size < names.length) throw broken('outputs', 'unique names', names.join(', '));
}

const broken = (what: string, expected: string, got: string): TraceletError => new TraceletError('tracing', { what, expected, got });

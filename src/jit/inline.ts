import { TraceletError } from '../base/error.ts';
import { type Constant, type Graph, type HostValue, makeNode, type Node, type Part, type Value } from '../graph/graph.ts';
import { liftGraph } from '../program/lift.ts';
import type { Instance } from '../runtime/instance.ts';
import { type Sizes, shapeAt } from '../tensor/dim.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The graph that steps are put into. */
export interface Host {
  /** Name of the module that makes the steps. */
  readonly path: string;
  /** What the weights of a graph become, the same each time. */
  constantsOf(graph: Graph): (constant: Constant) => Constant;
  valueOf_(tensor: Tensor): Value;
  hostValueOf(value: HostValue, grid: readonly number[], inputs: ReadonlyMap<Value, Tensor>): Value;
  add(node: Node): void;
}

const graphs = new WeakMap<Instance, Graph>();

/** The graph of the program that an instance runs, the same each time. */
export function graphOf(instance: Instance): Graph {
  const { program, proved, constants } = instance;
  const graph = graphs.get(instance) ?? liftGraph(program, proved, (name) => constants.part(name));
  graphs.set(instance, graph);
  return graph;
}

const joined = (path: string, name: string): string => [path, name].filter(Boolean).join('.');

/** Constants whose parts are called as they are in a module `path`. */
export function constantsIn(path: string): (constant: Constant) => Constant {
  const made = new Map<Part | Constant, Part | Constant>();
  const once = <T extends Part | Constant>(key: T, make: () => T): T => {
    const known = (made.get(key) as T | undefined) ?? make();
    made.set(key, known);
    return known;
  };
  const partOf = (part: Part): Part => once(part, () => ({ name: joined(path, part.name), tensor: part.tensor }));
  return (constant) => once(constant, () => ({ ...constant, parts: constant.parts.map(partOf) }));
}

/**
 * Puts the steps of a trace into a graph, at `sizes` for its symbols: `inputs` by name are what its inputs stand for. Answers the values of its outputs, in
 * order. Throws a `tracing` error for a trace that leaves tokens out.
 */
export function inline(graph: Graph, inputs: Readonly<Record<string, Tensor>>, sizes: Sizes, host: Host): Value[] {
  const given = new Map<Value, Tensor>(graph.inputs.map((input) => [input, inputs[input.name]]));
  const made = new Map<Value, Value>([...given].map(([input, tensor]) => [input, host.valueOf_(tensor)]));
  const constantOf = host.constantsOf(graph);
  const make = (value: Value): Value => {
    if (value.kind === 'constant') return constantOf(value);
    if (value.kind === 'view')
      return { ...value, dims: undefined, base: placed(value.base), shape: shapeAt(value.dims ?? value.shape, sizes) };
    if (value.kind === 'host') return host.hostValueOf(value, shapeAt(value.gridDims ?? value.grid, sizes), given);
    throw new TraceletError('tracing', { what: 'a trace in a trace', expected: 'values made before they are read', got: value.kind });
  };
  const placed = (value: Value): Value => {
    const known = made.get(value) ?? make(value);
    made.set(value, known);
    return known;
  };
  refusePacked(graph, host.path);
  for (const node of graph.nodes) {
    const operands = Object.entries(node.operands).map(([name, value]) => [name, value && placed(value)]);
    const attrs = Object.entries(node.attrs).map(([name, value]) => [
      name,
      node.attrDims?.[name] ? shapeAt([node.attrDims[name]], sizes)[0] : value,
    ]);
    const step = makeNode(node.op, Object.fromEntries(operands), Object.fromEntries(attrs), { path: joined(host.path, node.path) });
    host.add(step);
    made.set(node, step);
  }
  return graph.outputs.map(({ value }) => placed(value));
}

function refusePacked({ nodes }: Graph, path: string): void {
  const packed = nodes.some(({ operands }) => Object.values(operands).some((value) => value?.kind === 'host' && value.masked));
  if (!packed) return;
  throw new TraceletError('tracing', {
    what: path || 'a trace in a model',
    expected: 'a trace that computes all tokens',
    got: 'one that leaves out those that its attention_mask rules out',
    cure: 'Trace it with { exact_padding: true }; the trace around it leaves them out where it can',
  });
}

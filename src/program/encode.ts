import { TraceletError } from '../base/error.ts';
import { type Constant, type Graph, type HostValue, type Input, type Node, operandsOf, storageOf, type Value } from '../graph/graph.ts';
import { type Arguments, kindOf, type WeightLayout } from '../ops/kinds.ts';
import { wordsOf } from '../ops/op.ts';
import { OP_NAMES } from '../ops/table.ts';
import { bytesOf, Layout, type Usage } from './layout.ts';
import type { ConstantInfo, HostValueInfo, Place, Port, Program, SymbolicWord, ValueInfo } from './program.ts';

export interface Encoded {
  program: Program;
  /** The constants of the graph in the order of `program.constants`. */
  constants: Constant[];
}

/** Plans the arena and writes the graph as a flat program. */
export function encode(graph: Graph, structure: Program['structure']): Encoded {
  const hostValues = hostValuesOf(graph);
  const layout = layoutOf(graph, hostValues);
  const arena = layout.place(bytesOf as (value: Value) => number, (at) => graph.nodes[at].call.scratch ?? 0);
  const table = new ValueTable((value) => layout.offsetOf(value) as number);
  const inputs = graph.inputs.map((input) => ({ name: input.name, value: table.value(input) }));
  const ops = opNames(graph);
  const code: number[] = [];
  const words: SymbolicWord[] = [];
  graph.nodes.forEach((node, at) => {
    const said = argumentsOf(node, layout.scratchOffsetOf(at), table);
    code.push(ops.indexOf(node.op));
    for (const [name, kind] of wordsOf(node.call.row)) {
      const dim = node.attrDims?.[name];
      if (dim !== undefined) words.push({ word: code.length, dim });
      code.push(kindOf(kind).toWord?.(said, name, ops) as number);
    }
  });
  const infos = hostValues.map((value) => hostValueInfo(value, table.value(value)));
  const outputs: Port[] = graph.outputs.map(({ name, value }) => ({ name, value: table.value(value) }));
  const { values, constants } = table;
  const constantInfos = constants.map(({ constant, layout }): ConstantInfo => {
    const { dtype, shape, parts } = constant;
    return { dtype, shape, layout, parts: parts.map(({ name }) => name) };
  });
  const paths = graph.nodes.map(({ path }) => path);
  const parts = {
    ops,
    values,
    constants: constantInfos,
    symbols: graph.bounds ?? {},
    inputs,
    hostValues: infos,
    outputs,
    paths,
    arena,
    structure,
  };
  return { program: { ...parts, code: Int32Array.from(code), words }, constants: constants.map(({ constant }) => constant) };
}

/** What the words of a node say. The table numbers its result first, then its operands in the order of the op's row. */
function argumentsOf(node: Node, scratch: number | undefined, table: ValueTable): Arguments {
  const out = table.value(node);
  const operands: Arguments['operands'] = {};
  for (const [name, kind] of Object.entries(node.call.row.args)) {
    const { dtype, weight = 'plain' } = kindOf(kind);
    if (!dtype) continue;
    const operand = node.operands[name];
    operands[name] = operand ? table.weight(operand, weight, node) : null;
  }
  const { numbers } = node.call;
  return { out, operands, numbers, activation: node.attrs.activation as string, scratch: scratch ?? 0 };
}

/** What the host writes beside the inputs, in the order in which it is read. */
function hostValuesOf(graph: Graph): HostValue[] {
  const read = [...graph.nodes.flatMap(operandsOf), ...graph.outputs.map(({ value }) => value)].map(storageOf);
  return [...new Set(read)].filter((value) => value.kind === 'host');
}

function layoutOf(graph: Graph, hostValues: readonly HostValue[]): Layout<Value> {
  const usages = graph.nodes.map((node): Usage<Value> => {
    const inPlace = node.call.row.inPlace && node.operands[node.call.row.inPlace];
    const target = inPlace ? storageOf(inPlace) : undefined;
    const reads = operandsOf(node).map(storageOf);
    return { out: node, reads, inPlace: target?.kind === 'node' ? target : undefined, scratch: Boolean(node.call.scratch) };
  });
  const taken = graph.outputs.map(({ value }) => storageOf(value));
  return new Layout<Value>([...graph.inputs, ...hostValues], usages, taken, (a, b) => bytesOf(a) === bytesOf(b) && sameSymbols(a, b));
}

const sameSymbols = (a: Value, b: Value): boolean => JSON.stringify(a.dims) === JSON.stringify(b.dims);

const hostValueInfo = ({ rule, grid, gridDims, masked, fill, input }: HostValue, value: number): HostValueInfo => ({
  value,
  rule,
  grid: gridDims ?? grid,
  masked,
  ...(fill === undefined ? {} : { fill }),
  ...(input ? { input: input.name } : {}),
});

/** Names of the ops and activations that the graph uses, in the order of the table. */
function opNames(graph: Graph): string[] {
  const used = new Set(graph.nodes.flatMap(({ op, attrs }) => [op, attrs.activation]));
  return OP_NAMES.filter((name) => used.has(name));
}

/** Numbers values as they are met. A constant read in two layouts is two values. */
class ValueTable {
  readonly values: ValueInfo[] = [];
  readonly constants: { constant: Constant; layout: WeightLayout }[] = [];
  readonly #indexes = new Map<Value, Partial<Record<WeightLayout, number>>>();
  readonly #offsetOf: (value: Input | HostValue | Node) => number;

  constructor(offsetOf: (value: Input | HostValue | Node) => number) {
    this.#offsetOf = offsetOf;
  }

  value(value: Value): number {
    return this.#index(value, 'plain', () => {
      if (value.kind === 'view') return { view: this.value(value.base) };
      if (value.kind === 'constant') return this.#constant(value, 'plain');
      return { arena: this.#offsetOf(value) };
    });
  }

  /** A weight in the layout that `reader` wants. */
  weight(value: Value, layout: WeightLayout, reader: Node): number {
    if (layout === 'plain') return this.value(value);
    return this.#index(value, layout, () => this.#constant(weightOf(value, reader), layout));
  }

  #index(value: Value, layout: WeightLayout, place: () => Place): number {
    const known = this.#indexes.get(value) ?? {};
    this.#indexes.set(value, known);
    if (known[layout] === undefined) {
      const { dtype, shape, dims } = value;
      const info = { dtype, shape, ...(dims ? { dims } : {}), place: place() };
      known[layout] = this.values.push(info) - 1;
    }
    return known[layout];
  }

  #constant(constant: Constant, layout: WeightLayout): Place {
    return { constant: this.constants.push({ constant, layout }) - 1 };
  }
}

/** The constant that a rearranged weight is made from; a reshaped one takes the new shape. */
function weightOf(value: Value, reader: Node): Constant {
  const storage = storageOf(value);
  if (storage.kind !== 'constant')
    throw new TraceletError('tracing', {
      what: `${reader.op} of ${reader.path || 'the model'} with a weight of shape [${value.shape}]`,
      expected: 'a parameter or constant, which can be rearranged when the trace is loaded',
      got: 'a weight that is computed or given at run time',
    });
  return storage === value ? storage : { ...storage, shape: value.shape };
}

import { TraceletError } from '../base/error.ts';
import { type Constant, type Derived, type Graph, type Input, type Node, operandsOf, storageOf, type Value } from '../graph/graph.ts';
import { wordsOf } from '../ops/op.ts';
import { OPS, rowOf } from '../ops/table.ts';
import { bytesOf, Layout, type Usage } from './layout.ts';
import {
  type ConstantInfo,
  type DerivedInfo,
  floatToWord,
  type NamedValue,
  type Place,
  type Program,
  type SymbolicWord,
  type ValueInfo,
  type WeightLayout,
} from './program.ts';

export interface Encoded {
  program: Program;
  /** The constants of the graph in the order of `program.constants`. */
  constants: Constant[];
}

/** Plans the arena and writes the graph as a flat program. */
export function encode(graph: Graph, structure: Program['structure']): Encoded {
  const derived = derivedOf(graph);
  const layout = layoutOf(graph, derived);
  const arena = layout.place(bytesOf as (value: Value) => number, (at) => graph.nodes[at].call.scratch ?? 0);
  const symbols = new Symbols((value) => layout.offsetOf(value) as number);
  const inputs = graph.inputs.map((input) => ({ name: input.name, value: symbols.value(input) }));
  const ops = opNames(graph);
  const code: number[] = [];
  const words: SymbolicWord[] = [];
  graph.nodes.forEach((node, at) => {
    code.push(ops.indexOf(node.op));
    for (const [name, kind] of wordsOf(rowOf(node.op))) {
      const operand = node.operands[name];
      const dim = node.attrDims?.[name];
      if (dim !== undefined) words.push({ word: code.length, dim });
      if (kind === 'out') code.push(symbols.value(node));
      else if (kind === 'scratch') code.push(layout.scratchOffsetOf(at) ?? 0);
      else if (kind === 'int' || kind === 'attr') code.push(node.call.numbers[name]);
      else if (kind === 'float') code.push(floatToWord(node.call.numbers[name]));
      else if (kind === 'form') code.push(0);
      else if (kind === 'activation') code.push(ops.indexOf(node.attrs[name] as string));
      else if (!operand) code.push(-1);
      else code.push(kind === 'packed' ? symbols.packed(operand, node) : symbols.value(operand));
    }
  });
  const infos = derived.map((value) => derivedInfo(value, symbols.value(value)));
  const outputs: NamedValue[] = graph.outputs.map(({ name, value }) => ({ name, value: symbols.value(value) }));
  const { values, constants } = symbols;
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
    derived: infos,
    outputs,
    paths,
    arena,
    structure,
  };
  return { program: { ...parts, code: Int32Array.from(code), words }, constants: constants.map(({ constant }) => constant) };
}

/** What the host writes beside the inputs, in the order in which it is read. */
function derivedOf(graph: Graph): Derived[] {
  const read = [...graph.nodes.flatMap(operandsOf), ...graph.outputs.map(({ value }) => value)].map(storageOf);
  return [...new Set(read)].filter((value) => value.kind === 'derived');
}

function layoutOf(graph: Graph, derived: readonly Derived[]): Layout<Value> {
  const usages = graph.nodes.map((node): Usage<Value> => {
    const inPlace = node.call.row.inPlace && node.operands[node.call.row.inPlace];
    const target = inPlace ? storageOf(inPlace) : undefined;
    const reads = operandsOf(node).map(storageOf);
    return { out: node, reads, inPlace: target?.kind === 'node' ? target : undefined, scratch: Boolean(node.call.scratch) };
  });
  const taken = graph.outputs.map(({ value }) => storageOf(value));
  return new Layout<Value>([...graph.inputs, ...derived], usages, taken, (a, b) => bytesOf(a) === bytesOf(b) && sameSymbols(a, b));
}

const sameSymbols = (a: Value, b: Value): boolean => JSON.stringify(a.dims) === JSON.stringify(b.dims);

const derivedInfo = ({ rule, grid, gridDims, packed, fill, input }: Derived, value: number): DerivedInfo => ({
  value,
  rule,
  grid: gridDims ?? grid,
  packed,
  ...(fill === undefined ? {} : { fill }),
  ...(input ? { input: input.name } : {}),
});

/** Names of the ops and activations that the graph uses, in the order of the table. */
function opNames(graph: Graph): string[] {
  const used = new Set(graph.nodes.flatMap(({ op, attrs }) => [op, attrs.activation]));
  return Object.keys(OPS).filter((name) => used.has(name));
}

/** Numbers values as they are met. A constant read in two layouts is two values. */
class Symbols {
  readonly values: ValueInfo[] = [];
  readonly constants: { constant: Constant; layout: WeightLayout }[] = [];
  readonly #indexes = new Map<Value, Partial<Record<WeightLayout, number>>>();
  readonly #offsetOf: (value: Input | Derived | Node) => number;

  constructor(offsetOf: (value: Input | Derived | Node) => number) {
    this.#offsetOf = offsetOf;
  }

  value(value: Value): number {
    return this.#index(value, 'plain', () => {
      if (value.kind === 'view') return { view: this.value(value.base) };
      if (value.kind === 'constant') return this.#constant(value, 'plain');
      return { arena: this.#offsetOf(value) };
    });
  }

  /** A weight in the panels that `reader` wants. */
  packed(value: Value, reader: Node): number {
    return this.#index(value, 'packed', () => this.#constant(weightOf(value, reader), 'packed'));
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

/** The constant that a packed weight is made from; a reshaped one takes the new shape. */
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

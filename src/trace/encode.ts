import { TraceletError } from '../error.ts';
import { wordsOf } from '../op.ts';
import { OPS, rowOf } from '../ops.ts';
import { type Constant, type Graph, type Input, type Node, storageOf, type Value } from './graph.ts';
import { planMemory } from './plan.ts';
import { type Binding, type ConstantInfo, floatToWord, type Layout, type Place, type Program, type ValueInfo } from './program.ts';

export interface Encoded {
  program: Program;
  /** The constants of the graph in the order of `program.constants`. */
  constants: Constant[];
}

/** Plans the arena and writes the graph as a flat program. */
export function encode(graph: Graph, structure: Program['structure']): Encoded {
  const plan = planMemory(graph);
  const symbols = new Symbols((value) => plan.offsets.get(value) as number);
  const inputs = graph.inputs.map(({ name }, i) => ({ name, value: symbols.value(graph.inputs[i]) }));
  const ops = opNames(graph);
  const words: number[] = [];
  for (const node of graph.nodes) {
    words.push(ops.indexOf(node.op));
    for (const [name, kind] of wordsOf(rowOf(node.op))) {
      const operand = node.operands[name];
      if (kind === 'out') words.push(symbols.value(node));
      else if (kind === 'scratch') words.push(plan.scratch.get(node) ?? 0);
      else if (kind === 'int' || kind === 'attr') words.push(node.call.numbers[name]);
      else if (kind === 'float') words.push(floatToWord(node.call.numbers[name]));
      else if (kind === 'form') words.push(0);
      else if (kind === 'activation') words.push(ops.indexOf(node.attrs[name] as string));
      else if (!operand) words.push(-1);
      else words.push(kind === 'packed' ? symbols.packed(operand, node) : symbols.value(operand));
    }
  }
  const outputs: Binding[] = graph.outputs.map(({ name, value }) => ({ name, value: symbols.value(value) }));
  const { values, constants } = symbols;
  const infos = constants.map(({ constant, layout }): ConstantInfo => {
    const { dtype, shape, parts } = constant;
    return { dtype, shape, layout, parts: parts.map(({ name }) => name) };
  });
  const paths = graph.nodes.map(({ path }) => path);
  const code = Int32Array.from(words);
  return {
    program: { ops, values, constants: infos, inputs, outputs, paths, arena: plan.arena, structure, code },
    constants: constants.map(({ constant }) => constant),
  };
}

/** Names of the ops and activations that the graph uses, in the order of the table. */
function opNames(graph: Graph): string[] {
  const used = new Set(graph.nodes.flatMap(({ op, attrs }) => [op, attrs.activation]));
  return Object.keys(OPS).filter((name) => used.has(name));
}

/** Numbers values as they are met. A constant read in two layouts is two values. */
class Symbols {
  readonly values: ValueInfo[] = [];
  readonly constants: { constant: Constant; layout: Layout }[] = [];
  readonly #indexes = new Map<Value, Partial<Record<Layout, number>>>();
  readonly #offsetOf: (value: Input | Node) => number;

  constructor(offsetOf: (value: Input | Node) => number) {
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

  #index(value: Value, layout: Layout, place: () => Place): number {
    const known = this.#indexes.get(value) ?? {};
    this.#indexes.set(value, known);
    if (known[layout] === undefined) {
      const info = { dtype: value.dtype, shape: value.shape, place: place() };
      known[layout] = this.values.push(info) - 1;
    }
    return known[layout];
  }

  #constant(constant: Constant, layout: Layout): Place {
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

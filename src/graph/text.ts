import { kindOf } from '../ops/kinds.ts';
import type { Constant, Graph, HostValue, Node, Value } from './graph.ts';

/** What a text says of a graph. */
export interface Wording {
  /** What a constant is called: its name, or its elements. */
  constant(value: Constant): string;
  /** Whether it says shapes and attributes that may depend on sizes. */
  sizes: boolean;
  /** Whether it says attributes that are floats; so unless given. */
  floats?: boolean;
}

/** A line for each input, node and output of a graph, in order. */
export interface Line {
  text: string;
  path: string;
  /** The input or node that it is of. */
  made?: Value;
  operands: readonly (Value | null)[];
}

/** A node in words. `operand` says what its operands are called. */
export function nodeText(
  { op, operands, attrs, call, shape }: Node,
  operand: (value: Value) => string,
  wording: Omit<Wording, 'constant'>,
): string {
  const { sizes, floats = true } = wording;
  const args = Object.entries(operands).map(([name, value]) => `${name}=${value ? operand(value) : 'none'}`);
  const said = Object.entries(attrs).filter(([name]) => {
    const kind = call.row.args[name];
    return (sizes || !kindOf(kind).symbolic) && (floats || kind !== 'float');
  });
  const result = sizes ? ` -> [${shape}]` : '';
  return `${op}(${[...args, ...said.map(([name, value]) => `${name}=${value}`)].join(', ')})${result}`;
}

/** A graph in words, two of which are the same where graphs are, as far as `wording` goes. */
export function linesOf({ inputs, nodes, outputs }: Graph, wording: Wording): Line[] {
  const names = new Map<Value, string>([
    ...inputs.map((input) => [input, `%${input.name}`] as const),
    ...nodes.map((node, i) => [node, `%${i}`] as const),
  ]);
  const nameOf = (value: Value): string => {
    if (value.kind === 'view') return `${nameOf(value.base)}:${wording.sizes ? `[${value.shape}]` : value.shape.length}`;
    if (value.kind === 'host') return hostText(value);
    return value.kind === 'constant' ? `${wording.constant(value)}[${value.shape}]` : (names.get(value) as string);
  };
  return [
    ...inputs.map((input) => ({ text: `input ${input.name} ${input.dtype}`, path: '', made: input, operands: [] })),
    ...nodes.map((node) => ({
      text: nodeText(node, nameOf, wording),
      path: node.path,
      made: node,
      operands: Object.values(node.operands),
    })),
    ...outputs.map(({ name, value }) => ({ text: `return ${name} = ${nameOf(value)}`, path: '', operands: [value] })),
  ];
}

const hostText = ({ rule, masked, fill, input }: HostValue): string =>
  `${rule}(${[masked ? 'masked' : '', fill ?? '', input?.name ?? ''].filter((word) => word !== '').join(' ')})`;

import { type Constant, type Graph, makeNode, type Node, type Part, rewrite, storageOf, type Value } from '../graph/graph.ts';
import { exactHalves, type Half, isHalf, SUFFIXES } from '../tensor/half.ts';
import { type Parameter, Reshaped } from '../tensor/parameter.ts';
import { Tensor } from '../tensor/tensor.ts';

/** The ops that read a weight of 16 bits, and which of their operands it is. */
const WEIGHTS: Readonly<Record<string, { operand: string; half: string }>> = {
  linear: { operand: 'weight', half: 'linear' },
  embedding: { operand: 'table', half: 'embedding' },
  embedding_add: { operand: 'table', half: 'embedding' },
};

const weightOf = ({ op, operands }: Node): Value | null => (Object.hasOwn(WEIGHTS, op) ? operands[WEIGHTS[op].operand] : null);

/**
 * The graph with weights of products and lookups at 16 bits, where parameters ask for it and hold no number that needs more. A weight that
 * something else reads as well stays as it is, and so does one that is multiplied with and has an odd number of columns.
 */
export function narrowWeights(graph: Graph): Graph {
  const narrow = narrowed(graph);
  if (narrow.size === 0) return graph;
  const constants = new Map<Value, Constant>();
  const constantFor = (value: Constant): Constant => {
    const made = constants.get(value) ?? halfConstant(value, narrow);
    constants.set(value, made);
    return made;
  };
  return rewrite(graph, (node) => {
    const weight = weightOf(node);
    if (weight?.kind !== 'constant' || !narrow.has(weight.parts[0].name)) return node;
    const constant = constantFor(weight);
    const { operand, half } = WEIGHTS[node.op];
    const op = `${half}_${SUFFIXES[constant.dtype as Half]}`;
    return makeNode(op, { ...node.operands, [operand]: constant }, node.attrs, node);
  });
}

function halfConstant({ shape, parts }: Constant, narrow: ReadonlyMap<string, Tensor<Half>>): Constant {
  const halves = parts.map(({ name }): Part => ({ name, tensor: narrow.get(name) as Tensor }));
  return { kind: 'constant', dtype: halves[0].tensor.dtype, shape, parts: halves };
}

/** The tensors that may be kept at 16 bits, by name: all parts of a weight may, in one dtype, or none. */
function narrowed({ nodes, outputs }: Graph): Map<string, Tensor<Half>> {
  const weights = new Set<Constant>();
  const others = new Set<string>();
  const read = (value: Value): void => {
    const storage = storageOf(value);
    if (storage.kind === 'constant') for (const { name } of storage.parts) others.add(name);
  };
  for (const { value } of outputs) read(value);
  for (const node of nodes) {
    const weight = weightOf(node);
    for (const operand of Object.values(node.operands)) if (operand && operand !== weight) read(operand);
    if (weight?.kind === 'constant' && fits(node, weight)) weights.add(weight);
    else if (weight) read(weight);
  }
  return agreed([...weights], others);
}

const fits = ({ op }: Node, { shape }: Constant): boolean => op !== 'linear' || shape[1] % 2 === 0;

function agreed(weights: readonly Constant[], others: Set<string>): Map<string, Tensor<Half>> {
  const narrow = new Map<string, Tensor<Half>>();
  for (const part of weights.flatMap(({ parts }) => parts)) {
    const half = others.has(part.name) || narrow.has(part.name) ? undefined : halfOf(part);
    if (half) narrow.set(part.name, half);
  }
  for (let before = -1; before !== narrow.size; ) {
    before = narrow.size;
    for (const { parts } of weights) {
      const dtypes = new Set(parts.map(({ name }) => narrow.get(name)?.dtype));
      if (dtypes.size > 1 || dtypes.has(undefined)) for (const { name } of parts) narrow.delete(name);
    }
  }
  return narrow;
}

function halfOf({ tensor }: Part): Tensor<Half> | undefined {
  const { storedAs } = tensor instanceof Reshaped ? tensor.parameter : (tensor as Partial<Parameter>);
  if (storedAs === undefined || !isHalf(storedAs)) return undefined;
  const bits = exactHalves(tensor.elements as Float32Array, storedAs);
  return bits && new Tensor(storedAs, tensor.shape, bits);
}

const FLOATS: Readonly<Record<string, { operand: string; float: (node: Node) => string }>> = Object.fromEntries(
  Object.values(SUFFIXES).flatMap((suffix) => [
    [`linear_${suffix}`, { operand: 'weight', float: () => 'linear' }],
    [`embedding_${suffix}`, { operand: 'table', float: ({ operands }: Node) => (operands.x ? 'embedding_add' : 'embedding') }],
  ]),
);

/** The graph with weights of 16 bits in float32: what {@link narrowWeights} was given. */
export function widenWeights(graph: Graph): Graph {
  const widened = new Map<Value, Constant>();
  const floats = new Map<Tensor, Tensor>();
  const floatsOf = (tensor: Tensor): Tensor => {
    const made = floats.get(tensor) ?? tensor.to('float32');
    floats.set(tensor, made);
    return made;
  };
  return rewrite(graph, (node) => {
    if (!Object.hasOwn(FLOATS, node.op)) return node;
    const { operand, float } = FLOATS[node.op];
    const weight = node.operands[operand] as Constant;
    const parts = weight.parts.map(({ name, tensor }) => ({ name, tensor: floatsOf(tensor) }));
    const constant = widened.get(weight) ?? { ...weight, dtype: 'float32' as const, parts };
    widened.set(weight, constant);
    const { x, ...operands } = node.operands;
    return makeNode(float(node), { ...(x ? { x } : {}), ...operands, [operand]: constant }, node.attrs, node);
  });
}

import { TraceletError } from '../base/error.ts';
import { type Graph, type Input, makeNode, type Node, type Value } from '../graph/graph.ts';
import { difference } from '../inspect/verify.ts';
import { type Bounds, cornersOf, evaluateDim, type Sizes, shapeAt } from '../tensor/dim.ts';
import { sizeOf, Tensor } from '../tensor/tensor.ts';
import { evaluate } from './check.ts';

/**
 * A dimension of 1 makes shapes equal, or steps, that are not so at any other size: a graph recorded there may leave out what every other needs. So a
 * graph is found from sizes above 1, and has to answer at 1 as what was recorded there.
 */

/** A size that is neither 1 nor special. */
const SOME = 3;

/** Bounds without sizes of 1; undefined where no bounds begin there, or no two sizes are left. */
export function aboveOne(bounds: Bounds): Bounds | undefined {
  const entries = Object.entries(bounds);
  if (!entries.some(([, [low]]) => low === 1) || entries.some(([, [low, high]]) => low === 1 && high < SOME)) return undefined;
  return Object.fromEntries(entries.map(([symbol, [low, high]]) => [symbol, [Math.max(2, low), high]]));
}

/** Sizes at which one symbol or several are 1. */
export const sizesOfOne = (bounds: Bounds): Sizes[] =>
  cornersOf(Object.fromEntries(Object.entries(bounds).map(([symbol, [low, high]]) => [symbol, low === 1 ? [1, SOME] : [high, high]])))
    .filter((sizes) => Object.values(sizes).includes(1))
    .filter((sizes, i, all) => all.findIndex((other) => JSON.stringify(other) === JSON.stringify(sizes)) === i)
    .map((sizes) => Object.fromEntries(Object.entries(sizes).map(([symbol, size]) => [symbol, Math.max(size, bounds[symbol][0])])));

/** A graph in symbols, its numbers those of `sizes`. */
export function atSizes(graph: Graph, sizes: Sizes): Graph {
  const made = new Map<Value, Value>();
  const shapeOf = ({ shape, dims }: Value) => (dims ? shapeAt(dims, sizes) : shape);
  const at = <T extends Value>(value: T): T => {
    const known = made.get(value) ?? move(value);
    made.set(value, known);
    return known as T;
  };
  const move = (value: Value): Value => {
    if (value.kind === 'view') return { ...value, base: at(value.base), shape: shapeOf(value) };
    if (value.kind === 'input') return { ...value, shape: shapeOf(value) };
    if (value.kind !== 'host') return value.kind === 'node' ? nodeAt(value, sizes, at) : value;
    const { gridDims, grid, input } = value;
    return { ...value, shape: shapeOf(value), grid: gridDims ? shapeAt(gridDims, sizes) : grid, input: input && at(input) };
  };
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: at(value) }));
  return { ...graph, inputs: graph.inputs.map(at), nodes: graph.nodes.map(at), outputs };
}

function nodeAt(node: Node, sizes: Sizes, at: (value: Value) => Value): Node {
  const { op, operands, attrs, attrDims = {}, path, origins, dims, varies } = node;
  const numbers = Object.fromEntries(Object.entries(attrDims).map(([name, dim]) => [name, evaluateDim(dim, sizes)]));
  const given = Object.fromEntries(Object.entries(operands).map(([name, value]) => [name, value && at(value)]));
  const made = makeNode(op, given, { ...attrs, ...numbers }, { path, origins, dims, attrDims: node.attrDims });
  return { ...made, varies };
}

/** Whether a graph in symbols runs at the sizes of another, which was recorded there, and answers as that does. */
export function answersAt(graph: Graph, sizes: Sizes, recorded: Graph, inputs: Readonly<Record<string, Tensor>>): boolean {
  const found = graphFor(graph, sizes);
  if (!found) return false;
  const [got, want] = [found, recorded].map((each) => evaluate(each, dummiesOf(each, inputs)));
  return recorded.outputs.every(({ value }, i) => {
    const other = got.get(found.outputs[i].value) as Tensor;
    return difference(other, want.get(value) as Tensor, TOLERANCE).ok;
  });
}

/** {@link atSizes}; undefined where an op has no elements at these. */
function graphFor(graph: Graph, sizes: Sizes): Graph | undefined {
  try {
    return atSizes(graph, sizes);
  } catch (error) {
    if (error instanceof TraceletError) return undefined;
    throw error;
  }
}

const dummiesOf = (graph: Graph, inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> =>
  Object.fromEntries(graph.inputs.map((input) => [input.name, sized(inputs[input.name], input)]));

const TOLERANCE = 1e-4;

/** Elements of a dummy input, over and over, in the shape of `input`. */
function sized(dummy: Tensor, { shape, dtype }: Input): Tensor {
  const { data } = dummy;
  const places = Array.from({ length: sizeOf(shape) }, (_, at) => {
    let [rest, place, step] = [at, 0, 1];
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      place += ((rest % shape[dim]) % dummy.shape[dim]) * step;
      rest = Math.floor(rest / shape[dim]);
      step *= dummy.shape[dim];
    }
    return Number(data[place]);
  });
  return dtype === 'float32'
    ? new Tensor('float32', shape, Float32Array.from(places))
    : new Tensor('int32', shape, Int32Array.from(places));
}

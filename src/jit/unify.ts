import { TraceletError } from '../base/error.ts';
import type { Derived, Graph, Node, Value } from '../graph/graph.ts';
import { ROWS } from '../program/program.ts';
import { type Bounds, type Dim, evaluateDim, interpolate, isSymbolic, type Sizes } from '../tensor/dim.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A graph of one model at given sizes. */
export interface Sample {
  sizes: Sizes;
  graph: Graph;
}

/** What of a line is the same at all sizes, and the numbers that may not be. */
interface GraphLine {
  text: string;
  numbers: number[];
  path: string;
  /** Takes the numbers in symbols. */
  assign(dims: readonly Dim[]): void;
}

/**
 * Finds how the numbers of `base` depend on symbols: from graphs at the corners of `bounds` (in the order of `cornersOf`), checked
 * against those of all `samples`. Its values get their `dims`. Throws a `tracing` error naming the module where a graph differs in more
 * than numbers, or in numbers that are not sums of products of the symbols.
 */
export function unify(base: Graph, corners: readonly Sample[], samples: readonly Sample[], bounds: Bounds): void {
  const lines = linesOf(base);
  const atCorners = corners.map(({ graph }) => linesOf(graph));
  const others = [...corners, ...samples];
  const all = others.map(({ graph }) => linesOf(graph));
  lines.forEach((line, at) => {
    for (const [i, other] of all.entries()) checkSame(line, other[at], others[i].sizes);
    const dims = line.numbers.map((number, n) => {
      if (all.every((other) => other[at].numbers[n] === number)) return number;
      const dim = interpolate(
        atCorners.map((corner) => corner[at].numbers[n]),
        bounds,
      );
      const wrong = others.findIndex(({ sizes }, i) => dim === undefined || evaluateDim(dim, sizes) !== all[i][at].numbers[n]);
      if (wrong >= 0) throw depends(line, `${number}`, `${all[wrong][at].numbers[n]}`, others[wrong].sizes);
      return dim as Dim;
    });
    line.assign(dims);
  });
  const longer = all.findIndex((other) => other.length > lines.length);
  if (longer >= 0) checkSame(undefined, all[longer][lines.length], others[longer].sizes);
}

function checkSame(line: GraphLine | undefined, other: GraphLine | undefined, sizes: Sizes): void {
  if (line?.text === other?.text && line?.numbers.length === other?.numbers.length) return;
  throw depends(
    (line ?? other) as GraphLine,
    line?.text ?? 'the end of the forward pass',
    other?.text ?? 'the end of the forward pass',
    sizes,
  );
}

const depends = ({ path }: GraphLine, expected: string, got: string, sizes: Sizes): TraceletError =>
  new TraceletError('tracing', {
    what: `${path || 'the model'} depends on a dynamic size in a way that a trace cannot hold`,
    expected,
    got: `${got} at ${showSizes(sizes)}`,
    cure: 'Trace without dynamic, with bounds on one side of the branch, or make the forward pass the same for all sizes: F.positions and F.filled make ids of any length',
  });

const showSizes = ({ [ROWS]: _, ...sizes }: Sizes): string =>
  Object.entries(sizes)
    .map(([symbol, size]) => `${symbol} ${size}`)
    .join(', ');

/** Every node and output in words and numbers, in order. */
function linesOf(graph: Graph): GraphLine[] {
  const names = new Map<Value, string>(graph.inputs.map((input) => [input, `%${input.name}`]));
  const inputs = graph.inputs.map((input) => lineOf(`input ${input.name} ${input.dtype}`, '', [], [input]));
  const nodes = graph.nodes.map((node, i) => {
    const operands = Object.entries(node.operands);
    const words = operands.map(([name, value]) => `${name}=${value ? textOf(value, names) : 'none'}`);
    const attrs = Object.entries(node.attrs);
    const fixed = attrs.filter(([name]) => node.call.row.args[name] !== 'attr').map(([name, value]) => `${name}=${value}`);
    names.set(node, `%${i}`);
    return lineOf(
      `${node.op}(${[...words, ...fixed].join(', ')})`,
      node.path,
      operands.map(([, value]) => value),
      [node],
    );
  });
  const outputs = graph.outputs.map(({ name, value }) => lineOf(`return ${name} = ${textOf(value, names)}`, '', [value], []));
  return [...inputs, ...nodes, ...outputs];
}

function lineOf(text: string, path: string, operands: readonly (Value | null)[], made: readonly Value[]): GraphLine {
  const values = [...operands.flatMap((value) => (value ? chainOf(value) : [])), ...made];
  const slots = values.flatMap(slotsOf);
  return {
    text,
    path,
    numbers: slots.flatMap(({ numbers }) => numbers),
    assign(dims) {
      let at = 0;
      for (const { numbers, set } of slots) {
        const own = dims.slice(at, at + numbers.length);
        at += numbers.length;
        if (isSymbolic(own)) set(own);
      }
    },
  };
}

/** A value that is not a constant, and those that it is a view of. */
function chainOf(value: Value): Value[] {
  if (value.kind === 'view') return [value, ...chainOf(value.base)];
  return value.kind === 'derived' ? [value] : [];
}

interface Slot {
  numbers: readonly number[];
  set(dims: readonly Dim[]): void;
}

function slotsOf(value: Value): Slot[] {
  const set = (dims: readonly Dim[]): void => {
    value.dims = dims;
  };
  const shape: Slot = { numbers: value.shape, set };
  if (value.kind === 'derived') return [shape, gridOf(value)];
  return value.kind === 'node' ? [shape, attrsOf(value)] : [shape];
}

const gridOf = (value: Derived): Slot => ({
  numbers: value.grid,
  set(dims) {
    value.gridDims = dims;
  },
});

function attrsOf(node: Node): Slot {
  const names = Object.keys(node.attrs).filter((name) => node.call.row.args[name] === 'attr');
  return {
    numbers: names.map((name) => node.attrs[name] as number),
    set(dims) {
      const symbolic = names.map((name, i) => [name, dims[i]] as const).filter(([, dim]) => typeof dim !== 'number');
      node.attrDims = Object.fromEntries(symbolic);
    },
  };
}

const SMALL = 1024;
const contents = new WeakMap<Tensor, string>();

/** The elements in words, or a hash of them. */
export function contentOf(tensor: Tensor): string {
  if (tensor.size <= SMALL) return String(tensor.elements);
  const known = contents.get(tensor) ?? hashOf(tensor);
  contents.set(tensor, known);
  return known;
}

/** FNV-1a over the bytes, twice with different starts. */
function hashOf({ elements: { buffer, byteOffset, byteLength } }: Tensor): string {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x85ebca6b) + 1;
  }
  return `${a},${b},${byteLength}`;
}

const isNamed = (name: string): boolean => !/^(constants|folded)\.\d+$/.test(name);

/** What a value is called, without the numbers that may depend on sizes. */
function textOf(value: Value, names: ReadonlyMap<Value, string>): string {
  if (value.kind === 'view') return `${textOf(value.base, names)}:${value.shape.length}`;
  if (value.kind === 'derived') return derivedText(value);
  if (value.kind !== 'constant') return names.get(value) as string;
  const known = value.parts.map(({ name, tensor }) => (isNamed(name) ? name : `${tensor.dtype}(${contentOf(tensor)})`));
  return `${known}[${value.shape}]`;
}

const derivedText = ({ rule, packed, fill, input }: Derived): string =>
  `${rule}(${packed ? 'packed' : ''} ${fill ?? ''} ${input?.name ?? ''})`;

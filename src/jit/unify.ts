import { TraceletError } from '../base/error.ts';
import type { Constant, Graph, HostValue, Node, Value } from '../graph/graph.ts';
import { type Line as TextLine, linesOf as textOf } from '../graph/text.ts';
import { kindOf } from '../ops/kinds.ts';
import { TOKENS } from '../program/program.ts';
import { type Bounds, type Dim, evaluateDim, interpolate, isSymbolic, type Sizes } from '../tensor/dim.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Sample } from './sizenumbers.ts';

/** What of a value depends on symbols. */
type Symbolic = Pick<HostValue, 'dims' | 'gridDims'> | Pick<Node, 'dims' | 'attrDims'>;

/** What of a line is the same at all sizes, and the numbers that may not be. */
interface GraphLine {
  text: string;
  numbers: number[];
  path: string;
  /** What its values have in symbols, if these are its numbers. */
  symbolic(dims: readonly Dim[]): [Value, Symbolic][];
}

/**
 * Finds how the numbers of `base` depend on symbols: from graphs at the corners of `bounds` (in the order of `cornersOf`), checked
 * against those of all `samples`. Answers it in symbols. Throws a `tracing` error naming the module where a graph differs in more
 * than numbers, or in numbers that are not sums of products of the symbols.
 */
export function unify(base: Graph, corners: readonly Sample[], samples: readonly Sample[], bounds: Bounds): Graph {
  const lines = linesOf(base);
  const atCorners = corners.map(({ graph }) => linesOf(graph));
  const others = [...corners, ...samples];
  const all = others.map(({ graph }) => linesOf(graph));
  const symbolic = new Map<Value, Symbolic>();
  lines.forEach((line, at) => {
    for (const [i, other] of all.entries()) checkSame(line, other[at], others[i].sizes);
    const dims = line.numbers.map((number, n) => {
      if (all.every((other) => other[at].numbers[n] === number)) return number;
      const values = atCorners.map((corner) => corner[at].numbers[n]);
      const holds = (dim: Dim | undefined): boolean =>
        dim !== undefined && others.every(({ sizes }, i) => evaluateDim(dim, sizes) === all[i][at].numbers[n]);
      const plain = interpolate(values, bounds);
      const dim = holds(plain) ? plain : (squaredDims(values, corners, bounds).find(holds) ?? plain);
      const wrong = others.findIndex(({ sizes }, i) => dim === undefined || evaluateDim(dim, sizes) !== all[i][at].numbers[n]);
      if (wrong >= 0) {
        const [got, { sizes }] = [all[wrong][at].numbers[n], others[wrong]];
        throw depends(line, `${got === number && dim !== undefined ? evaluateDim(dim, sizes) : number}`, `${got}`, sizes);
      }
      return dim as Dim;
    });
    for (const [value, its] of line.symbolic(dims)) {
      const known = symbolic.get(value) ?? {};
      if (!agree(known, its)) throw alike(line);
      symbolic.set(value, { ...known, ...its });
    }
  });
  const longer = all.findIndex((other) => other.length > lines.length);
  if (longer >= 0) checkSame(undefined, all[longer][lines.length], others[longer].sizes);
  return inSymbols(base, symbolic);
}

/** Sums of products that all have a symbol in them once more, as steps over pairs of tokens do. */
const squaredDims = (values: readonly number[], corners: readonly Sample[], bounds: Bounds): Dim[] =>
  Object.keys(bounds).flatMap((symbol) => {
    const rest = interpolate(
      values.map((value, i) => value / corners[i].sizes[symbol]),
      bounds,
    );
    if (rest === undefined) return [];
    return [typeof rest === 'number' ? [[rest, symbol] as const] : rest.map(([factor, ...of]) => [factor, ...of, symbol] as const)];
  });

function checkSame(line: GraphLine | undefined, other: GraphLine | undefined, sizes: Sizes): void {
  if (line?.text === other?.text && line?.numbers.length === other?.numbers.length) return;
  throw depends(
    (line ?? other) as GraphLine,
    line?.text ?? 'the end of the forward pass',
    other?.text ?? 'the end of the forward pass',
    sizes,
  );
}

/** Whether what is known of a value is what is said of it in another place. */
const agree = (known: Symbolic, its: Symbolic): boolean =>
  Object.entries(its).every(([name, dims]) => JSON.stringify(known[name as keyof Symbolic] ?? dims) === JSON.stringify(dims));

const alike = ({ path }: GraphLine): TraceletError =>
  new TraceletError('tracing', {
    what: `${path || 'the model'} takes sizes that are symbols of their own for one`,
    expected: 'dummy inputs in which they differ',
    got: 'equal ones',
    cure: 'Trace with dummy inputs whose sizes differ where their symbols do',
  });

const depends = ({ path }: GraphLine, expected: string, got: string, sizes: Sizes): TraceletError =>
  new TraceletError('tracing', {
    what: `${path || 'the model'} depends on a dynamic size in a way that a trace cannot hold`,
    expected,
    got: `${got} at ${showSizes(sizes)}`,
    cure: 'Trace without dynamic, with bounds on one side of the branch, or make the forward pass the same for all sizes: F.positions and F.filled make ids of any length',
  });

const showSizes = ({ [TOKENS]: _, ...sizes }: Sizes): string =>
  Object.entries(sizes)
    .map(([symbol, size]) => `${symbol} ${size}`)
    .join(', ');

/** Every input, node and output in words and numbers, in order. */
const linesOf = (graph: Graph): GraphLine[] => textOf(graph, { sizes: false, constant: constantText }).map(lineOf);

function lineOf({ text, path, operands, made }: TextLine): GraphLine {
  const values = [...operands.flatMap((value) => (value ? chainOf(value) : [])), ...(made ? [made] : [])];
  const slots = values.flatMap(slotsOf);
  return {
    text,
    path,
    numbers: slots.flatMap(({ numbers }) => numbers),
    symbolic(dims) {
      let at = 0;
      return slots.flatMap(({ value, numbers, say }): [Value, Symbolic][] => {
        const own = dims.slice(at, at + numbers.length);
        at += numbers.length;
        return isSymbolic(own) ? [[value, say(own)]] : [];
      });
    },
  };
}

/** A value that is not a constant, and those that it is a view of. */
function chainOf(value: Value): Value[] {
  if (value.kind === 'view') return [value, ...chainOf(value.base)];
  return value.kind === 'host' ? [value] : [];
}

/** Numbers of a value that may depend on symbols. */
interface Slot {
  value: Value;
  numbers: readonly number[];
  say(dims: readonly Dim[]): Symbolic;
}

function slotsOf(value: Value): Slot[] {
  const shape: Slot = { value, numbers: value.shape, say: (dims) => ({ dims }) };
  if (value.kind === 'host') return [shape, { value, numbers: value.grid, say: (gridDims) => ({ gridDims }) }];
  return value.kind === 'node' ? [shape, attrsOf(value)] : [shape];
}

function attrsOf(node: Node): Slot {
  const names = Object.keys(node.attrs).filter((name) => kindOf(node.call.row.args[name]).symbolic);
  return {
    value: node,
    numbers: names.map((name) => node.attrs[name] as number),
    say(dims) {
      const symbolic = names.map((name, i) => [name, dims[i]] as const).filter(([, dim]) => typeof dim !== 'number');
      return { attrDims: Object.fromEntries(symbolic) };
    },
  };
}

/** The graph, its values with what they have in symbols. */
function inSymbols(graph: Graph, symbolic: ReadonlyMap<Value, Symbolic>): Graph {
  const made = new Map<Value, Value>();
  const symbolicOf = <T extends Value>(value: T): T => {
    if (value.kind === 'constant') return value;
    const known = made.get(value) ?? ({ ...value, ...symbolic.get(value), ...partsOf(value) } as Value);
    made.set(value, known);
    return known as T;
  };
  const partsOf = (value: Value): Partial<Value> => {
    if (value.kind === 'view') return { base: symbolicOf(value.base) };
    if (value.kind === 'host') return { input: value.input && symbolicOf(value.input) };
    if (value.kind !== 'node') return {};
    const operands = Object.entries(value.operands).map(([name, operand]) => [name, operand && symbolicOf(operand)]);
    return { operands: Object.fromEntries(operands) };
  };
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: symbolicOf(value) }));
  return { ...graph, inputs: graph.inputs.map(symbolicOf), nodes: graph.nodes.map(symbolicOf), outputs };
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

const constantText = ({ parts }: Constant): string =>
  String(parts.map(({ name, tensor }) => (isNamed(name) ? name : `${tensor.dtype}(${contentOf(tensor)})`)));

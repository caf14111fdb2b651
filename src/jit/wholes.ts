import { type Graph, type Input, type Node, operandsOf, rewrite, storageOf, type Value } from '../graph/graph.ts';
import { kindOf } from '../ops/kinds.ts';
import type { DType } from '../tensor/dtype.ts';

/** What makes floats of whole numbers. */
const TO_FLOATS = 'to_float32';

/** Operands of a node that are moved, and those of which something else is made. */
function partsOf({ call, operands }: Node): { moved: Value[]; read: Value[] } {
  const parts: { moved: Value[]; read: Value[] } = { moved: [], read: [] };
  for (const [name, value] of Object.entries(operands))
    if (value) parts[kindOf(call.row.args[name]).moved ? 'moved' : 'read'].push(storageOf(value));
  return parts;
}

/** Whole numbers that are the same, moved about: values by the first of them. */
class Groups {
  readonly #first = new Map<Value, Value>();

  of(value: Value): Value {
    const first = this.#first.get(value);
    return first === undefined || first === value ? value : this.of(first);
  }

  join(a: Value, b: Value): void {
    this.#first.set(this.of(b), this.of(a));
  }
}

/**
 * A graph whose inputs of whole numbers are floats where all that is ever made of them is floats: so whole dummies stand for floats, which
 * JavaScript does not tell apart. Changes the dtypes of values where they are.
 */
export function withFloatInputs(graph: Graph): Graph {
  const groups = new Groups();
  const whole: Value[] = [];
  const isMoved = (node: Node): boolean => node.dtype === 'int32' && partsOf(node).moved.length > 0;
  for (const node of graph.nodes) {
    const { moved, read } = partsOf(node);
    if (isMoved(node)) for (const value of moved) groups.join(node, value);
    else whole.push(node);
    if (node.op !== TO_FLOATS) whole.push(...read);
    whole.push(...moved.filter(({ kind }) => kind === 'constant' || kind === 'host'));
  }
  whole.push(...graph.outputs.map(({ value }) => storageOf(value)));
  for (const value of valuesOf(graph)) if (value.kind === 'host' && value.input) whole.push(value.input);
  const stays = new Set(whole.map((value) => groups.of(value)));
  const becomes = (value: Value): boolean => value.dtype === 'int32' && !stays.has(groups.of(value));
  const used = new Set([...graph.nodes.flatMap(operandsOf)].map(storageOf));
  const changed: Value[] = [
    ...graph.inputs.filter((input: Input) => used.has(input) && becomes(input)),
    ...graph.nodes.filter((node) => isMoved(node) && becomes(node)),
  ];
  if (changed.length === 0) return graph;
  for (const value of changed) retype(value);
  for (const value of valuesOf(graph)) for (let at = value; at.kind === 'view'; at = at.base) retype(at, storageOf(at).dtype);
  return rewrite(graph, (node) => (node.op === TO_FLOATS && node.operands.x?.dtype === 'float32' ? node.operands.x : node));
}

const valuesOf = ({ nodes, outputs }: Graph): Value[] =>
  [...nodes.flatMap(operandsOf), ...outputs.map(({ value }) => value)].flatMap(chainOf);

const chainOf = (value: Value): Value[] => (value.kind === 'view' ? [value, ...chainOf(value.base)] : [value]);

function retype(value: Value, dtype: DType = 'float32'): void {
  (value as { dtype: DType }).dtype = dtype;
  if (value.kind === 'node') (value.call as { dtype: DType }).dtype = dtype;
}

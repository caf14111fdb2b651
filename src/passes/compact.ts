import { type Graph, type HostValue, type Input, makeNode, type Node, operandsOf, storageOf, type Value } from '../graph/graph.ts';
import { countOf, type HostRule, hostRule, type Rule } from '../graph/hostvalues.ts';
import { SEQUENCE, Sequences } from '../graph/sequences.ts';
import { MASK } from '../nn/inputs.ts';
import { type Shape, sameShape, sizeOf } from '../tensor/tensor.ts';

/**
 * Leaves out the tokens that the attention_mask rules out: what was [batch, sequence, …] becomes [tokens, …] wherever each row is computed
 * on its own or `starts` says which rows belong together, and is scattered, zeros for the tokens left out, for everything else.
 * `tokens` is how many are left, all of them unless given. Tokens that a rule chooses have rows whatever the mask says, and ops on sequences are then
 * told which these are. Graphs that use the mask in another way stay as they are, and so do rows of another sequence than that of the mask.
 */
export function compact(graph: Graph, tokens?: number): Graph {
  const mask = graph.inputs.find(({ name, dtype }) => name === MASK && dtype === 'int32');
  const sequences = new Sequences();
  const grid = mask && gridOf(graph, mask, sequences);
  if (!grid) return graph;
  const compactor = new Compactor(grid, tokens ?? sizeOf(grid), sequences, graph.nodes.some(isChoosing));
  for (const node of graph.nodes) compactor.visit(node);
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: compactor.wholeOf(value) }));
  return { ...graph, nodes: compactor.nodes, outputs };
}

/** The rule that says which tokens a node takes, if one does. */
function ruleOf({ operands: { mask } }: Node): HostRule | undefined {
  const storage = mask && storageOf(mask);
  return storage?.kind === 'host' ? hostRule(storage.rule) : undefined;
}

const isChoosing = (node: Node): boolean => ruleOf(node)?.chooses === true;
const isByPlace = (node: Node): boolean => ruleOf(node)?.byPlace === true;

/** [batch, sequence] of the mask, if it only says which tokens ops on sequences leave out, and all of these ask it. */
function gridOf({ nodes, outputs }: Graph, mask: Input, sequences: Sequences): Shape | undefined {
  const shapes: Shape[] = [];
  const choosing = nodes.some(isChoosing);
  for (const node of nodes) {
    const { operands, call } = node;
    const reads = Object.entries(operands).filter(([, value]) => value && storageOf(value) === mask);
    if (reads.some(([name]) => name !== 'mask')) return undefined;
    for (const [, value] of reads) shapes.push((value as Value).shape);
    const [name] = call.row.keys ?? call.row.sequences ?? [];
    const x = name && operands[name];
    const isTold = reads.length > 0 || isChoosing(node) || isByPlace(node);
    if (x && !isTold && x.shape.length === 3 && sequences.of(x) === SEQUENCE) return undefined;
    if (choosing && call.row.asksMask) return undefined;
  }
  const [grid] = shapes;
  const usable =
    grid?.length === 2 && shapes.every((shape) => sameShape(shape, grid)) && !outputs.some(({ value }) => storageOf(value) === mask);
  return usable ? grid : undefined;
}

class Compactor {
  readonly nodes: Node[] = [];
  readonly #grid: Shape;
  readonly #tokens: number;
  readonly #sequences: Sequences;
  /** Whether tokens may have rows that the mask rules out. */
  readonly #choosing: boolean;
  /** Values of the graph before, as rows. */
  readonly #compact = new Map<Value, Value>();
  /** Values of the graph before, in the shape that they had. */
  readonly #whole = new Map<Value, Value>();
  readonly #hostValues = new Map<string, HostValue>();

  constructor(grid: Shape, tokens: number, sequences: Sequences, choosing: boolean) {
    this.#grid = grid;
    this.#tokens = tokens;
    this.#sequences = sequences;
    this.#choosing = choosing;
  }

  visit(node: Node): void {
    const compact = this.#sequences.of(node) === SEQUENCE ? this.#overRows(node) : undefined;
    const [x] = node.call.row.sequences ?? [];
    if (compact && (!x || node.shape.length === node.operands[x]?.shape.length)) {
      this.#compact.set(node, compact);
      return;
    }
    this.#whole.set(node, compact ?? this.#overKeys(node) ?? this.#overAll(node));
  }

  /** The node in the shape that it had. */
  #overAll(node: Node): Node {
    const operands = this.#wholeOperands(node);
    const same = Object.entries(operands).every(([name, value]) => value === node.operands[name]);
    return this.#emit(same ? node : { ...node, operands });
  }

  /** The same, with keys over rows, if it takes such from another sequence. */
  #overKeys(node: Node): Node | undefined {
    const { keys, asksMask } = node.call.row;
    const [k] = keys ?? [];
    if (!keys || this.#sequences.of(node.operands[k] as Value) !== SEQUENCE) return undefined;
    const operands: Record<string, Value | null> = { ...node.operands };
    for (const [name, value] of Object.entries(node.operands)) {
      const rows = value && keys.includes(name) ? this.#rowsOf(value) : undefined;
      if (keys.includes(name) && !rows) return undefined;
      operands[name] = rows ?? (value && this.wholeOf(value));
    }
    operands.key_starts = this.#hostValue('starts');
    if (!asksMask) operands.mask = this.#maskOf(node);
    return this.#emit(makeNode(node.op, operands, node.attrs, node));
  }

  /** The operands of a node as they were, but for those that are rows. */
  #wholeOperands({ operands }: Node, rows: readonly string[] = []): Record<string, Value | null> {
    const others = Object.entries(operands).filter(([name]) => !rows.includes(name));
    return Object.fromEntries(others.map(([name, value]) => [name, value && this.wholeOf(value)]));
  }

  /** The node over rows, if it computes each row on its own or knows sequences. */
  #overRows(node: Node): Node | undefined {
    const { rowwise, sequences, asksMask } = node.call.row;
    const names = rowwise ?? sequences ?? [];
    const known = names.some((name) => node.operands[name] && this.#rowsOf(node.operands[name]));
    if (!known) return undefined;
    const operands = this.#wholeOperands(node, names);
    for (const name of names) {
      const value = node.operands[name];
      const rows = value && this.#toRows(value, node);
      if (!rows) return undefined;
      operands[name] = rows;
    }
    if (sequences) operands.starts = this.#hostValue('starts');
    if (sequences && !asksMask) operands.mask = this.#maskOf(node);
    return this.#emit(makeNode(node.op, operands, node.attrs, node));
  }

  /** The mask of a node whose tokens have rows, if there are some that it rules out. */
  #maskOf(node: Node): Value | null {
    const { mask } = node.operands;
    return ((this.#choosing || isByPlace(node)) && mask && this.#rowsOf(mask)) || null;
  }

  /** What a node over rows reads instead of an operand: the rows of it, rows gathered by token or place, or the operand itself if all rows share it. */
  #toRows(value: Value, { shape, call, path, origins }: Node): Value | undefined {
    const known = this.#rowsOf(value);
    if (known) return known;
    const wide = call.row.sequences ? 0 : (this.#restOf(shape)?.length ?? 0);
    if (value.shape.length <= wide) return this.wholeOf(value);
    const byPlace = value.shape[0] === this.#grid[1] && value.shape.length === wide + 1;
    const rest = byPlace ? value.shape.slice(1) : this.#restOf(value.shape);
    if (!rest || value.dtype !== 'float32') return undefined;
    const [cols, dtype] = [sizeOf(rest), value.dtype];
    const table: Value = { kind: 'view', base: this.wholeOf(value), dtype, shape: [sizeOf(value.shape) / cols, cols] };
    const gathered = this.#emit(
      makeNode('embedding', { ids: this.#hostValue(byPlace ? 'places' : 'index'), table }, {}, { path, origins }),
    );
    return rest.length === 1 ? gathered : { kind: 'view', base: gathered, dtype, shape: [this.#tokens, ...rest] };
  }

  /** `value` as rows, where it has them already or the host can write it so. */
  #rowsOf(value: Value): Value | undefined {
    const known = this.#compact.get(value);
    if (known) return known;
    const rows = this.#makeRows(value);
    if (rows) this.#compact.set(value, rows);
    return rows;
  }

  #makeRows(value: Value): Value | undefined {
    const rest = this.#restOf(value.shape);
    if (!rest) return undefined;
    const storage = storageOf(value);
    if (storage.kind === 'input' && value.dtype === 'int32' && value.shape.length === 2) return this.#hostValue('kept', { input: storage });
    if (storage.kind === 'host' && sameShape(storage.grid, this.#grid)) return this.#hostValue(storage.rule, storage);
    if (value.kind !== 'view' || rest.length === 0) return undefined;
    const base = this.#rowsOf(value.base);
    return base && { kind: 'view', base, dtype: value.dtype, shape: this.#rowShape(value.shape) };
  }

  /** `value` in the shape that it had. */
  wholeOf(value: Value): Value {
    let whole = this.#whole.get(value);
    if (!whole) {
      whole = this.#makeWhole(value);
      this.#whole.set(value, whole);
    }
    return whole;
  }

  #makeWhole(value: Value): Value {
    if (value.kind === 'view') {
      const base = this.wholeOf(value.base);
      return base === value.base ? value : { ...value, base };
    }
    const rows = value.kind === 'node' && this.#compact.get(value);
    if (!rows) return value;
    const [batch, sequence] = this.#grid;
    const scattered = this.#emit(makeNode('scatter', { x: rows, index: this.#hostValue('index') }, { batch, sequence }, value as Node));
    return sameShape(scattered.shape, value.shape) ? scattered : { kind: 'view', base: scattered, dtype: value.dtype, shape: value.shape };
  }

  #hostValue(rule: Rule, { input, fill }: Pick<HostValue, 'input' | 'fill'> = {}): HostValue {
    const key = `${rule} ${input?.name} ${fill}`;
    let made = this.#hostValues.get(key);
    if (!made) {
      const [batch, sequence] = this.#grid;
      const shape = [countOf(rule, { batch, sequence, tokens: this.#tokens })];
      made = { kind: 'host', rule, grid: this.#grid, masked: true, sequence: SEQUENCE, input, fill, dtype: 'int32', shape };
      this.#hostValues.set(key, made);
    }
    return made;
  }

  #emit(node: Node): Node {
    this.nodes.push(node);
    return node;
  }

  /** What follows the tokens in `shape`: [batch, sequence, …] or [batch · sequence, …]. */
  #restOf(shape: Shape): Shape | undefined {
    const [batch, sequence] = this.#grid;
    if (shape[0] === batch && shape[1] === sequence) return shape.slice(2);
    return shape[0] === batch * sequence ? shape.slice(1) : undefined;
  }

  #rowShape(shape: Shape): Shape {
    return [this.#tokens, ...(this.#restOf(shape) as Shape)];
  }
}

/** Whether values of the graph have a row only for tokens that the mask lets through. */
export const isCompact = (graph: Graph): boolean =>
  graph.nodes.some((node) => operandsOf(node).some((value) => value.kind === 'host' && value.masked));

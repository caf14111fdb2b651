import { type Graph, type HostValue, makeNode, type Node, rewrite, storageOf, type Value } from '../graph/graph.ts';
import type { Rule } from '../graph/hostvalues.ts';
import { type Shape, sameShape, sizeOf } from '../tensor/tensor.ts';
import { eliminateDeadCode } from './dce.ts';

/**
 * Computes of each sequence only the row that is read: where all that reads a value takes one row of each sequence (`picks` in the op table), or is
 * an op of which only that row is read in turn, the op is given these rows of its operands. Ops that compute each row on its own are such, and attention,
 * whose keys and values stay all rows (`apart`). A sequence without that row has zeros, as before. Outputs that calls ask for `alone` are computed so
 * whatever the others read.
 */
export function wantRows(graph: Graph, alone?: readonly string[]): Graph {
  const { outputs } = graph;
  const some = alone ? outputs.filter(({ name }) => alone.includes(name)) : outputs;
  const wishes = wishesOf(eliminateDeadCode({ ...graph, outputs: some }));
  if (wishes.size === 0) return graph;
  const wanted = rewrite(graph, (node, before) => {
    wishes.get(before)?.narrow(node, before);
    const { x } = before.operands;
    const wish = isPick(before) && x ? wishes.get(storageOf(x)) : undefined;
    return wish ? wish.shown(node, x as Value) : node;
  });
  return eliminateDeadCode(wanted);
}

const isPick = ({ call }: Node): boolean => call.row.picks !== undefined;

/** Nodes of which one row of each sequence is read, and which these are. */
function wishesOf({ nodes, outputs }: Graph): Map<Value, Wish> {
  const wishes = new Map<Value, Wish>();
  const known: Wish[] = [];
  const asked = new Map<Value, Wish | null>();
  const ask = (value: Value, wish: Wish | null): void => {
    const storage = storageOf(value);
    asked.set(storage, asked.has(storage) && asked.get(storage) !== wish ? null : wish);
  };
  for (const { value } of outputs) ask(value, null);
  for (const node of nodes.toReversed()) {
    const wish = asked.get(node);
    if (wish?.fits(node)) wishes.set(node, wish);
    for (const [name, value] of Object.entries(node.operands)) {
      if (!value) continue;
      if (isPick(node) && name === 'x') ask(value, wishFor(node, known));
      else ask(value, (wishes.get(node)?.takes(node, name) && wish) || null);
    }
  }
  return wishes;
}

/** The wish of a node that takes a row of each sequence, the same for all that take the same. */
function wishFor(node: Node, known: Wish[]): Wish | null {
  const { x, mask, starts } = node.operands;
  if (!x || !isStarts(starts) || (mask && storageOf(mask).kind === 'node')) return null;
  const lead = x.shape.slice(0, -1);
  const found = known.find((wish) => wish.op === node.op && wish.mask === mask && wish.starts === starts && sameShape(wish.lead, lead));
  if (found) return found;
  const made = new Wish(node, lead, mask, starts);
  known.push(made);
  return made;
}

const isStarts = (value: Value | null | undefined): value is HostValue => value?.kind === 'host' && value.rule === 'starts';

/** One row of each sequence, and the values that are made of these rows alone. */
class Wish {
  readonly op: string;
  /** Dimensions of the rows that are taken from: [tokens], or [batch, sequence]. */
  readonly lead: Shape;
  readonly mask: Value | null;
  readonly starts: HostValue;
  readonly #picks: Readonly<Partial<Record<string, string>>>;
  readonly #batch: number;
  /** What is computed of the rows, by the node that computed all. */
  readonly #narrowed = new Map<Value, Node>();
  readonly #picked = new Map<Value, Value>();
  readonly #hostValues = new Map<string, HostValue>();

  constructor({ op, call }: Node, lead: Shape, mask: Value | null | undefined, starts: HostValue) {
    this.op = op;
    this.lead = lead;
    this.mask = mask ?? null;
    this.starts = starts;
    this.#picks = call.row.picks ?? {};
    this.#batch = starts.shape[0] - 1;
  }

  /** Whether a node can be computed of the rows alone. */
  fits(node: Node): boolean {
    const { rowwise, apart } = node.call.row;
    const { starts, mask } = node.operands;
    if (!this.#restOf(node.shape) || (apart && !isStarts(starts)) || (apart?.sideways && mask && !this.starts.masked)) return false;
    const names = rowwise ?? apart?.queries ?? [];
    return names.length > 0 && names.every((name) => !node.operands[name] || this.takes(node, name) || this.#isShared(node, name));
  }

  /** Whether a node that fits takes the rows of an operand, and not all of it. A row is no number of a row of tokens, nor one that a batch of one hides. */
  takes(node: Node, name: string): boolean {
    const { rowwise, apart } = node.call.row;
    const value = node.operands[name];
    if (!value || !(rowwise ?? apart?.queries)?.includes(name)) return false;
    const [rest, made] = [this.#restOf(value.shape)?.length, this.#restOf(node.shape)?.length];
    if (value.dtype !== 'float32') return rest === 0 && made !== 0;
    return rest !== undefined && rest > 0 && value.shape.length >= node.shape.length && !this.#isShared(node, name);
  }

  /** Whether all rows have an operand in common. */
  #isShared({ operands, shape }: Node, name: string): boolean {
    const value = operands[name] as Value;
    return value.dtype === 'float32' && value.shape.length <= (this.#restOf(shape)?.length ?? 0);
  }

  /** Computes the rows of a node; `before` is the node of the graph that it was. */
  narrow(node: Node, before: Node): void {
    const { operands, attrs, call } = node;
    const rows = Object.keys(operands).filter((name) => this.takes(before, name));
    const picked = Object.fromEntries(rows.map((name) => [name, this.#rowsOf(operands[name] as Value, before.operands[name] as Value)]));
    const { apart } = call.row;
    const those = apart ? this.#apart(operands) : operands;
    this.#narrowed.set(before, makeNode(apart?.op ?? node.op, { ...those, ...picked }, attrs, node));
  }

  /** Operands of attention of queries that are a sequence each. */
  #apart(operands: Node['operands']): Record<string, Value | null> {
    const { starts, places, key_starts = starts, key_places = places } = operands;
    const own = this.#hostValue('starts', { grid: [this.#batch, 1], masked: false, shape: this.starts.shape });
    return { ...operands, starts: own, key_starts, ...(places && { key_places }) };
  }

  /** What a node that takes the rows of `before` has instead: those rows as they are computed, zeros for a sequence without. */
  shown(node: Node, before: Value): Value {
    const x = this.#rowsOf(node.operands.x as Value, before);
    return makeNode('masked', { x, mask: this.#pick(this.#hostValue('fill', { fill: 1 })) }, {}, node);
  }

  /** The rows of a value, which was `before` in the graph. */
  #rowsOf(value: Value, before: Value): Value {
    const narrowed = this.#narrowed.get(storageOf(before));
    return narrowed ? this.#view(narrowed, before.shape) : this.#pick(value);
  }

  #pick(value: Value): Value {
    const known = this.#picked.get(value);
    if (known) return known;
    const op = this.#picks[value.dtype] as string;
    const shape = value.dtype === 'float32' ? [...this.lead, sizeOf(this.#restOf(value.shape) as Shape)] : this.lead;
    const x = sameShape(shape, value.shape) ? value : ({ kind: 'view', base: value, dtype: value.dtype, shape } as const);
    const path = value.kind === 'node' ? value.path : '';
    const picked = this.#view(makeNode(op, { x, mask: this.mask, starts: this.starts }, {}, { path }), value.shape);
    this.#picked.set(value, picked);
    return picked;
  }

  /** Rows as those of a value of `shape`. */
  #view(rows: Node, shape: Shape): Value {
    const wanted = [this.#batch, ...(this.#restOf(shape) as Shape)];
    return sameShape(rows.shape, wanted) ? rows : { kind: 'view', base: rows, dtype: rows.dtype, shape: wanted };
  }

  #hostValue(rule: Rule, more: Partial<HostValue> = {}): HostValue {
    const known = this.#hostValues.get(rule);
    if (known) return known;
    const { grid, masked, sequence } = this.starts;
    const made: HostValue = { kind: 'host', rule, grid, masked, sequence, dtype: 'int32', shape: this.lead, ...more };
    this.#hostValues.set(rule, made);
    return made;
  }

  /** What follows the tokens in `shape`: [...lead, …], or [tokens, …] in one line. */
  #restOf(shape: Shape): Shape | undefined {
    const { lead } = this;
    if (sameShape(shape.slice(0, lead.length), lead)) return shape.slice(lead.length);
    return shape[0] === sizeOf(lead) ? shape.slice(1) : undefined;
  }
}

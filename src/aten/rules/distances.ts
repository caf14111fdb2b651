import { stridesOf } from '../../tensor/shape.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { type Form, isForm } from '../knowledge.ts';
import { reshape, transpose } from '../moves.ts';
import { isMade, isWhole, type Made, made, type Node, type View, viewed } from '../node.ts';
import { byElement, number } from '../pointwise.ts';
import { rowsOf } from './heads.ts';
import { isNear, madeBy, same, uncast } from './match.ts';
import { unscaled } from './scaled.ts';

/** Products of queries or keys with rows of a table by how far a key stands behind its query, as disentangled attention adds them to scores. */

/** Rows [batch, sequence, hidden] of queries and of keys. */
export interface Sides {
  q: Node;
  k: Node;
}

/** Products by distance that are added to the product of queries and keys. */
export interface Terms {
  /** [2 · sequence - 1, hidden], of the furthest key before a query on: what queries are multiplied with. */
  pos_key?: Node;
  /** The same for keys. */
  pos_query?: Node;
}

/** How deep sums may lie within one another. */
const DEEPEST = 4;
/** Distances for which there are ids however short a text is, so that these are the same for all. */
const FAR = 2047;

/** A node under all that only shows its elements under another shape. */
const under = (node: Node): Node => {
  const at = uncast(node);
  return at.kind === 'view' && isWhole(at, at.shape) ? uncast(at.base) : at;
};

/** What picks elements of a product by distance, as it is or with queries and keys exchanged. */
export interface Picked {
  gather: Made;
  turned: boolean;
  scale: number;
}

/** What `node` is a sum of, if all of that are elements that are picked along the last dimension. */
export function pickedIn(node: Node, depth = 0): Picked[] | undefined {
  const { node: bare, scale } = unscaled(node);
  const sum = depth < DEEPEST ? madeBy(under(bare), 'add') : undefined;
  if (sum) {
    const parts = sum.operands.map((part) => (sizeOf(part.shape) === sizeOf(sum.shape) ? pickedIn(part, depth + 1) : undefined));
    return parts.every((part) => part !== undefined) ? parts.flat().map((part) => ({ ...part, scale: part.scale * scale })) : undefined;
  }
  const straight = under(bare);
  const turned = !isMade(straight, 'gather');
  const gather = turned ? exchanged(bare) : straight;
  if (!isMade(gather, 'gather') || gather.attributes.dim !== gather.shape.length - 1) return undefined;
  return [{ gather, turned, scale }];
}

/** What `node` shows with its last two dimensions exchanged. */
function exchanged(node: Node): Node | undefined {
  if (node.shape.length < 2) return undefined;
  const base = under(transpose(node, -1, -2));
  return `${base.shape.slice(-2)}` === `${[node.shape.at(-1), node.shape.at(-2)]}` ? base : undefined;
}

/**
 * The products by distance that `picked` are, where scores of `shape` [batch, heads, queries, keys] are those of `sides` and all is multiplied with `scale`
 * at last.
 */
export function termsOf(picked: readonly Picked[], sides: Sides, shape: readonly number[], scale: number): Terms | undefined {
  const terms: Terms = {};
  for (const each of picked) {
    const found = termOf(each, sides, shape);
    if (!found || terms[found.name]) return undefined;
    const ratio = found.scale / scale;
    if (!Number.isFinite(ratio)) return undefined;
    terms[found.name] = isNear(ratio, 1) ? found.table : byElement('mul', found.table, number(ratio));
  }
  return terms;
}

interface Term {
  name: keyof Terms;
  table: Node;
  scale: number;
}

function termOf({ gather, turned, scale }: Picked, { q, k }: Sides, shape: readonly number[]): Term | undefined {
  const [batch, heads, queries, keys] = shape;
  const [scores, ids] = gather.operands;
  const product = madeBy(under(scores), 'matmul');
  if (queries !== keys || !product || !picks(gather, shape) || `${product.shape.slice(-2)}` !== `${scores.shape.slice(-2)}`)
    return undefined;
  const [a, b] = product.operands;
  if (sizeOf(a.shape) !== sizeOf(shape.slice(0, 3)) * (a.shape.at(-1) as number)) return undefined;
  const content = unscaled(reshape(a, [batch, heads, queries, a.shape.at(-1) as number]));
  const name = nameOf(rowsOf(content.node), { q, k }, queries === 1 ? undefined : turned);
  const side = name && tableIn(transpose(b, -1, -2), batch, heads);
  const rowAt = side && ids.known && isForm(ids.known) ? rowsBy(ids.known, name === 'pos_query') : undefined;
  const table = side && rowAt && byDistance(side.rows, rowAt, queries);
  return table && { name, table, scale: scale * content.scale * side.scale };
}

/** Whether an element is picked for each query and key. */
function picks({ shape, operands: [scores] }: Made, [batch, heads, queries, keys]: readonly number[]): boolean {
  const lead = `${shape.slice(0, -2)}`;
  const rows = `${scores.shape.slice(0, -1)}` === `${shape.slice(0, -1)}`;
  return rows && `${shape.slice(-2)}` === `${[queries, keys]}` && [`${batch * heads}`, `${[batch, heads]}`].includes(lead);
}

/** What rows of a product are multiplied with: queries as they are, keys where the product is turned. A single token may be seen either way. */
function nameOf(rows: Node, { q, k }: Sides, turned: boolean | undefined): keyof Terms | undefined {
  if (turned !== true && same(rows, q)) return 'pos_key';
  return turned !== false && same(rows, k) ? 'pos_query' : undefined;
}

/** The rows [count, hidden] of a table [batch or 1, heads, count, head_dim] that is the same for each text. */
function tableIn(node: Node, batch: number, heads: number): { rows: Node; scale: number } | undefined {
  const lead = `${node.shape.slice(0, -2)}`;
  const [count, dim] = node.shape.slice(-2);
  const whole = [`${batch * heads}`, `${[batch, heads]}`].includes(lead);
  if (!whole && ![`${heads}`, `${[1, heads]}`].includes(lead)) return undefined;
  const { node: four, scale } = unscaled(reshape(node, [whole ? batch : 1, heads, count, dim]));
  const one = four.shape[0] === 1 ? four : repeatedIn(four);
  return one && { rows: reshape(rowsOf(one), [count, heads * dim]), scale };
}

/** What `node` repeats for each text, if it does. */
function repeatedIn(node: Node): Node | undefined {
  const copy = isMade(node, 'copy') ? node.operands[0] : node;
  if (copy.kind !== 'view' || copy.strides[0] !== 0 || `${copy.shape}` !== `${node.shape}`) return undefined;
  const one = viewed({ ...copy, strides: copy.strides.slice(1) }, copy.shape.slice(1));
  return reshape(one, [1, ...one.shape]);
}

/** The row that is picked for a key that stands so far behind its query, as ids of queries by keys or of keys by queries say it. */
function rowsBy({ by, at, source, furthest }: Form, turned: boolean): RowAt | undefined {
  const [first, last] = by.slice(-2);
  if (source || first !== -last || by.slice(0, -2).some((step) => step !== 0)) return undefined;
  const step = turned ? first : last;
  return { at: (distance) => at(distance * step, 0), furthest: furthest ?? Number.POSITIVE_INFINITY };
}

interface RowAt {
  at(distance: number): number;
  furthest: number;
}

/** Rows of `rows` [count, hidden] by distance, of texts of `length`: [2 · length - 1, hidden]. */
function byDistance(rows: Node, rowAt: RowAt, length: number): Node | undefined {
  const { base, from, count, rebuilt } = originOf(rows);
  const ids = idsOf(rowAt, { length, from, count, all: base.shape[0] });
  if (!ids) return undefined;
  const all = (ids.length - 1) / 2;
  const shape = [2 * length - 1, base.shape[1]];
  return rebuilt(made('rows_by_distance', base.dtype, shape, [base], { ids, from: all + 1 - length }));
}

/** Rows of a node as rows of another, and what makes those of the node of these. */
interface Origin {
  base: Node;
  from: number;
  count: number;
  rebuilt(rows: Node): Node;
}

/** Ops that make each row of what they make of a row of their first operand. */
const BY_ROWS = ['linear', 'layer_norm', 'rms_norm'];

/** Where rows [count, …] come from, through ops that make each of one. */
function originOf(node: Node): Origin {
  const at = uncast(node);
  const width = at.shape.at(-1) as number;
  const count = sizeOf(at.shape) / width;
  if (at.kind === 'view' && at.base.shape.at(-1) === width && isRows(at)) {
    const { from, rebuilt, base } = originOf(at.base);
    return { base, from: from + at.start / width, count, rebuilt };
  }
  const dims = at.kind === 'made' ? (at.attributes.dims as number[] | undefined) : undefined;
  if (at.kind === 'made' && BY_ROWS.includes(at.op) && (dims?.length ?? 1) === 1) {
    const [x, ...others] = at.operands;
    const { rebuilt, ...origin } = originOf(x);
    return {
      ...origin,
      rebuilt: (rows) => made(at.op, at.dtype, [...rows.shape.slice(0, -1), width], [rebuilt(rows), ...others], at.attributes),
    };
  }
  return { base: reshape(at, [count, width]), from: 0, count, rebuilt: (rows) => rows };
}

/** Whether a view shows rows one behind the other as they lie. */
const isRows = ({ start, shape, strides }: View): boolean => {
  const own = stridesOf(shape);
  return start % (shape.at(-1) as number) === 0 && strides.every((step, i) => step === own[i] || shape[i] === 1);
};

/** Rows that may be picked: `count` from `from` on among `all`. */
interface Window {
  length: number;
  from: number;
  count: number;
  all: number;
}

/**
 * Which row each distance has, from the furthest key before a query on. Those of the text itself are proved. Others make ids the same for texts of all
 * lengths: they are what the program says where it says it of the whole table, and go on by one where it shows but the rows that a text has.
 */
function idsOf({ at, furthest }: RowAt, { length, from, count, all }: Window): number[] | undefined {
  const fits = (id: number): boolean => Number.isInteger(id) && id >= 0 && id < count;
  const near = Array.from({ length: 2 * length - 1 }, (_, i) => at(i - length + 1));
  if (!near.every(fits) || length - 1 > furthest) return undefined;
  const most = Math.max(FAR, length - 1);
  const step = count === all && furthest >= most ? undefined : stepOf(near, at);
  if (step === undefined && (count < all || furthest < most)) return near.map((id) => id + from);
  const idAt = (distance: number): number =>
    step === undefined ? at(distance) : Math.min(all - 1, Math.max(0, from + at(0) + step * distance));
  const ids = Array.from({ length: 2 * most + 1 }, (_, i) => idAt(i - most));
  return step !== undefined || ids.every(fits) ? ids : near.map((id) => id + from);
}

/** By how much a row is further than that of the distance before it, 1 or -1, where all of them are. */
function stepOf(near: readonly number[], at: (distance: number) => number): number | undefined {
  const middle = (near.length - 1) / 2;
  const step = near.length > 1 ? near[1] - near[0] : at(1) - at(0) || at(0) - at(-1);
  const straight = Math.abs(step) === 1 && near.every((id, i) => id === near[middle] + step * (i - middle));
  return straight ? step : undefined;
}

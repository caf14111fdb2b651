import { type Form, isForm } from '../knowledge.ts';
import { type Made, made, type Node } from '../node.ts';
import { madeBy, uncast } from './match.ts';

/** Tables by distance: what is added to scores by how far a key stands behind its query, as T5 and MPNet have it. */

/** Distances that are looked at at every size, so that where a table ends does not depend on it. */
const NEAR = 512;

const tables = new WeakMap<Node, Map<string, Made>>();

/**
 * The table [heads, 2 · reach + 1] of which `node` shows rows, if it is [1 or batch, heads, queries, keys] of numbers by distance: those of an embedding
 * whose ids depend on nothing else.
 */
export function distanceTable(node: Node, [batch, heads, queries, keys]: readonly number[]): Made | undefined {
  const at = uncast(node);
  if (at.kind !== 'view' || at.start !== 0 || at.shape.length !== 4) return undefined;
  const rows = madeBy(at.base, 'embedding');
  const [of, by_heads, by_queries, by_keys] = at.strides;
  const [table, ids] = rows?.operands ?? [];
  const laid = by_heads === 1 && by_keys === heads && by_queries === keys * heads && (of === 0 || at.shape[0] === 1);
  const fits = [1, batch].includes(at.shape[0]) && `${at.shape.slice(1)}` === `${[heads, queries, keys]}`;
  if (!rows || !laid || !fits || table.shape[1] !== heads || `${ids.shape}` !== `${[queries, keys]}`) return undefined;
  const buckets = ids.known && isForm(ids.known) && !ids.known.source ? bucketsOf(ids.known, Math.max(queries, keys)) : undefined;
  return buckets && tableOf(rows, table, buckets);
}

/** The ids of distances from -reach to reach, where all further away are as the furthest. */
function bucketsOf({ by: [over_queries, over_keys], at, furthest }: Form, size: number): number[] | undefined {
  if (over_queries !== -over_keys || over_keys === 0) return undefined;
  const most = Math.min(Math.max(NEAR, size), furthest ?? Number.POSITIVE_INFINITY);
  const ids = Array.from({ length: 2 * most + 1 }, (_, i) => at((i - most) * over_keys, 0));
  let reach = most;
  while (reach > 1 && ids[most - reach + 1] === ids[0] && ids[most + reach - 1] === ids[2 * most]) reach--;
  return ids.slice(most - reach, most + reach + 1);
}

function tableOf(rows: Made, table: Node, buckets: number[]): Made {
  const known = tables.get(rows) ?? new Map<string, Made>();
  tables.set(rows, known);
  const key = `${buckets}`;
  const before = known.get(key);
  if (before) return before;
  const after = made('distance_table', rows.dtype, [table.shape[1], buckets.length], [table], { buckets });
  known.set(key, after);
  return after;
}

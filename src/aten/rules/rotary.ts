import { type Form, isForm } from '../knowledge.ts';
import { expand, narrow, slice } from '../moves.ts';
import { isMade, isWhole, type Leaf, type Made, made, type Node, viewed } from '../node.ts';
import { headsOf, rowsOf } from './heads.ts';
import { eitherWay, madeBy, productOf, same, uncast } from './match.ts';
import type { Rule, Rules } from './rule.ts';

/** Rotary positions: x · cos + turned(x) · sin, where the second half of a head, negated, is turned to stand before the first. */

/** Angles: positions times frequencies. */
interface Angles {
  positions: Node;
  frequencies: Leaf;
}

const leafOf = (node: Node): Leaf | undefined => {
  const at = uncast(node);
  const base = at.kind === 'view' && !at.narrowed ? uncast(at.base) : at;
  return base.kind === 'stored' && base.shape.length === 1 ? base : undefined;
};

/** What is known of a node that counts on from a number along one dimension and is the same along all others. */
function countingOf({ known }: Node): Form | undefined {
  if (!known || !isForm(known) || !known.linear || known.source) return undefined;
  const { slope, start } = known.linear;
  return slope === 1 && Number.isInteger(start) && known.by.filter((step) => step !== 0).join() === '1' ? known : undefined;
}

/** Angles [batch or 1, sequence, half], of a product of matrices or by element. */
function anglesOf(node: Node): Angles | undefined {
  const at = uncast(node);
  const base = at.kind === 'view' ? at.base : at;
  const product = madeBy(base, 'matmul', 'mul');
  for (const [a, b] of product ? eitherWay(product) : []) {
    const frequencies = leafOf(a);
    const counting = countingOf(b);
    if (!frequencies || !counting || at.shape.at(-1) !== frequencies.shape[0]) continue;
    const sequence = at.shape.at(-2) as number;
    const along = counting.by.indexOf(1);
    if (b.shape[along] !== sequence || (at.kind === 'view' && at.strides.at(-1) !== sequence && at.strides.at(-1) !== 1)) continue;
    const positions: Node = {
      kind: 'constant',
      dtype: 'int64',
      shape: [1, sequence],
      known: { ...counting, by: [0, 1] },
    };
    return { positions, frequencies };
  }
  return undefined;
}

/** What turns by: `cos` or `sin` of angles that stand twice in a row, times a number. */
function turnOf(node: Node, op: 'cos' | 'sin'): { doubled: Node; scaling: number } | undefined {
  const at = uncast(node);
  const base = at.kind === 'view' && isWhole(at, at.shape) ? at.base : at;
  const { number, factors } = productOf(base);
  const found = factors.length === 1 ? madeBy(factors[0], op) : undefined;
  return found && { doubled: uncast(found.operands[0]), scaling: number };
}

const rotations = new WeakMap<Node, Made>();

/** The rotation by which `cos` and `sin` turn, of `batch` sequences. */
function rotationOf(cos: Node, sin: Node, batch: number): Made | undefined {
  const [c, s] = [turnOf(cos, 'cos'), turnOf(sin, 'sin')];
  if (!c || !s || c.scaling !== s.scaling || !same(c.doubled, s.doubled)) return undefined;
  const known = rotations.get(c.doubled);
  if (known) return known;
  const twice = madeBy(c.doubled, 'cat');
  if (twice?.operands.length !== 2 || twice.attributes.dim !== twice.shape.length - 1 || !same(twice.operands[0], twice.operands[1]))
    return undefined;
  const angles = anglesOf(twice.operands[0]);
  if (!angles) return undefined;
  const { positions, frequencies } = angles;
  const sequence = positions.shape[1];
  const shape = [batch, sequence, 2 * frequencies.shape[0]];
  const rotation = made('rotations', 'float32', shape, [expand(positions, [batch, sequence]), frequencies], { scaling: c.scaling });
  rotations.set(c.doubled, rotation);
  return rotation;
}

/** x with the halves of its last dimension exchanged, the second one negated, if `node` is that. */
function isTurned(node: Node, x: Node): boolean {
  const joined = madeBy(node, 'cat');
  const width = x.shape.at(-1) as number;
  if (joined?.operands.length !== 2 || joined.attributes.dim !== x.shape.length - 1 || width % 2 !== 0) return false;
  const [second, first] = joined.operands;
  const negated = madeBy(second, 'neg')?.operands[0];
  const half = (begin: number): Node => slice(x, -1, begin, begin + width / 2, 1);
  return negated !== undefined && same(negated, half(width / 2)) && same(first, half(0));
}

/** x [batch, heads, sequence, head_dim] turned. */
const turned: Rule = (node) => {
  if (node.shape.length !== 4) return undefined;
  const [plain, swapped] = node.operands.map((each) => madeBy(each, 'mul'));
  for (const [a, b] of plain && swapped
    ? [
        [plain, swapped],
        [swapped, plain],
      ]
    : [])
    for (const [x, cos] of eitherWay(a))
      for (const [other, sin] of eitherWay(b)) {
        if (`${x.shape}` !== `${node.shape}` || !isTurned(other, x)) continue;
        const rotation = rotationOf(cos, sin, node.shape[0]);
        if (!rotation || rotation.shape[2] !== x.shape[3] || rotation.shape[1] !== x.shape[2]) continue;
        const rows = rowsOf(uncast(x));
        const [heads, head_dim] = [x.shape[1], x.shape[3]];
        return headsOf(made('rotary', node.dtype, rows.shape, [rows, rotation], { heads, head_dim }), heads);
      }
  return undefined;
};

/** Where in the rows of `base` a node stands that shows some columns of them. */
function columnsOf(node: Node): { base: Leaf | Made; from: number } | undefined {
  if (node.kind !== 'view' || node.shape.length !== 3 || node.base.shape.length !== 3) return undefined;
  const width = node.base.shape[2];
  const fits = node.strides[2] === 1 && node.strides[1] === width && node.strides[0] === width * node.shape[1] && node.start < width;
  return fits && node.base.shape[1] === node.shape[1] ? { base: node.base, from: node.start } : undefined;
}

/** Rows of queries and keys; where both are turned and stand side by side in the same rows, these are turned at once. */
export function turnedTogether(q: Node, k: Node): { q: Node; k: Node } {
  if (!isMade(q, 'rotary') || !isMade(k, 'rotary') || q.operands[1] !== k.operands[1]) return { q, k };
  const [a, b] = [columnsOf(q.operands[0]), columnsOf(k.operands[0])];
  const width = q.shape[2];
  if (!a || !b || a.base !== b.base || a.from !== 0 || b.from !== width || k.shape[2] !== width) return { q, k };
  const heads = 2 * (q.attributes.heads as number);
  const both = bothOf(a.base, q.operands[1] as Made, heads, q.attributes.head_dim as number);
  return { q: narrow(both, 2, 0, width), k: narrow(both, 2, width, width) };
}

const together = new WeakMap<Node, Made>();

function bothOf(base: Leaf | Made, rotation: Made, heads: number, head_dim: number): Made {
  const known = together.get(base);
  if (known && known.operands[1] === rotation && known.attributes.heads === heads) return known;
  const both = made('rotary', base.dtype, base.shape, [base, rotation], { heads, head_dim });
  together.set(base, both);
  return both;
}

/** `v`, taken from behind turned queries and keys where it stands behind them before they are turned. */
export function alongside(q: Node, v: Node): Node {
  const [own, others] = [columnsOf(v), columnsOf(q)];
  if (!own || !others || v.kind !== 'view' || !isMade(others.base, 'rotary') || others.base.operands[0] !== own.base) return v;
  const { heads, head_dim } = others.base.attributes as { heads: number; head_dim: number };
  return own.from < heads * head_dim ? v : viewed({ ...v, base: others.base }, v.shape);
}

/** Rules for rotary positions, by the op that stands last. */
export const ROTARY_RULES: Rules = { add: [turned] };

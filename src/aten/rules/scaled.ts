import type { Node } from '../node.ts';
import { eitherWay, madeBy, numberOf } from './match.ts';

/** A node without the numbers that it is multiplied with. */
export function unscaled(node: Node, depth = 0): { node: Node; scale: number } {
  const base = node.kind === 'view' ? node.base : node;
  const times = depth < 4 ? madeBy(base, 'mul', 'div') : undefined;
  for (const [x, factor] of times ? (times.op === 'div' ? [times.operands] : eitherWay(times)) : []) {
    const number = numberOf(factor);
    if (number === undefined || `${x.shape}` !== `${base.shape}` || number === 0) continue;
    const under =
      node.kind !== 'view' ? x : x.kind === 'made' || x.kind === 'input' || x.kind === 'stored' ? { ...node, base: x } : undefined;
    if (!under) continue;
    const inner = unscaled(under, depth + 1);
    return { node: inner.node, scale: inner.scale * (times?.op === 'div' ? 1 / number : number) };
  }
  return { node, scale: 1 };
}

import type { Node } from '../node.ts';

/** Whose rows a node has, found by what it is made of. */

/** How far what queries and keys are both made of may lie behind either. */
const FURTHEST = 64;

/** What a node takes its rows from: the first operand that is no weight and follows from more than sizes; of lookups the ids. */
function behind(node: Node): Node | undefined {
  if (node.kind === 'view') return node.base;
  if (node.kind !== 'made') return undefined;
  const operands = node.op === 'embedding' ? node.operands.slice(1) : node.operands;
  return operands.find(({ kind }) => kind !== 'stored' && kind !== 'constant');
}

function streamOf(node: Node): Set<Node> {
  const found = new Set<Node>();
  for (let at: Node | undefined = node; at && found.size < FURTHEST; at = behind(at)) found.add(at);
  return found;
}

/** Whether two nodes have rows of different sequences, which may be of equal length. */
export function areOthers(a: Node, b: Node): boolean {
  const stream = streamOf(a);
  return ![...streamOf(b)].some((node) => stream.has(node));
}

import { type Graph, makeNode, type Node, rewrite } from '../graph/graph.ts';
import { FUNCTIONS } from '../ops/functionnames.ts';
import { shareCommonSubexpressions, shareInAll } from '../passes/cse.ts';

/**
 * Graphs of one model at several sizes, made alike where a size alone sets them apart: a dimension that happens to be 1 makes shapes equal, or
 * steps, that are not so elsewhere. What is equal in all is computed once. Graphs that differ in more are looked at one by one.
 */
export function together(graphs: readonly Graph[]): Graph[] {
  const [{ nodes }] = graphs;
  if (graphs.some((other) => other.nodes.length !== nodes.length)) return graphs.map(shareCommonSubexpressions);
  const isGeneral = nodes.map((_, i) => isMixed(graphs.map((graph) => graph.nodes[i])));
  const alike = shareInAll(isGeneral.includes(true) ? graphs.map((graph) => withGeneral(graph, isGeneral)) : graphs);
  for (let i = 0; i < alike[0].nodes.length; i++) markVarying(alike.map((graph) => graph.nodes[i]));
  return alike;
}

/** Notes of a node at several sizes whether it is another one at each. */
function markVarying(nodes: readonly Node[]): void {
  const wordings = new Set(nodes.map(({ shape, attrs }) => JSON.stringify([shape, attrs])));
  if (wordings.size > 1) for (const node of nodes) (node as { varies: boolean }).varies = true;
}

/** Whether some are of a general op and some of one that it stands for. */
function isMixed(nodes: readonly Node[]): boolean {
  const ops = new Set(nodes.map(({ op }) => op));
  return ops.size === 2 && nodes.some(({ call }) => call.row.general && ops.has(call.row.general.op));
}

function withGeneral(graph: Graph, isGeneral: readonly boolean[]): Graph {
  const places = new Map(graph.nodes.map((node, i) => [node, i]));
  return rewrite(graph, (node, original) => {
    const { general } = node.call.row;
    if (!general || !isGeneral[places.get(original) as number]) return node;
    return makeNode(general.op, node.operands, { function: FUNCTIONS[general.function] }, { path: node.path });
  });
}

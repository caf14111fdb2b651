import { type Graph, makeNode, type Node, rewrite } from '../graph/graph.ts';

/**
 * Graphs of one model at several sizes, in which a node that is of a general op in one is so in all: a dimension that happens to be 1 makes shapes
 * equal that are not so elsewhere. Graphs that differ in more stay as they are.
 */
export function generalised(graphs: readonly Graph[]): Graph[] {
  const nodesAt = (i: number): Node[] => graphs.map(({ nodes }) => nodes[i]);
  const [first, ...others] = graphs;
  if (others.some(({ nodes }) => nodes.length !== first.nodes.length)) return [...graphs];
  const isGeneral = first.nodes.map((_, i) => isMixed(nodesAt(i)));
  return isGeneral.includes(true) ? graphs.map((graph) => withGeneral(graph, isGeneral)) : [...graphs];
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
    return makeNode(general.op, node.operands, general.attrs, { path: node.path });
  });
}

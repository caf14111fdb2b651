import { type Graph, type Node, operandsOf, storageOf, type Value } from '../graph/graph.ts';

/** Drops nodes that no output depends on. */
export function eliminateDeadCode(graph: Graph): Graph {
  const live = new Set<Value>(graph.outputs.map(({ value }) => storageOf(value)));
  const kept: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!live.has(node)) continue;
    kept.push(node);
    for (const value of operandsOf(node)) live.add(storageOf(value));
  }
  return { ...graph, nodes: kept.reverse() };
}

import { type Graph, type Node, rewrite, type Value } from '../graph/graph.ts';
import { nodeText } from '../graph/text.ts';

/** Computes equal things once: same op, same operands, same attributes. Small constants are equal if their elements are. */
export const shareCommonSubexpressions = (graph: Graph): Graph => shareInAll([graph])[0];

/**
 * The same for graphs of one model at several sizes, of as many nodes each: what is equal in all of them is computed once. What only a size makes equal
 * stays apart.
 */
export function shareInAll(graphs: readonly Graph[]): Graph[] {
  const names = graphs.map(namesOf);
  const seen = new Map<string, number>();
  const firsts = graphs[0].nodes.map((_, i) => {
    const key = graphs.map(({ nodes }, g) => nodeText(nodes[i], names[g], { sizes: true })).join('\n');
    const first = seen.get(key) ?? i;
    seen.set(key, first);
    for (const [g, { nodes }] of graphs.entries()) names[g](nodes[i], first);
    return first;
  });
  return graphs.map((graph) => withFirsts(graph, firsts));
}

/** Names of values; a node is called after the first that is equal to it. */
function namesOf(): (value: Value, first?: number) => string {
  const ids = new Map<Value, string>();
  const idOf = (value: Value, first?: number): string => {
    let id = ids.get(value);
    if (id === undefined) {
      if (first !== undefined) id = `%${first}`;
      else id = value.kind === 'view' ? `view(${idOf(value.base)},${value.shape})` : (contentOf(value) ?? `#${ids.size}`);
      ids.set(value, id);
    }
    return id;
  };
  return idOf;
}

function withFirsts(graph: Graph, firsts: readonly number[]): Graph {
  const places = new Map(graph.nodes.map((node, i) => [node, i]));
  const made: Node[] = [];
  return rewrite(graph, (node, original) => {
    const place = places.get(original) as number;
    made[place] = node;
    return made[firsts[place]];
  });
}

const SMALL = 1024;

function contentOf(value: Value): string | undefined {
  if (value.kind !== 'constant' || value.dtype !== 'int32') return undefined;
  const [{ tensor }] = value.parts;
  return tensor.size <= SMALL ? `[${tensor.shape}:${tensor.data}]` : undefined;
}

import { type Graph, type Node, rewrite, type Value } from '../graph/graph.ts';
import { nodeText } from '../graph/text.ts';

/** Computes equal things once: same op, same operands, same attributes. Small constants are equal if their elements are. */
export function shareCommonSubexpressions(graph: Graph): Graph {
  const ids = new Map<Value, string>();
  const seen = new Map<string, Node>();
  const idOf = (value: Value): string => {
    let id = ids.get(value);
    if (id === undefined) {
      id = value.kind === 'view' ? `view(${idOf(value.base)},${value.shape})` : (contentOf(value) ?? `#${ids.size}`);
      ids.set(value, id);
    }
    return id;
  };
  return rewrite(graph, (node) => {
    const key = nodeText(node, idOf, { sizes: true });
    const first = seen.get(key);
    if (!first) seen.set(key, node);
    return first ?? node;
  });
}

const SMALL = 1024;

function contentOf(value: Value): string | undefined {
  if (value.kind !== 'constant' || value.dtype !== 'int32') return undefined;
  const [{ tensor }] = value.parts;
  return tensor.size <= SMALL ? `[${tensor.shape}:${tensor.data}]` : undefined;
}

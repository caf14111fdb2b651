import { type Constant, countUses, type Graph, makeNode, type Node, type Part, rewrite, type Value } from '../graph/graph.ts';
import { EPILOGUES } from '../ops/table.ts';
import { eliminateDeadCode } from './dce.ts';

/** Merges nodes into ops that do several steps in one pass over memory. The results stay the same bit for bit. */
export function fuse(graph: Graph): Graph {
  const fusions: Fusion[] = [fuseEmbeddingSum, fuseActivation, fuseResidualNorm, fuseQueriesKeysValues(new Map()), fuseThirds];
  return fusions.reduce((fused, fusion) => eliminateDeadCode(applyFusion(fused, fusion)), graph);
}

/** Answers with the fused form of `node`, if it is the last node of the pattern. `once` says that nothing else reads a value. */
type Fusion = (node: Node, once: (value: Value | null) => value is Node) => Node | undefined;

function applyFusion(graph: Graph, fusion: Fusion): Graph {
  const uses = countUses(graph);
  const original = new Map<Value, Value>();
  return rewrite(graph, (node, before) => {
    const once = (value: Value | null): value is Node => value?.kind === 'node' && uses.get(original.get(value) ?? value) === 1;
    const after = fusion(node, once) ?? node;
    original.set(after, before);
    return after;
  });
}

/** x + table[ids]: embedding_add. */
function fuseEmbeddingSum(node: Node, once: (value: Value | null) => value is Node): Node | undefined {
  if (node.op !== 'add') return undefined;
  const { a, b } = node.operands;
  if (!once(b) || b.op !== 'embedding' || a?.shape.join() !== b.shape.join()) return undefined;
  const { ids, table } = b.operands;
  return makeNode('embedding_add', { x: a, ids, table }, {}, joined(node, b));
}

/** activation(linear(x)): the activation goes into the product's epilogue. */
function fuseActivation(node: Node, once: (value: Value | null) => value is Node): Node | undefined {
  const { x } = node.operands;
  if (!EPILOGUES.includes(node.op) || !once(x) || x.op !== 'linear' || x.attrs.activation !== 'none') return undefined;
  return makeNode('linear', x.operands, { activation: node.op }, joined(node, x));
}

/** layer_norm(x + residual): add_layer_norm. */
function fuseResidualNorm(node: Node, once: (value: Value | null) => value is Node): Node | undefined {
  const { x: sum, weight, bias } = node.operands;
  if (node.op !== 'layer_norm' || !once(sum) || sum.op !== 'add') return undefined;
  const { a, b } = sum.operands;
  if (a?.shape.join() !== b?.shape.join()) return undefined;
  return makeNode('add_layer_norm', { x: a, residual: b, weight, bias }, node.attrs, joined(node, sum));
}

/** attention over three products of one x: one product with the weights below one another, and attention_qkv. Layers that share weights share these. */
const fuseQueriesKeysValues =
  (stacked: Map<Part, Constant>): Fusion =>
  (node, once) => {
    if (node.op !== 'attention') return undefined;
    const products = [node.operands.q, node.operands.k, node.operands.v];
    if (!products.every((product) => once(product) && product.op === 'linear' && product.attrs.activation === 'none')) return undefined;
    const [q, k, v] = products as Node[];
    const sameInput = [k, v].every((product) => product.operands.x === q.operands.x && product.shape.join() === q.shape.join());
    const weight = stack(
      [q, k, v].map((product) => product.operands.weight),
      stacked,
    );
    const biases = [q, k, v].map((product) => product.operands.bias);
    const bias = stack(biases, stacked);
    if (!sameInput || !weight || (!bias && biases.some(Boolean))) return undefined;
    const path = q.path.slice(0, Math.max(q.path.lastIndexOf('.'), 0));
    const qkv = makeNode(
      'linear',
      { x: q.operands.x, weight, bias },
      { activation: 'none' },
      { path, origins: [...q.origins, ...k.origins, ...v.origins] },
    );
    const { mask, starts } = node.operands;
    return makeNode('attention_qkv', { qkv, mask, starts }, node.attrs, { path: node.path, origins: node.origins });
  };

/** attention over the three thirds of each row of one x: attention_qkv. */
function fuseThirds(node: Node): Node | undefined {
  if (node.op !== 'attention') return undefined;
  const { q, k, v, mask, starts } = node.operands;
  const qkv = q?.kind === 'node' ? (q.operands.x ?? null) : null;
  const width = qkv?.shape.at(-1) ?? 0;
  const isThird = (value: Value | null, i: number): boolean =>
    value?.kind === 'node' &&
    value.op === 'columns' &&
    value.operands.x === qkv &&
    value.attrs.from === (i * width) / 3 &&
    value.attrs.count === width / 3;
  if (!qkv || ![q, k, v].every(isThird)) return undefined;
  return makeNode('attention_qkv', { qkv, mask, starts }, node.attrs, { path: node.path, origins: node.origins });
}

const joined = (node: Node, inner: Node): { path: string; origins: Node[] } => ({
  path: inner.path,
  origins: [...inner.origins, ...node.origins],
});

/** Constants below one another, along their first dimension: the one that is known by its first part, if it is of the same parts. */
function stack(values: (Value | null)[], known: Map<Part, Constant>): Constant | undefined {
  if (!values.every((value): value is Constant => value?.kind === 'constant')) return undefined;
  const [first] = values;
  const rows = values.reduce((sum, value) => sum + value.shape[0], 0);
  const parts: Part[] = values.flatMap((value) => value.parts);
  const before = known.get(parts[0]);
  if (before?.parts.every((part, i) => part === parts[i])) return before;
  const stacked: Constant = { kind: 'constant', dtype: first.dtype, shape: [rows, ...first.shape.slice(1)], parts };
  known.set(parts[0], stacked);
  return stacked;
}

/** Attention of every kind, spelled with the ops that an exporter of PyTorch's eager attention writes. */

/**
 * @typedef {import('./graph.mjs').GraphWriter} GraphWriter
 * @typedef {import('./graph.mjs').Value} Value
 * @typedef {import('./spellings.mjs').Spelling} Spelling
 * @typedef {import('./spellings.mjs').Called} Called
 */

const LOWEST = -3.4028234663852886e38;
const range = (/** @type {number} */ count) => Array.from({ length: count }, (_, i) => i);

/** For each query and key how far the key stands behind the query, as far as `reach`, counted from `reach` in front. @param {number} queries @param {number} keys @param {number} reach */
const distances = (queries, keys, reach) =>
  range(queries).flatMap((query) => range(keys).map((key) => Math.max(-reach, Math.min(reach, key - query)) + reach));

/** [batch, rows, heads · size] as heads: [batch, heads, rows, size], or in the order of `axes`. @param {GraphWriter} graph @param {Value} x @param {number} heads @param {readonly number[]} [axes] */
function headsOf(graph, { name, shape }, heads, axes = [0, 2, 1, 3]) {
  const [batch, rows, width] = shape.length === 2 ? [1, ...shape] : shape;
  return graph.node('Transpose', [graph.node('Reshape', [name, graph.integers([batch, rows, heads, width / heads])])], { perm: axes });
}

/** Each head of keys or values as often as `groups` of queries read it. @param {GraphWriter} graph @param {string} name @param {readonly number[]} shape of it @param {number} groups */
function repeated(graph, name, [batch, heads, ...rest], groups) {
  if (groups === 1) return name;
  const apart = graph.node('Unsqueeze', [name, graph.integers([2])]);
  const all = graph.node('Expand', [apart, graph.integers([batch, heads, groups, ...rest])]);
  return graph.node('Reshape', [all, graph.integers([batch, heads * groups, ...rest])]);
}

/** What is added to scores because of the mask, once for all layers. @param {GraphWriter} graph @param {Value} mask [batch, keys] */
const fromMask = (graph, mask) =>
  graph.once(`mask ${mask.name}`, () => {
    const wide = graph.node('Unsqueeze', [mask.name, graph.integers([1, 2])]);
    const left = graph.node('Sub', [graph.scalar(1), graph.node('Cast', [wide], { to: 1 })]);
    return graph.node('Mul', [left, graph.scalar(LOWEST)]);
  });

/** Keys too far in front of or behind a query; undefined where none is. @param {GraphWriter} graph @param {number} queries @param {number} keys @param {Record<string, number>} numbers */
function fromWindow(graph, queries, keys, { before, after }) {
  if (before >= queries - 1 && after >= keys - 1) return undefined;
  const out = range(queries).flatMap((query) => range(keys).map((key) => (key < query - before || key > query + after ? LOWEST : 0)));
  return graph.once(`window ${queries} ${keys} ${before} ${after}`, () =>
    graph.constant('float32', [queries, keys], Float32Array.from(out)),
  );
}

/** [heads, 2 · reach + 1] by distance as [heads, queries, keys]. @param {GraphWriter} graph @param {Value} bias @param {number} queries @param {number} keys */
function fromBias(graph, { name, shape }, queries, keys) {
  const index = graph.integers(distances(queries, keys, (shape[1] - 1) / 2), [queries, keys]);
  return graph.node('Gather', [name, index], { axis: 1 });
}

/** All that is added to scores, put together once for all layers that have the same. @param {GraphWriter} graph @param {Called} called @param {number} queries @param {number} keys */
function added(graph, { operands: { mask, bias }, numbers }, queries, keys) {
  const { before = Infinity, after = Infinity } = numbers;
  return graph.once(`added ${mask?.name} ${bias?.name} ${queries} ${keys} ${before} ${after}`, () => {
    const parts = [
      mask && fromMask(graph, mask),
      fromWindow(graph, queries, keys, { before, after }),
      bias && fromBias(graph, bias, queries, keys),
    ].filter((part) => part !== undefined);
    return parts.length === 0 ? '' : parts.reduce((sum, part) => graph.node('Add', [sum, part]));
  });
}

/** Softmax of scores, and the values that it weighs. @param {GraphWriter} graph @param {string} scores @param {string} values @param {string} more what is added to scores @param {readonly number[]} shape of the result */
function weighed(graph, scores, values, more, shape) {
  const masked = more === '' ? scores : graph.node('Add', [scores, more]);
  const out = graph.node('MatMul', [graph.node('Softmax', [masked], { axis: -1 }), values]);
  return graph.node('Reshape', [graph.node('Transpose', [out], { perm: [0, 2, 1, 3] }), graph.integers(shape)]);
}

/** @type {Spelling} */
export function attention(graph, called) {
  const { operands, numbers, shape } = called;
  const { q, k, v } = operands;
  const { heads, head_dim, scale, groups = 1 } = numbers;
  const [batch, keys] = k.shape;
  const queries = headsOf(graph, q, heads * groups);
  const keysOf = repeated(graph, headsOf(graph, k, heads, [0, 2, 3, 1]), [batch, heads, head_dim, keys], groups);
  const values = repeated(graph, headsOf(graph, v, heads), [batch, heads, keys, head_dim], groups);
  const scores = graph.node('MatMul', [queries, keysOf]);
  const scaled = scale === 1 ? scores : graph.node('Mul', [scores, graph.scalar(scale)]);
  return weighed(graph, scaled, values, added(graph, called, q.shape[1], keys), shape);
}

/** Scores with a table by distance, of which each pair of query and key takes its own. @param {GraphWriter} graph @param {string} rows [batch, heads, rows, size] @param {Value} table @param {number} heads @param {string} index */
function byDistance(graph, rows, table, heads, index) {
  const columns = headsOf(graph, table, heads, [0, 2, 3, 1]);
  return graph.node('GatherElements', [graph.node('MatMul', [rows, columns]), index], { axis: 3 });
}

/** @type {Spelling} */
export function disentangledAttention(graph, called) {
  const { operands, numbers, shape } = called;
  const { q, k, v, pos_key, pos_query } = operands;
  const { heads, scale } = numbers;
  const [batch, rows] = q.shape;
  const index = (/** @type {Value} */ table) => {
    const apart = distances(rows, rows, (table.shape[0] - 1) / 2);
    const given = graph.integers(apart, [1, 1, rows, rows]);
    return graph.once(`expanded ${given}`, () => graph.node('Expand', [given, graph.integers([batch, heads, rows, rows])]));
  };
  const turned = (/** @type {Value} */ table) => {
    const all = index(table);
    return graph.once(`turned ${all}`, () => graph.node('Transpose', [all], { perm: [0, 1, 3, 2] }));
  };
  const [queries, keys] = [q, k].map((each) => headsOf(graph, each, heads));
  const terms = [graph.node('MatMul', [queries, graph.node('Transpose', [keys], { perm: [0, 1, 3, 2] })])];
  if (pos_key) terms.push(byDistance(graph, queries, pos_key, heads, index(pos_key)));
  if (pos_query)
    terms.push(graph.node('Transpose', [byDistance(graph, keys, pos_query, heads, turned(pos_query))], { perm: [0, 1, 3, 2] }));
  const scores = graph.node('Mul', [terms.reduce((sum, term) => graph.node('Add', [sum, term])), graph.scalar(scale)]);
  return weighed(graph, scores, headsOf(graph, v, heads), added(graph, called, rows, rows), shape);
}

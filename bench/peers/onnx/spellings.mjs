/** How each op of a trace is spelled in ONNX: as an exporter of PyTorch writes it, and where onnxruntime fuses a spelling, as it fuses it. */
import { attention, disentangledAttention } from './attention.mjs';

/**
 * @typedef {import('./graph.mjs').GraphWriter} GraphWriter
 * @typedef {import('./graph.mjs').Value} Value
 * @typedef {Value & { transposed(): string }} Operand a constant matrix also has its rows for columns
 * @typedef {{ operands: Record<string, Operand>, numbers: Record<string, number>, shape: readonly number[] }} Called an instruction
 * @typedef {(graph: GraphWriter, called: Called) => string} Spelling answers the name of the result
 */

/** @param {string} op @returns {Spelling} */
const unary =
  (op) =>
  (graph, { operands: { x } }) =>
    graph.node(op, [x.name]);

/** @param {string} op @returns {Spelling} */
const binary =
  (op) =>
  (graph, { operands: { a, b } }) =>
    graph.node(op, [a.name, b.name]);

/** Columns `from` to `to` of the last dimension. @param {GraphWriter} graph @param {string} x @param {number} from @param {number} to */
const slice = (graph, x, from, to) => graph.node('Slice', [x, graph.integers([from]), graph.integers([to]), graph.integers([-1])]);

/** @type {Spelling} */
function linear(graph, { operands: { x, weight, bias } }) {
  const product = graph.node('MatMul', [x.name, weight.transposed()]);
  return bias ? graph.node('Add', [product, bias.name]) : product;
}

/** @type {Spelling} */
const layerNorm = (graph, { operands: { x, weight, bias }, numbers: { eps } }) =>
  graph.node('LayerNormalization', [x.name, weight.name, bias.name], { axis: -1, epsilon: eps });

/** @type {Spelling} */
function rmsNorm(graph, { operands: { x, weight }, numbers: { eps, offset } }) {
  const squares = graph.node('Pow', [x.name, graph.scalar(2)]);
  const mean = graph.node('ReduceMean', [squares], { axes: [-1], keepdims: 1 });
  const size = graph.node('Sqrt', [graph.node('Add', [mean, graph.scalar(eps)])]);
  const gain = offset === 0 ? weight.name : graph.node('Add', [weight.name, graph.scalar(offset)]);
  return graph.node('Mul', [graph.node('Div', [x.name, size]), gain]);
}

/** @type {Spelling} */
function gelu(graph, { operands: { x } }) {
  const erf = graph.node('Erf', [graph.node('Div', [x.name, graph.scalar(Math.SQRT2)])]);
  const shifted = graph.node('Add', [erf, graph.scalar(1)]);
  return graph.node('Mul', [graph.node('Mul', [x.name, shifted]), graph.scalar(0.5)]);
}

/** @type {Spelling} */
function geluNew(graph, { operands: { x } }) {
  const cube = graph.node('Mul', [graph.node('Pow', [x.name, graph.scalar(3)]), graph.scalar(0.044715)]);
  const inner = graph.node('Mul', [graph.node('Add', [x.name, cube]), graph.scalar(Math.sqrt(2 / Math.PI))]);
  const shifted = graph.node('Add', [graph.node('Tanh', [inner]), graph.scalar(1)]);
  return graph.node('Mul', [graph.node('Mul', [x.name, graph.scalar(0.5)]), shifted]);
}

/** @type {Spelling} */
const silu = (graph, { operands: { x } }) => graph.node('Mul', [x.name, graph.node('Sigmoid', [x.name])]);

/** Cosines, then sines, of positions times frequencies. @type {Spelling} */
function rotations(graph, { operands: { positions, frequencies }, numbers: { scale } }) {
  const places = graph.node('Unsqueeze', [graph.node('Cast', [positions.name], { to: 1 }), graph.integers([-1])]);
  const angles = graph.node('Mul', [places, frequencies.name]);
  const both = graph.node('Concat', [graph.node('Cos', [angles]), graph.node('Sin', [angles])], { axis: -1 });
  return scale === 1 ? both : graph.node('Mul', [both, graph.scalar(scale)]);
}

/** Cosines or sines for both halves of a head, once for all that turn by them. @param {GraphWriter} graph @param {Value} rotation @param {number} from @param {number} half */
const forHeads = (graph, { name }, from, half) =>
  graph.once(`turn ${name} ${from}`, () => {
    const part = slice(graph, name, from, from + half);
    return graph.node('Unsqueeze', [graph.node('Concat', [part, part], { axis: -1 }), graph.integers([2])]);
  });

/** @type {Spelling} */
function rotary(graph, { operands: { x, rotation }, numbers: { heads, head_dim, half }, shape }) {
  const [lead, width, turning] = [shape.slice(0, -1), shape[shape.length - 1], heads * head_dim];
  if (2 * half !== head_dim) throw new Error('rotary: heads that are turned in part have no spelling in ONNX');
  const first = turning === width ? x.name : slice(graph, x.name, 0, turning);
  const apart = graph.node('Reshape', [first, graph.integers([...lead, heads, head_dim])]);
  const negated = graph.node('Neg', [slice(graph, apart, half, head_dim)]);
  const swapped = graph.node('Concat', [negated, slice(graph, apart, 0, half)], { axis: -1 });
  const kept = graph.node('Mul', [apart, forHeads(graph, rotation, 0, half)]);
  const moved = graph.node('Mul', [swapped, forHeads(graph, rotation, half, half)]);
  const turned = graph.node('Reshape', [graph.node('Add', [kept, moved]), graph.integers([...lead, turning])]);
  return turning === width ? turned : graph.node('Concat', [turned, slice(graph, x.name, turning, width)], { axis: -1 });
}

/** @type {Spelling} */
function strided(graph, { operands: { x }, numbers: { offset, d0, d1, d2, d3, s0, s1, s2, s3 }, shape }) {
  const steps = (/** @type {number} */ count, /** @type {number} */ step) => Array.from({ length: count }, (_, i) => i * step);
  const places = steps(d0, s0).flatMap((a) =>
    steps(d1, s1).flatMap((b) => steps(d2, s2).flatMap((c) => steps(d3, s3).map((d) => offset + a + b + c + d))),
  );
  return graph.node('Gather', [graph.node('Reshape', [x.name, graph.integers([-1])]), graph.integers(places, shape)]);
}

/** @type {Spelling} */
const masked = (graph, { operands: { x, mask } }) =>
  graph.node('Mul', [x.name, graph.node('Unsqueeze', [graph.node('Cast', [mask.name], { to: 1 }), graph.integers([-1])])]);

/** @type {Readonly<Record<string, Spelling>>} */
export const SPELLINGS = {
  embedding: (graph, { operands: { ids, table } }) => graph.node('Gather', [table.name, ids.name]),
  linear,
  layer_norm: layerNorm,
  rms_norm: rmsNorm,
  attention,
  relative_attention: attention,
  cross_attention: attention,
  disentangled_attention: disentangledAttention,
  rotations,
  rotary,
  gelu,
  gelu_new: geluNew,
  silu,
  relu: unary('Relu'),
  tanh: unary('Tanh'),
  sigmoid: unary('Sigmoid'),
  add: binary('Add'),
  mul: binary('Mul'),
  scale: (graph, { operands: { x }, numbers: { factor } }) => graph.node('Mul', [x.name, graph.scalar(factor)]),
  columns: (graph, { operands: { x }, numbers: { from, count } }) => slice(graph, x.name, from, from + count),
  concat: (graph, { operands: { a, b } }) => graph.node('Concat', [a.name, b.name], { axis: -1 }),
  first_pool: (graph, { operands: { x } }) => graph.node('Gather', [x.name, graph.integers([0], [])], { axis: 1 }),
  strided,
  masked,
};

/** What the host writes before a call: places alone are known with the length, the rest follows from an input. */
export const HOST_SPELLINGS = {
  places: (/** @type {GraphWriter} */ graph, /** @type {Host} */ host) => counted(graph, host, 0),
  offset: (/** @type {GraphWriter} */ graph, /** @type {Host} */ host) => counted(graph, host, host.fill),
  fill: (/** @type {GraphWriter} */ graph, /** @type {Host} */ { shape, fill }) =>
    graph.integers(new Array(shape[0] * shape[1]).fill(fill), shape),
  kept: (/** @type {GraphWriter} */ _, /** @type {Host} */ { input }) => input,
  ranks,
};

/** @typedef {{ shape: readonly number[], fill: number, input: string }} Host [batch, sequence] */

/** @param {GraphWriter} graph @param {Host} host @param {number} from */
const counted = (graph, { shape: [batch, sequence] }, from) =>
  graph.integers(
    Array.from({ length: batch * sequence }, (_, i) => (i % sequence) + from),
    [batch, sequence],
  );

/** Positions that count from one above the id of padding along the tokens that are none. @param {GraphWriter} graph @param {Host} host */
function ranks(graph, { fill, input }) {
  const padding = graph.integers([fill], []);
  const real = graph.node('Cast', [graph.node('Not', [graph.node('Equal', [input, padding])])], { to: 7 });
  const sums = graph.node('CumSum', [real, graph.integers([1], [])]);
  return graph.node('Add', [graph.node('Mul', [sums, real]), padding]);
}

import { TraceletError } from '../../base/error.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { copied, expand, permute, reshape, split, transpose, unsqueeze } from '../moves.ts';
import { made, type Node } from '../node.ts';
import { byElement, castTo, chosenBy, filledWith, number } from '../pointwise.ts';
import { simplified } from '../rules/rules.ts';
import type { OpTable } from '../schema.ts';
import { layerNorm } from './layers.ts';
import { linear, matmul } from './products.ts';
import { reduced } from './reductions.ts';

/** What PyTorch makes of nn.MultiheadAttention and nn.TransformerEncoderLayer where no gradients are asked for, in the ops that it stands for. */

/** Which rows of a tensor count, of those that PyTorch holds without padding. */
const rowsOf = new WeakMap<Node, Node>();

const withRows = (node: Node, rows: Node | undefined): Node => {
  if (rows) rowsOf.set(node, rows);
  return node;
};

/** What a mask is about, by its number: keys for each query, keys of each text, or keys for each query of each head. */
const MASKS: Readonly<Record<number, (mask: Node) => Node>> = {
  0: (mask) => mask,
  1: (mask) => unsqueeze(unsqueeze(mask, 1), 1),
  2: (mask) => mask,
};

/** Where keys are not to be seen, as [batch, heads, queries, keys] or what is repeated to that. */
function hidden(mask: Node | null, type: number | null, rows: Node | undefined): Node | undefined {
  if (rows) return byElement('logical_not', unsqueeze(unsqueeze(rows, 1), 1));
  if (!mask) return undefined;
  const shaped = MASKS[type ?? (mask.shape.length === 2 ? 0 : 2)];
  if (!shaped) throw new TraceletError('op', { what: 'a mask of attention', expected: 'type 0, 1 or 2', got: `${type}` });
  return shaped(castTo(mask, 'bool'));
}

interface Projections {
  heads: number;
  in_weight: Node;
  in_bias: Node;
  out_weight: Node;
  out_bias: Node;
}

/** [batch, length, width] as [batch, heads, length, width / heads]. */
const apart = (x: Node, heads: number): Node => {
  const [batch, length, width] = x.shape;
  return permute(reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
};

function attended([q, k, v]: readonly Node[], of: Projections, masked: Node | undefined): { out: Node; weights: Node } {
  const width = q.shape[2];
  const [weights, biases] = [split(of.in_weight, width, 0), split(of.in_bias, width, 0)];
  const [queries, keys, values] = [q, k, v].map((x, i) => apart(linear(x, weights[i], biases[i]), of.heads));
  const scores = byElement('mul', matmul(queries, transpose(keys, -1, -2)), number(1 / Math.sqrt(width / of.heads)));
  const lowest = filledWith(Number.NEGATIVE_INFINITY, q.dtype, []);
  const seen = masked ? chosenBy(masked, lowest, scores, q.dtype) : scores;
  const p = simplified(made('softmax', q.dtype, seen.shape, [seen], { dim: seen.shape.length - 1 }));
  const joined = reshape(permute(matmul(p, values), [0, 2, 1, 3]), q.shape);
  return { out: linear(joined, of.out_weight, of.out_bias), weights: p };
}

function attention(
  ...[q, k, v, , heads, in_weight, in_bias, out_weight, out_bias, mask, needed, averaged, type]: [
    ...[q: Node, k: Node, v: Node, width: number, heads: number, in_weight: Node, in_bias: Node, out_weight: Node, out_bias: Node],
    ...[mask: Node | null, needed: boolean, averaged: boolean, type: number | null],
  ]
): (Node | null)[] {
  const masked = hidden(mask, type, rowsOf.get(q));
  const { out, weights } = attended([q, k, v], { heads, in_weight, in_bias, out_weight, out_bias }, masked);
  return [out, needed ? (averaged ? reduced('mean', weights, [1], false) : weights) : null];
}

/** A layer: attention and two linear ones, each added to what it is given, with norms before or behind. */
function encoderLayer(
  ...[src, width, heads, in_weight, in_bias, out_weight, out_bias, gelu, norm_first, eps, ...rest]: [
    ...[src: Node, width: number, heads: number, in_weight: Node, in_bias: Node, out_weight: Node, out_bias: Node],
    ...[gelu: boolean, norm_first: boolean, eps: number, weight1: Node, bias1: Node, weight2: Node, bias2: Node],
    ...[up: Node, up_bias: Node, down: Node, down_bias: Node, mask: Node | null, type: number | null],
  ]
): Node {
  const [weight1, bias1, weight2, bias2, up, up_bias, down, down_bias, mask, type] = rest;
  const rows = rowsOf.get(src);
  const masked = hidden(mask, type, rows);
  const attend = (x: Node): Node => attended([x, x, x], { heads, in_weight, in_bias, out_weight, out_bias }, masked).out;
  const feed = (x: Node): Node => {
    const wide = linear(x, up, up_bias);
    return linear(gelu ? simplified(made('gelu', wide.dtype, wide.shape, [wide])) : simplified(byElement('relu', wide)), down, down_bias);
  };
  const first = (x: Node): Node => layerNorm(x, [width], weight1, bias1, eps);
  const second = (x: Node): Node => layerNorm(x, [width], weight2, bias2, eps);
  const sum = (x: Node, y: Node): Node => simplified(byElement('add', x, y));
  const before = norm_first ? sum(src, attend(first(src))) : first(sum(src, attend(src)));
  return withRows(norm_first ? sum(before, feed(second(before))) : second(sum(before, feed(before))), rows);
}

/** A tensor of which those rows are left out at which a mask is 0. They are computed as well, and become what pads it again. */
const nested = (t: Node, mask: Node): Node => withRows(copied(t), castTo(mask, 'bool'));

function padded(self: Node, padding: number, size: readonly number[] | null): Node {
  const rows = rowsOf.get(self);
  if (!rows || (size && sizeOf(size) !== sizeOf(self.shape)))
    throw new TraceletError('op', { what: 'to_padded_tensor', expected: 'a tensor that was made of one with its mask', got: 'another' });
  return chosenBy(expand(unsqueeze(rows, -1), self.shape), self, number(padding), self.dtype);
}

const PROJECTIONS = 'Tensor qkv_weight, Tensor qkv_bias, Tensor proj_weight, Tensor proj_bias';

/** What stands for attention and layers where no gradients are asked for. */
export const FAST_PATH_OPS: OpTable = {
  _native_multi_head_attention: [
    [
      `Tensor query, Tensor key, Tensor value, int embed_dim, int num_head, ${PROJECTIONS}, Tensor? mask=None, bool need_weights=True, bool average_attn_weights=True, int? mask_type=None`,
      attention,
    ],
  ],
  _transformer_encoder_layer_fwd: [
    [
      `Tensor src, int embed_dim, int num_heads, ${PROJECTIONS}, bool use_gelu, bool norm_first, float eps, Tensor norm_weight_1, Tensor norm_bias_1, Tensor norm_weight_2, Tensor norm_bias_2, Tensor ffn_weight_1, Tensor ffn_bias_1, Tensor ffn_weight_2, Tensor ffn_bias_2, Tensor? mask=None, int? mask_type=None`,
      encoderLayer,
    ],
  ],
  _nested_tensor_from_mask: [['Tensor t, Tensor mask, bool mask_check=True', nested]],
  to_padded_tensor: [['Tensor self, float padding, int[]? output_size=None', padded]],
};

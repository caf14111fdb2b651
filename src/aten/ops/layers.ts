import { TraceletError } from '../../base/error.ts';
import { sameShape } from '../../tensor/tensor.ts';
import { expand, reshape, squeeze, transpose, unsqueeze } from '../moves.ts';
import { made, type Node } from '../node.ts';
import { byElement, chosenBy, counting, filledWith, number } from '../pointwise.ts';
import { simplified } from '../rules/rules.ts';
import type { OpTable } from '../schema.ts';
import { matmul } from './products.ts';
import { convolved, type Moving } from './windows.ts';

/** Ops that stand for a layer. */

const normalised = (op: string) => (input: Node, dims: readonly number[], weight: Node | null, bias: Node | null, eps: number) => {
  const last = input.shape.slice(input.shape.length - dims.length);
  for (const shape of [last, weight?.shape, bias?.shape])
    if (shape && !sameShape(shape, dims)) throw new TraceletError('shape', { what: op, expected: `[${dims}]`, got: `[${shape}]` });
  const operands = [input, ...[weight, bias].filter((each) => each !== null)];
  return simplified(made(op, input.dtype, input.shape, operands, { dims, eps, weight: weight !== null, bias: bias !== null }));
};

/** As `torch.layer_norm`. */
export const layerNorm = normalised('layer_norm');
const rmsNorm = (input: Node, dims: readonly number[], weight: Node | null, eps: number | null): Node =>
  normalised('rms_norm')(input, dims, weight, null, eps ?? 2 ** -23);

/** Whether a key stands at its query or before it. */
function upToQuery(queries: number, keys: number): Node {
  return byElement('le', counting(keys), unsqueeze(counting(queries), 1));
}

/** softmax(q · kᵀ · scale + mask) · v, in the ops that it is made of. */
function attended(
  q: Node,
  k: Node,
  v: Node,
  mask: Node | null,
  p: number,
  is_causal: boolean,
  scale: number | null,
  enable_gqa: boolean,
): Node {
  if (p !== 0)
    throw new TraceletError('training', {
      what: 'scaled_dot_product_attention',
      expected: 'dropout of 0',
      got: `${p}`,
      cure: 'Call model.eval() before torch.jit.trace or torch.export',
    });
  const [keys, values] = enable_gqa ? [k, v].map((node) => shared(node, q.shape.at(-3) ?? 1)) : [k, v];
  const factor = number(scale ?? 1 / Math.sqrt(q.shape.at(-1) as number));
  const scores = byElement('mul', matmul(q, transpose(keys, -1, -2)), factor);
  const lowest = filledWith(Number.NEGATIVE_INFINITY, q.dtype, []);
  const seen = is_causal ? chosenBy(upToQuery(q.shape.at(-2) as number, k.shape.at(-2) as number), scores, lowest) : scores;
  const masked = mask?.dtype === 'bool' ? chosenBy(mask, seen, lowest) : mask ? byElement('add', seen, mask) : seen;
  return matmul(simplified(made('softmax', q.dtype, masked.shape, [masked], { dim: masked.shape.length - 1 })), values);
}

/** Heads of keys, each repeated for the heads of queries that it serves. */
function shared(node: Node, heads: number): Node {
  const [batch, own, ...rest] = node.shape;
  return reshape(expand(unsqueeze(node, 2), [batch, own, heads / own, ...rest]), [batch, heads, ...rest]);
}

/** A convolution over tokens [batch, channels, sequence]: by a kernel of its own where it keeps how many there are. */
function convolution(input: Node, weight: Node, bias: Node | null, transposed: boolean, moving: Moving): Node {
  const { stride, padding, dilation, groups } = moving;
  if (input.shape.length === 2 && weight.shape.length === 3)
    return squeeze(convolution(unsqueeze(input, 0), weight, bias, transposed, moving), [0]);
  if (input.shape.length !== 3 || weight.shape.length !== 3 || transposed || input.shape[1] !== groups * weight.shape[1])
    throw new TraceletError('op', {
      what: 'a convolution',
      expected: 'one over [batch, channels, sequence], not transposed',
      got: `[${input.shape}] with a weight [${weight.shape}]${transposed ? ', transposed' : ''}`,
    });
  const still = [...stride, ...dilation].every((step) => step === 1);
  const keeps = padding.every((count) => 2 * count + 1 === weight.shape[2]);
  if (!still || !keeps) return convolved(input, weight, bias, moving);
  const rows = transpose(input, 1, 2);
  const operands = [rows, weight, ...(bias ? [bias] : [])];
  const around = made('convolution', input.dtype, rows.shape.with(2, weight.shape[0]), operands, { groups, bias: bias !== null });
  return transpose(simplified(around), 1, 2);
}

/** The padding that a word says; the odd one of an even number stands behind. */
function paddingOf(word: string, weight: Node, dilation: readonly number[]): number[] {
  if (word === 'valid') return [0];
  if (word !== 'same') throw new TraceletError('value', { what: 'conv1d: padding', expected: 'valid or same', got: word });
  const total = dilation[0] * ((weight.shape[2] ?? 1) - 1);
  return [total >> 1, total - (total >> 1)];
}

/** {@link convolution} with padding as a word. */
const byWord = (
  input: Node,
  weight: Node,
  bias: Node | null,
  ...[stride, word, dilation, groups]: [stride: number[], word: string, dilation: number[], groups: number]
): Node => convolution(input, weight, bias, false, { stride, padding: paddingOf(word, weight, dilation), dilation, groups });

const convolving = (
  input: Node,
  weight: Node,
  bias: Node | null,
  ...[stride, padding, dilation, transposed, , groups]: [number[], number[], number[], boolean, unknown, number]
): Node => convolution(input, weight, bias, transposed, { stride, padding, dilation, groups });

const CONVOLUTION =
  'Tensor input, Tensor weight, Tensor? bias, int[] stride, int[] padding, int[] dilation, bool transposed, int[] output_padding';

/** Ops that stand for a layer. */
export const LAYER_OPS: OpTable = {
  layer_norm: [
    ['Tensor input, int[] normalized_shape, Tensor? weight=None, Tensor? bias=None, float eps=1e-5, bool cudnn_enable=True', layerNorm],
  ],
  native_layer_norm: [
    [
      'Tensor input, int[] normalized_shape, Tensor? weight, Tensor? bias, float eps',
      (input: Node, dims: number[], weight: Node | null, bias: Node | null, eps: number) => [layerNorm(input, dims, weight, bias, eps)],
    ],
  ],
  rms_norm: [['Tensor input, int[] normalized_shape, Tensor? weight=None, float? eps=None', rmsNorm]],
  convolution: [[`${CONVOLUTION}, int groups`, convolving]],
  _convolution: [
    [`${CONVOLUTION}, int groups, any benchmark=None, any deterministic=None, any cudnn_enabled=None, any allow_tf32=None`, convolving],
  ],
  _convolution_mode: [['Tensor input, Tensor weight, Tensor? bias, int[] stride, str padding, int[] dilation, int groups', byWord]],
  conv1d: [
    [
      'Tensor input, Tensor weight, Tensor? bias=None, int[] stride=1, int[] padding=0, int[] dilation=1, int groups=1',
      (input: Node, weight: Node, bias: Node | null, stride: number[], padding: number[], dilation: number[], groups: number) =>
        convolution(input, weight, bias, false, { stride, padding, dilation, groups }),
    ],
    ['Tensor input, Tensor weight, Tensor? bias=None, int[] stride=1, str padding=valid, int[] dilation=1, int groups=1', byWord],
  ],
  scaled_dot_product_attention: [
    [
      'Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0, bool is_causal=False, float? scale=None, bool enable_gqa=False',
      attended,
    ],
  ],
};

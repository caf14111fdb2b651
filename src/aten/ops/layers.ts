import { TraceletError } from '../../base/error.ts';
import { sameShape } from '../../tensor/tensor.ts';
import { linearForm } from '../knowledge.ts';
import { expand, reshape, transpose, unsqueeze } from '../moves.ts';
import { made, type Node } from '../node.ts';
import { byElement, chosenBy, filledWith, wrapped } from '../pointwise.ts';
import { simplified } from '../rules/rules.ts';
import type { OpTable } from '../schema.ts';
import { matmul } from './products.ts';

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
  const along = (size: number): Node => ({ kind: 'constant', dtype: 'int64', shape: [size], known: linearForm([1]) });
  return byElement('le', along(keys), unsqueeze(along(queries), 1));
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
  const factor = wrapped(scale ?? 1 / Math.sqrt(q.shape.at(-1) as number), 'float64');
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

/** How a convolution moves over what it sees. */
interface Moving {
  stride: readonly number[];
  padding: readonly number[];
  dilation: readonly number[];
  transposed: boolean;
  groups: number;
}

/** A convolution over tokens [batch, channels, sequence] that keeps how many there are. */
function convolution(input: Node, weight: Node, bias: Node | null, { stride, padding, dilation, transposed, groups }: Moving): Node {
  const kernel = weight.shape.at(-1) as number;
  const still = !transposed && [...stride, ...dilation].every((step) => step === 1);
  const keeps = padding.length === 1 && 2 * padding[0] + 1 === kernel;
  if (input.shape.length !== 3 || weight.shape.length !== 3 || !still || !keeps || input.shape[1] !== groups * weight.shape[1])
    throw new TraceletError('op', {
      what: 'a convolution',
      expected: 'one over [batch, channels, sequence] by steps of 1, with an odd kernel and padding that keeps the length',
      got: `[${input.shape}] with a weight [${weight.shape}], stride ${stride}, padding ${padding}, dilation ${dilation}${transposed ? ', transposed' : ''}`,
    });
  const rows = transpose(input, 1, 2);
  const operands = [rows, weight, ...(bias ? [bias] : [])];
  const around = made('convolution', input.dtype, rows.shape.with(2, weight.shape[0]), operands, { groups, bias: bias !== null });
  return transpose(simplified(around), 1, 2);
}

const convolving = (
  input: Node,
  weight: Node,
  bias: Node | null,
  ...[stride, padding, dilation, transposed, , groups]: [number[], number[], number[], boolean, unknown, number]
): Node => convolution(input, weight, bias, { stride, padding, dilation, transposed, groups });

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
  conv1d: [
    [
      'Tensor input, Tensor weight, Tensor? bias=None, int[] stride=1, int[] padding=0, int[] dilation=1, int groups=1',
      (input: Node, weight: Node, bias: Node | null, stride: number[], padding: number[], dilation: number[], groups: number) =>
        convolution(input, weight, bias, { stride, padding, dilation, transposed: false, groups }),
    ],
  ],
  scaled_dot_product_attention: [
    [
      'Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0, bool is_causal=False, float? scale=None, bool enable_gqa=False',
      attended,
    ],
  ],
};

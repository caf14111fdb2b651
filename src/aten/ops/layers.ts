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
  scaled_dot_product_attention: [
    [
      'Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0, bool is_causal=False, float? scale=None, bool enable_gqa=False',
      attended,
    ],
  ],
};

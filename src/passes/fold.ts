import { type Constant, type Graph, operandsOf, rewrite, storageOf, type Value } from '../graph/graph.ts';
import { executor, withKernels } from '../nn/executor.ts';
import { Parameter } from '../tensor/parameter.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * Computes nodes whose operands are all constants while tracing, unless that would make the file larger, or leave out rows of a table of the model, which
 * a trace holds as a checkpoint. With the baseline kernels, so that a trace has the same bytes wherever it is made.
 */
export function foldConstants(graph: Graph): Graph {
  let folded = 0;
  return rewrite(graph, (node) => {
    if (node.varies) return node;
    const tensors = operandsOf(node).map((value) => tensorOf(storageOf(value)));
    if (!tensors.every((tensor) => tensor !== undefined)) return node;
    if (node.call.row.bounds?.ids && tensors.some((tensor) => tensor instanceof Parameter)) return node;
    const size = tensors.reduce((sum, tensor) => sum + tensor.size, 0);
    const values = Object.fromEntries(Object.entries(node.operands).map(([name, value]) => [name, value && materialise(value)]));
    const tensor = withKernels('baseline', () => executor().apply(node.op, values, node.attrs));
    if (tensor.size > size) return node;
    const part = { name: `folded.${folded++}`, tensor };
    return { kind: 'constant', dtype: tensor.dtype, shape: tensor.shape, parts: [part] } satisfies Constant;
  });
}

/** The tensor behind a constant of one part. */
function tensorOf(value: Value): Tensor | undefined {
  return value.kind === 'constant' && value.parts.length === 1 ? value.parts[0].tensor : undefined;
}

function materialise(value: Value): Tensor {
  const tensor = tensorOf(storageOf(value)) as Tensor;
  return value.kind === 'view' ? new Tensor(tensor.dtype, value.shape, tensor.elements) : tensor;
}

import { type Graph, storageOf } from '../graph/graph.ts';
import { MASK } from '../nn/inputs.ts';
import { rangesOf } from '../ops/call.ts';
import { sizeOf, Tensor } from '../tensor/tensor.ts';
import type { ExampleInput, ScriptModule } from '../torchscript/module.ts';
import { record, type TracedInput } from './record.ts';

/** No word of any vocabulary is special beyond so many. */
const SPECIAL = 4;
const STEP = 7;

/** Inputs of the sizes that an archive was traced with, whose elements are gone: ids that its tables have, and masks of ones. */
export function exampleInputs(module: ScriptModule): Record<string, Tensor> | undefined {
  const examples = module.example_inputs;
  if (!examples) return undefined;
  const inputs = examples.map(({ name, dtype, shape }): TracedInput => ({ name, shape, dtype: isFloat(dtype) ? 'float32' : 'int32' }));
  const { graph } = record(module, inputs, (tensors) => module(...tensors));
  return Object.fromEntries(inputs.map((input) => [input.name, exampleOf(input, boundOf(graph, input.name))]));
}

const isFloat = (dtype: ExampleInput['dtype']): boolean => dtype.includes('float');

/** How many rows the smallest table has that an input is looked up in. */
function boundOf({ nodes }: Graph, name: string): number {
  const bounds = nodes.flatMap(({ call, operands }) =>
    rangesOf(call).flatMap(([operand, { bound }]) => {
      const value = operands[operand];
      const storage = value && storageOf(value);
      return storage?.kind === 'input' && storage.name === name ? [bound] : [];
    }),
  );
  return Math.min(...bounds, Infinity);
}

function exampleOf({ name, shape, dtype }: TracedInput, bound: number): Tensor {
  const size = sizeOf(shape);
  if (dtype === 'float32')
    return new Tensor(
      dtype,
      shape,
      Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1)),
    );
  const rows = Number.isFinite(bound) ? bound : 2;
  const first = rows > 2 * SPECIAL ? SPECIAL : 0;
  const at = (i: number): number =>
    name.endsWith(MASK) || rows <= 2 ? Number(name.includes('mask')) : first + ((i * STEP) % (rows - first));
  return new Tensor(
    'int32',
    shape,
    Int32Array.from({ length: size }, (_, i) => at(i)),
  );
}

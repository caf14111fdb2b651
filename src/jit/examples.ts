import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { type Graph, storageOf, type Value } from '../graph/graph.ts';
import { hostRule } from '../graph/hostvalues.ts';
import { MASK } from '../nn/inputs.ts';
import { rangesOf } from '../ops/call.ts';
import { sizeOf, Tensor } from '../tensor/tensor.ts';
import type { ExampleInput, ScriptModule } from '../torchscript/module.ts';
import { record, type TracedInput } from './record.ts';

/** Words with so small ids are special in many vocabularies. */
const SPECIAL = 4;
const STEP = 7;

/** Sizes that example inputs are to have. */
export interface ExampleSizes {
  batch?: number;
  sequence?: number;
}

/**
 * Inputs of the sizes that a program was made with, whose elements are gone, or of other `sizes`: ids that its tables have, and masks of ones. Undefined
 * where neither says a size. What the program says no shape of is [batch, sequence].
 */
export function exampleInputs(module: ScriptModule, sizes: ExampleSizes = {}): Record<string, Tensor> | undefined {
  const inputs = signatureOf(module, sizes);
  if (!inputs) return undefined;
  const graph = graphOf(module, inputs);
  return Object.fromEntries(inputs.map((input) => [input.name, exampleOf(input, boundOf(graph, input.name))]));
}

/** The longest sequences that the tables of a program have places for, told from a graph of it; Infinity where none says so. */
export function longestSequence(module: ScriptModule): number {
  const inputs = signatureOf(module, {}) ?? (signatureOf(module, { batch: 1, sequence: SHORT }) as TracedInput[]);
  const [{ shape }] = inputs;
  const [batch, sequence] = [shape[0], shape[shape.length - 1]];
  return placesLeft(graphOf(module, inputs), batch, sequence) + sequence;
}

const SHORT = 8;

/** By how much places in tables may grow until one has no row. */
function placesLeft({ nodes }: Graph, batch: number, sequence: number): number {
  let least = Infinity;
  for (const { storage, bound } of lookups(nodes)) {
    if (storage.kind !== 'host') continue;
    const { rule, fill = 0 } = storage;
    const [now, next] = [sequence, sequence + 1].map((at) => hostRule(rule).most?.({ batch, sequence: at, tokens: batch * at }, fill));
    if (now !== undefined && next !== undefined && next > now) least = Math.min(least, Math.floor((bound - 1 - now) / (next - now)));
  }
  return least;
}

function signatureOf(module: ScriptModule, { batch, sequence }: ExampleSizes): TracedInput[] | undefined {
  const said = module.example_inputs;
  if (!said) {
    const shape = batch === undefined && sequence === undefined ? undefined : [batch ?? 1, sequence ?? SHORT];
    return shape && module.input_names.map((name) => ({ name, shape, dtype: 'int32' }));
  }
  return said.map(({ name, dtype, shape }) => {
    const last = shape.length - 1;
    const sized = shape.map((size, axis) => (axis === last ? (sequence ?? size) : axis === 0 ? (batch ?? size) : size));
    return { name, shape: sized, dtype: isFloat(dtype) ? 'float32' : 'int32' };
  });
}

const isFloat = (dtype: ExampleInput['dtype']): boolean => dtype.includes('float');

const graphOf = (module: ScriptModule, inputs: readonly TracedInput[]): Graph =>
  record(module, inputs, (tensors) => module(...tensors)).graph;

/** What is looked up in tables, and how many rows these have. */
function* lookups(nodes: Graph['nodes']): Generator<{ storage: Value; bound: number }> {
  for (const { call, operands } of nodes)
    for (const [operand, { bound }] of rangesOf(call)) {
      const value = operands[operand];
      const isTable = Object.values(operands).some((each) => each?.kind === 'constant' && each.shape[0] === bound);
      if (value && isTable) yield { storage: storageOf(value), bound };
    }
}

/** How many rows the smallest table has that an input is looked up in. */
function boundOf({ nodes }: Graph, name: string): number {
  let least = Infinity;
  for (const { storage, bound } of lookups(nodes)) if (storage.kind === 'input' && storage.name === name) least = Math.min(least, bound);
  return least;
}

/** Elements of an input that the sizes in a file alone may ask for. */
const MOST_UNASKED = 2 ** 24;

function exampleOf({ name, shape, dtype }: TracedInput, bound: number): Tensor {
  const size = sizeOf(shape);
  if (size > MOST_UNASKED)
    throw new TraceletError('value', {
      what: `input ${describe(name)} of the program`,
      expected: `a shape of at most ${MOST_UNASKED} elements`,
      got: `[${shape}]`,
      cure: 'Give inputs of the sizes to come: { inputs }',
    });
  if (dtype === 'float32')
    return new Tensor(
      dtype,
      shape,
      Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1)),
    );
  return new Tensor(
    'int32',
    shape,
    Int32Array.from({ length: size }, (_, i) => elementOf(name, bound, i)),
  );
}

/** Ones in masks, and in all that nothing is looked up with, and zeros in what has two kinds, such as types of tokens. */
function elementOf(name: string, bound: number, i: number): number {
  if (!Number.isFinite(bound) || bound <= 2) return Number(!Number.isFinite(bound) || name.endsWith(MASK) || name.includes('mask'));
  const first = bound > 2 * SPECIAL ? SPECIAL : 0;
  return first + ((i * STEP) % (bound - first));
}

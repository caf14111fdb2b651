import type { Constant, Graph, Node, Value } from '../graph/graph.ts';
import { hostTensor } from '../graph/hostvalues.ts';
import { linesOf } from '../graph/text.ts';
import { difference } from '../inspect/verify.ts';
import type { Engine } from '../nn/eager.ts';
import { executor } from '../nn/executor.ts';
import { MASK } from '../nn/inputs.ts';
import type { Named } from '../nn/outputs.ts';
import { isCompact } from '../passes/compact.ts';
import { ones } from '../tensor/creation.ts';
import { sameShape, sizeOf, Tensor } from '../tensor/tensor.ts';
import type { TracedModule } from '../traced/traced.ts';
import { TracingCheckError } from './checkerror.ts';
import type { Recording } from './record.ts';

/** Absolute plus relative difference that checks allow unless told. */
const CHECK_TOLERANCE = 1e-5;

/**
 * Throws a {@link TracingCheckError} unless two recordings of one model are the same op for op: with the same numbers, or with floats that let
 * their answers to `inputs` differ by `tolerance` at most.
 */
export function checkSameRecording(
  { graph: first }: Recording,
  { graph: second }: Recording,
  inputs: Record<string, Tensor>,
  tolerance: number = CHECK_TOLERANCE,
): void {
  const [before, after] = [first, second].map((graph) => describeGraph(graph));
  const at = firstOther(before, after);
  if (at < 0) return;
  const [form, again] = [first, second].map((graph) => describeGraph(graph, false));
  if (firstOther(form, again) < 0 && sameAnswers(first, second, inputs, tolerance)) return;
  const node = first.nodes[at];
  throw new TracingCheckError({
    what: node ? `node ${at} (of ${node.path || 'the model'})` : `what follows node ${first.nodes.length - 1}`,
    expected: before[at] ?? 'the end of the forward pass',
    got: `${after[at] ?? 'the end of the forward pass'} when recorded again`,
    cure: 'The forward pass depends on something other than its inputs: random numbers, time or state',
  });
}

const firstOther = (before: readonly string[], after: readonly string[]): number =>
  Array.from({ length: Math.max(before.length, after.length) }).findIndex((_, i) => before[i] !== after[i]);

function sameAnswers(first: Graph, second: Graph, inputs: Record<string, Tensor>, tolerance: number): boolean {
  const [got, want] = [evaluate(first, inputs), evaluate(second, inputs)];
  return first.outputs.every(({ value }, i) => {
    const other = want.get(second.outputs[i].value) as Tensor;
    return difference(got.get(value) as Tensor, other, tolerance).ok;
  });
}

/** A line a node, then a line an output; without `floats`, their values are left out. */
const describeGraph = (graph: Graph, floats = true): string[] =>
  linesOf(graph, { sizes: true, floats, constant: ({ parts: [{ name, tensor }] }) => content(name, tensor, floats) })
    .slice(graph.inputs.length)
    .map(({ text }) => text);

/** The elements of a small constant that has no name of its own. */
function content(name: string, tensor: Tensor, floats: boolean): string {
  const told = name.startsWith('constants.') && tensor.size <= 4096 && (floats || tensor.dtype !== 'float32');
  return told ? `${tensor.dtype}(${tensor.elements})` : name;
}

/** What a trace ought to answer. */
export interface Expectation {
  answer(inputs: Record<string, Tensor>): readonly Named[];
  /** Inputs to compare on, beside the dummies. */
  more: readonly Record<string, Tensor>[];
  /** Absolute plus relative difference that is allowed. */
  tolerance?: number;
}

/** Throws a {@link TracingCheckError} unless the trace answers as expected. A trace that leaves padding out is asked without any. */
export function checkAnswers(
  traced: TracedModule<unknown>,
  { answer, more, tolerance }: Expectation,
  dummies: Record<string, Tensor>,
  graphs: Graphs,
): void {
  for (const given of [dummies, ...more]) {
    const inputs = isCompact(graphs.optimised) ? withoutPadding(given) : given;
    checkOutputs(traced, answer(inputs), inputs, graphs, tolerance);
  }
}

/** The inputs with an attention_mask that lets all tokens through. */
const withoutPadding = (inputs: Record<string, Tensor>): Record<string, Tensor> =>
  inputs[MASK] ? { ...inputs, [MASK]: ones(inputs[MASK].shape, { dtype: 'int32' }) } : inputs;

/** A graph before any pass, and the one that a trace was made from. */
interface Graphs {
  recorded: Graph;
  optimised: Graph;
}

/** Throws a {@link TracingCheckError} unless the trace answers as the model does, within `tolerance` absolute plus relative. */
export function checkOutputs(
  traced: TracedModule<unknown>,
  eager: readonly Named[],
  inputs: Record<string, Tensor>,
  graphs: Graphs,
  tolerance: number = CHECK_TOLERANCE,
): void {
  const { program } = traced.instance;
  traced.call_(inputs);
  if (eager.length !== program.outputs.length)
    throw new TracingCheckError({
      what: 'outputs',
      expected: `${eager.length}, as the eager model gives`,
      got: `${program.outputs.length}`,
    });
  const differs = eager.find(({ tensor }, i) => !difference(traced.instance.read(program.outputs[i].value), tensor, tolerance).ok);
  if (!differs) return;
  const recorded = graphs.recorded.inputs.every(({ name, shape }) => sameShape(inputs[name].shape, shape));
  const at = recorded ? firstDifference(traced, graphs, inputs, tolerance) : undefined;
  throw new TracingCheckError({
    what: at ? at.where : `output "${differs.name}"`,
    expected: `the eager model’s values within ${tolerance}`,
    got: at ? `a difference of ${at.error}` : `other values${recorded ? ', though every instruction agrees with what was recorded' : ''}`,
    cure: 'Is the forward pass a function of its inputs alone?',
  });
}

function firstDifference(
  traced: TracedModule<unknown>,
  { recorded, optimised }: Graphs,
  inputs: Record<string, Tensor>,
  tolerance: number,
) {
  const eager = evaluate(recorded, inputs);
  traced.instance.write(inputs);
  for (const i of traced.instance.steps(traced)) {
    const instruction = traced.instance.proved.instructions[i];
    const origin = optimised.nodes[i].origins.at(-1) as Node;
    const want = eager.get(origin);
    const got = traced.instance.read(instruction.out);
    if (!want || want.size !== got.size) continue;
    const { ok, maxError } = difference(got.reshape(want.shape), want, tolerance);
    if (!ok) return { where: `instruction ${i}, ${instruction.op} of ${instruction.path || 'the model'}`, error: maxError };
  }
  return undefined;
}

/** The tensors of a constant below one another. */
function stacked({ parts, shape }: Constant): Tensor {
  const [{ tensor }] = parts;
  if (parts.length === 1) return tensor;
  const data = new Float32Array(sizeOf(shape));
  let at = 0;
  for (const { tensor: part } of parts) {
    data.set(part.data as Float32Array, at);
    at += part.size;
  }
  return new Tensor('float32', shape, data);
}

/** Every node's value, computed op by op on the current executor. */
export function evaluate(graph: Graph, inputs: Record<string, Tensor>, engine: Pick<Engine, 'apply'> = executor()): Map<Value, Tensor> {
  const values = new Map<Value, Tensor>();
  const tensorOf = (value: Value): Tensor => {
    if (value.kind === 'constant') return stacked(value);
    if (value.kind === 'host') {
      const { rule, grid, fill, input } = value;
      return hostTensor(rule, grid, { fill, input: input && (inputs[input.name] as Tensor<'int32'>) });
    }
    if (value.kind === 'view') return tensorOf(value.base).reshape(value.shape);
    return values.get(value) as Tensor;
  };
  for (const input of graph.inputs) values.set(input, inputs[input.name]);
  for (const node of graph.nodes) {
    const operands = Object.fromEntries(Object.entries(node.operands).map(([name, value]) => [name, value && tensorOf(value)]));
    values.set(node, engine.apply(node.op, operands, node.attrs));
  }
  for (const { value } of graph.outputs) values.set(value, tensorOf(value));
  return values;
}

import { TraceletError } from '../base/error.ts';
import { MASK } from '../nn/inputs.ts';
import type { Named } from '../nn/outputs.ts';
import { fitInputs } from '../program/signature.ts';
import type { Instance } from '../runtime/instance.ts';
import { runSliced } from '../runtime/run.ts';
import { type Shape, sameShape, Tensor } from '../tensor/tensor.ts';
import type { TracedModule } from '../traced/traced.ts';

/** A text, where a tokenizer travels in the trace, or inputs as the trace takes them. */
export type Sample = string | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** What was seen of the inputs of one weight. */
export interface InputStatistics {
  /** Largest magnitude of each column. */
  largest: Float32Array;
  /** Mean square of each column. */
  square: Float64Array;
  rows: number;
  /** Some of the rows. */
  some: Float32Array[];
}

const SOME_ROWS = 64;

/** The outputs of a run, zeros in rows of padding. */
export type Answer = Named[];

export const inputsFor = (traced: TracedModule<unknown>, sample: Sample): Record<string, Tensor> =>
  fitInputs(typeof sample === 'string' ? [traced.encode_([sample, { truncate: true }])] : [sample], traced.inputs, traced.dynamic);

/**
 * Runs the samples and looks at what each weight (by the name of its first tensor) is multiplied with; answers with that and with
 * what the trace answered. Rows that the attention_mask rules out do not count.
 */
export async function observe(
  traced: TracedModule<unknown>,
  samples: readonly Sample[],
  { weights, between, signal }: { weights: ReadonlyMap<number, string>; between: (done: number) => Promise<void>; signal?: AbortSignal },
): Promise<{ seen: Map<string, InputStatistics>; answers: Answer[] }> {
  const { instance } = traced;
  const seen = new Map<string, InputStatistics>();
  const answers: Answer[] = [];
  for (const [done, sample] of samples.entries()) {
    await between(done);
    const inputs = inputsFor(traced, sample);
    const look = (at: number): void => {
      const name = weights.get(at);
      if (name !== undefined) record(seen, name, operandX(instance, at), inputs[MASK]);
    };
    const outputs = await traced.runner.local.queued(() => runSliced(instance, traced, inputs, { signal, look }));
    answers.push(unpadded(outputs, inputs[MASK]));
  }
  for (const { square, rows } of seen.values()) for (let c = 0; c < square.length; c++) square[c] /= rows || 1;
  return { seen, answers };
}

/** What the trace answers for a sample. */
export async function answer(traced: TracedModule<unknown>, sample: Sample, signal?: AbortSignal): Promise<Answer> {
  const inputs = inputsFor(traced, sample);
  return unpadded(await runSliced(traced.instance, traced, inputs, { signal }), inputs[MASK]);
}

const unpadded = (outputs: readonly Named[], mask: Tensor | undefined): Answer =>
  outputs.map(({ name, tensor }) => ({ name, tensor: withoutPadding(tensor, mask) }));

function operandX(instance: Instance, at: number): Tensor {
  return instance.read(instance.proved.instructions[at].operands.x as number);
}

/** Whether the leading dimensions of `shape` are those of the mask, a row a token. */
const isByToken = (shape: Shape, mask: Tensor | undefined): mask is Tensor =>
  mask !== undefined && shape.length > mask.shape.length && sameShape(shape.slice(0, mask.shape.length), mask.shape);

function withoutPadding(tensor: Tensor, mask: Tensor | undefined): Tensor {
  if (!isByToken(tensor.shape, mask)) return tensor;
  const cols = tensor.size / mask.size;
  const data = (tensor.data as Float32Array).slice();
  for (let row = 0; row < mask.size; row++) if (mask.data[row] === 0) data.fill(0, row * cols, (row + 1) * cols);
  return new Tensor(tensor.dtype, tensor.shape, data);
}

function record(seen: Map<string, InputStatistics>, name: string, x: Tensor, mask: Tensor | undefined): void {
  const cols = x.shape.at(-1) as number;
  const values = x.data as Float32Array;
  let own = seen.get(name);
  if (!own) {
    own = { largest: new Float32Array(cols), square: new Float64Array(cols), rows: 0, some: [] };
    seen.set(name, own);
  }
  const skips = isByToken(x.shape, mask) ? mask : undefined;
  for (let row = 0; row < values.length / cols; row++) {
    if (skips && skips.data[row] === 0) continue;
    const at = row * cols;
    for (let c = 0; c < cols; c++) {
      const magnitude = Math.abs(values[at + c]);
      own.largest[c] = Math.max(own.largest[c], magnitude);
      own.square[c] += magnitude * magnitude;
    }
    keep(own, values, at, cols);
  }
}

/** Keeps every row with the same chance, and the same rows in every run. */
function keep(own: InputStatistics, values: Float32Array, at: number, cols: number): void {
  const row = own.rows++;
  const slot = row < SOME_ROWS ? row : (Math.imul(row, 0x9e3779b1) >>> 0) % (row + 1);
  if (slot < SOME_ROWS) own.some[slot] = values.slice(at, at + cols);
}

/** Mean and least cosine between two answers to each sample, by output. Throws a `value` error where a sample has no finite answer. */
export function cosines(before: readonly Answer[], after: readonly Answer[]): { name: string; mean: number; worst: number }[] {
  return (before[0] ?? []).map(({ name }, output) => {
    const all = before.map((one, i) => cosine(one[output].tensor, after[i][output].tensor));
    return { name, mean: all.reduce((a, b) => a + b, 0) / all.length, worst: all.reduce((a, b) => Math.min(a, b), Infinity) };
  });
}

function cosine(a: Tensor, b: Tensor): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [Number(a.data[i]), Number(b.data[i])];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  const value = aa === 0 && bb === 0 ? 1 : dot / Math.sqrt(aa * bb);
  if (Number.isNaN(value))
    throw new TraceletError('value', { what: 'an answer to a calibration sample', expected: 'finite numbers', got: 'NaN or infinity' });
  return value;
}

import type { ModelOutput } from '../nn/outputs.ts';
import type { Signature } from '../program/signature.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import { allOf, type Capacity, planBatches, shareOf } from './batches.ts';
import type { Row } from './encode.ts';
import { batchInputs } from './inputs.ts';

/** What running rows of ids asks of a trace. */
export interface RowRunner {
  readonly inputs: readonly Signature[];
  run(inputs: Record<string, Tensor>, options: { signal?: AbortSignal; outputs?: readonly string[] }): Promise<unknown>;
  /** How many runs it makes at once, one unless given. */
  readonly concurrency?: number;
  /** Runs rows in a way of its own, such as beside those of other calls. */
  runRows?(rows: readonly Row[], settings: RowSettings, placed: Placed): Promise<void>;
}

/** Told what a run answers, with the numbers of the rows that it is of. */
export type Placed = (answer: ModelOutput, numbers: readonly number[]) => void;

/** How rows are run. */
export interface RowSettings {
  capacity: Capacity;
  tokenizer: PreTrainedTokenizerFast;
  /** The outputs that are wanted, by name. */
  outputs: readonly string[];
  signal?: AbortSignal;
  /** What messages call the call. */
  what: string;
}

/** Runs rows of like length together. Hands `placed` each answer, with the numbers of the rows that it is of. */
export async function runRows(runner: RowRunner, rows: readonly Row[], settings: RowSettings, placed: Placed): Promise<void> {
  if (runner.runRows) return runner.runRows(rows, settings, placed);
  const { capacity, tokenizer, outputs, signal, what } = settings;
  const { inputs, concurrency = 1 } = runner;
  const lengths = rows.map(({ ids }) => ids.length);
  const plans = planBatches(lengths, shareOf(capacity, lengths, concurrency));
  await allOf(plans, concurrency, async (plan, goesOn) => {
    const batch = plan.map((at) => rows[at]);
    const answer = await runner.run(batchInputs(batch, capacity, inputs, tokenizer, what), { signal, outputs });
    if (goesOn()) placed(answer as ModelOutput, plan);
  });
}

/** What an output has of one row: its elements, and how many there are of each token where it has some for each. */
export interface RowPart {
  readonly data: Float32Array;
  readonly width: number;
}

function partOf({ data, shape }: Tensor<'float32'>, row: number): RowPart {
  const size = data.length / shape[0];
  return { data: data.subarray(row * size, (row + 1) * size), width: shape[shape.length - 1] };
}

/** The elements of one token. */
export const tokenIn = ({ data, width }: RowPart, token: number): Float32Array => data.subarray(token * width, (token + 1) * width);

/** Runs rows as {@link runRows}, and hands `placed` the number of each with its part of each output; `told` hears how many are done. */
export async function answerRows(
  runner: RowRunner,
  rows: readonly Row[],
  settings: RowSettings,
  told: ((progress: { done: number; total: number }) => void) | undefined,
  placed: (row: number, ...parts: RowPart[]) => void,
): Promise<void> {
  const total = rows.length;
  let done = 0;
  await runRows(runner, rows, settings, (answer, numbers) => {
    for (const [i, number] of numbers.entries()) placed(number, ...settings.outputs.map((name) => partOf(answer[name], i)));
    done += numbers.length;
    told?.({ done, total });
  });
}

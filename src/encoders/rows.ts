import { FUNCTION, type OptionTable, SIGNAL } from '../base/options.ts';
import { COUNT } from '../base/schema.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Ends } from '../text/batches.ts';
import { encoder, type Row, TEXT_OPTIONS, type TextOptions } from '../text/encode.ts';
import { capacityOf } from '../text/inputs.ts';
import { runRows } from '../text/rows.ts';
import type { TextInput } from '../tokenizer/index.ts';
import type { TracedModule } from '../traced/traced.ts';
import { tellCut } from './long.ts';

/** Options of whatever runs texts. */
export interface RunTextsOptions extends TextOptions {
  /** What does not fit of texts that are too long is left out: true and told unless given, an error where false. */
  truncate?: boolean;
  /** Most tokens of a call, without padding. Answers do not depend on it. */
  batchTokens?: number;
  /** Stops the work between two instructions. */
  signal?: AbortSignal;
  /** Told after each call how many texts have their answers. */
  progress_callback?: (progress: { done: number; total: number }) => void;
}

export const RUN_TEXTS: OptionTable<RunTextsOptions> = {
  ...TEXT_OPTIONS,
  batchTokens: COUNT,
  signal: SIGNAL,
  progress_callback: FUNCTION,
};

/** How texts become rows. */
export interface Reading {
  what: string;
  nameOf: (index: number) => string;
  /** The output that is wanted. */
  output: string;
  /** Most tokens of a text; what the trace takes unless given. */
  longest?: number;
  /** What becomes of a row before it is run. */
  prepared?: (row: Row) => Row;
}

/** Runs texts, and hands `place` what each call answers, with the rows and the numbers of its texts. */
export async function runTexts(
  traced: TracedModule,
  texts: readonly TextInput[],
  { truncate, batchTokens, signal, progress_callback, ...prompts }: RunTextsOptions,
  { what, nameOf, output, longest = Infinity, prepared = (row) => row }: Reading,
  place: (answer: Tensor<'float32'>, numbers: readonly number[], rows: readonly Row[]) => void,
): Promise<void> {
  const capacity = capacityOf(traced, batchTokens);
  const most = Math.min(longest, (capacity.sequence as Ends)[1]);
  const long = { ...prompts, truncate: truncate ?? true };
  const encode = encoder(traced.reader, most, long, { what, nameOf, cure: 'The option truncate leaves out the rest' });
  const encoded = texts.map(encode);
  tellCut(what, truncate, encoded);
  const rows = encoded.map(({ rows: [row] }) => prepared(row));
  let done = 0;
  const settings = { capacity, tokenizer: traced.tokenizer, outputs: [output], signal, what };
  await runRows(traced, rows, settings, (answer, numbers) => {
    place(answer[output], numbers, rows);
    done += numbers.length;
    progress_callback?.({ done, total: texts.length });
  });
}

/** The first `count` tokens of text number `at` of an answer [texts, tokens, width]: [count, width]. */
export function rowsOf({ data, shape: [, tokens, width] }: Tensor<'float32'>, at: number, count: number): Tensor<'float32'> {
  const begin = at * tokens * width;
  return new Tensor('float32', [count, width], data.slice(begin, begin + count * width));
}

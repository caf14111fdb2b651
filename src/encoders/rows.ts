import { FUNCTION, type OptionTable, SIGNAL } from '../base/options.ts';
import { COUNT } from '../base/schema.ts';
import { Tensor } from '../tensor/tensor.ts';
import { encoder, longestOf, type Row, TEXT_OPTIONS, type TextOptions } from '../text/encode.ts';
import { capacityOf } from '../text/inputs.ts';
import { answerRows, type RowPart } from '../text/rows.ts';
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
  /** Most tokens of a text, whatever its tokenizer says; what that and the trace take unless given. */
  longest?: number;
  /** How many of them `prepared` adds to those of the text. */
  added?: number;
  /** What becomes of a row before it is run. */
  prepared?: (row: Row) => Row;
}

/** Runs texts, and hands `place` the number of each, its part of the answer, and its row. */
export async function runTexts(
  traced: TracedModule,
  texts: readonly TextInput[],
  { truncate, batchTokens, signal, progress_callback, ...prompts }: RunTextsOptions,
  { what, nameOf, output, longest, added = 0, prepared = (row) => row }: Reading,
  place: (number: number, part: RowPart, row: Row) => void,
): Promise<void> {
  const capacity = capacityOf(traced, batchTokens);
  const long = { ...prompts, truncate: truncate ?? true };
  const [, sequence] = capacity.sequence;
  const whole = longest === undefined ? longestOf(traced.reader, sequence) : { most: Math.min(longest, sequence), of: 'model' as const };
  const encode = encoder(traced.reader, { ...whole, most: whole.most - added }, long, {
    what,
    nameOf,
    cure: 'The option truncate leaves out the rest',
  });
  const encoded = texts.map(encode);
  tellCut(what, truncate, encoded);
  const rows = encoded.map(({ rows: [row] }) => prepared(row));
  const settings = { capacity, tokenizer: traced.tokenizer, outputs: [output], signal, what };
  await answerRows(traced, rows, settings, progress_callback, (number, part) => place(number, part, rows[number]));
}

/** The first `count` tokens of a part: [count, width]. */
export const vectorsOf = ({ data, width }: RowPart, count: number): Tensor<'float32'> =>
  new Tensor('float32', [count, width], data.slice(0, count * width));

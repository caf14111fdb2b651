import { TraceletError } from '../base/error.ts';
import { ANY, OBJECT, type OptionTable, TOKENIZER } from '../base/options.ts';
import { FLAG } from '../base/schema.ts';
import { INPUT_NAMES } from './script.ts';
import type { Inputs, TraceOptions } from './trace.ts';

/** How an archive of PyTorch is traced. */
export interface ArchiveOptions
  extends Pick<TraceOptions, 'dynamic' | 'dynamic_axes' | 'exact_padding' | 'fusion' | 'check_trace' | 'tokenizer'> {
  /** Dummy inputs; those of the sizes that the archive was traced with in Python unless given. */
  inputs?: Inputs;
  /** What the inputs are called, by position, where the names in the archive are others. Padding is told by the name `attention_mask`. */
  input_names?: readonly string[];
}

/** What each option of an archive may be. */
export const ARCHIVE_OPTIONS: OptionTable<ArchiveOptions> = {
  inputs: ANY,
  input_names: INPUT_NAMES,
  dynamic: OBJECT,
  dynamic_axes: OBJECT,
  exact_padding: FLAG,
  fusion: FLAG,
  check_trace: FLAG,
  tokenizer: TOKENIZER,
};

/** Throws a `value` error for an option of archives that was given for the trace `what`. */
export function refuseArchiveOptions(what: string, options: ArchiveOptions): void {
  const name = Object.keys(ARCHIVE_OPTIONS).find((each) => options[each as keyof ArchiveOptions] !== undefined);
  if (name === undefined) return;
  throw new TraceletError('value', {
    what: `jit.load: option ${name}`,
    expected: 'an archive of PyTorch',
    got: `${what}, a trace, which was made so or otherwise`,
    cure: 'Leave it out, or trace the model again',
  });
}

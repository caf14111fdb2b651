import { TraceletError } from '../base/error.ts';
import type * as Places from './places.ts';

/** Whether all parts are known, or those of BERT alone; what loads the others where something does; and what has {@link places}. */
export const known: { all: boolean; load?: () => Promise<unknown>; places?: () => Promise<typeof Places> } = { all: false };

/** What reads and writes the files of tokenizers. Throws an `unsupported` error where no entry point has brought it. */
export async function places(): Promise<typeof Places> {
  if (known.places) return known.places();
  throw new TraceletError('unsupported', {
    what: 'files of a tokenizer',
    expected: 'tracelet, tracelet/jit or tracelet/tokenizer',
    got: 'a program that imports none of them',
    cure: "import 'tracelet/tokenizer'",
  });
}

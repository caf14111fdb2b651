import { warn } from '../base/warn.ts';
import type { Encoded } from '../text/encode.ts';

/**
 * Tells that texts were cut, once for each method, where the caller did not say what becomes of long ones: sentence-transformers cuts them in
 * silence.
 */
export function tellCut(what: string, asked: boolean | undefined, encoded: readonly Omit<Encoded, 'rows'>[]): void {
  const cut = asked === undefined ? encoded.find(({ truncated }) => truncated > 0) : undefined;
  if (cut)
    warn(
      `${what}: text ${cut.index} has ${cut.tokens} tokens, of which ${cut.truncated} were left out. { truncate: true } takes that as meant, { truncate: false } makes it an error`,
    );
}

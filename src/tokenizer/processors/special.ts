import { TraceletError } from '../../base/error.ts';
import { describe } from '../../base/json.ts';
import type { IdOf } from '../interfaces.ts';
import type { Filler } from '../row.ts';

/** A special token of a post-processor. Throws a `config` error for an id that is not that of the vocabulary. */
export function specialToken(token: string, id: unknown, idOf: IdOf): Filler {
  const known = idOf(token);
  if (known !== undefined && (id === undefined || id === known)) return { token, id: known };
  throw new TraceletError('config', {
    what: `id of ${describe(token)} in the post_processor of tokenizer.json`,
    expected: known === undefined ? 'a token of the vocabulary' : `${describe(known)} as in the vocabulary`,
    got: describe(id),
  });
}

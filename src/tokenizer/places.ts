import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { checkOptions, type OptionTable } from '../base/options.ts';
import { isUrl } from '../base/realm.ts';
import { SOURCE_OPTIONS, type SourceOptions, splitOptions } from '../sources/folder.ts';
import { placeOf } from '../sources/place.ts';
import type { TokenizerFiles } from './files.ts';
import { filesAt } from './filesread.ts';

export { saveTokenizer } from './saving.ts';

/** The files at a source, and the options that are not about reading them. */
export async function filesFrom<Options extends object>(
  what: string,
  source: string | URL,
  options: Options & SourceOptions,
  table: OptionTable<Options>,
): Promise<[files: TokenizerFiles, options: Options]> {
  if (typeof source !== 'string' && !isUrl(source))
    throw new TraceletError('value', { what: 'source', expected: 'a path, a URL or a hub id', got: describe(source) });
  const known = checkOptions<Options & SourceOptions>(what, options, { ...SOURCE_OPTIONS, ...table } as OptionTable<
    Options & SourceOptions
  >);
  const [reading, others] = splitOptions(known);
  reading.signal?.throwIfAborted();
  return [await filesAt(await placeOf(source, reading), reading), others as unknown as Options];
}

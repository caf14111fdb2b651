import { FUNCTION, NAMED, type OptionTable, SIGNAL } from '../base/options.ts';
import { isCache } from '../base/realm.ts';
import { FLAG, kind } from '../base/schema.ts';
import type { OnWarn } from '../base/warn.ts';
import type { ModelCache } from '../platform/cache.ts';
import type { ProgressCallback } from './progress.ts';

/** Options of everything that reads files of a model. */
export type SourceOptions = {
  /** Stops the reading; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** Told how the reading of each file goes, as in transformers.js. */
  progress_callback?: ProgressCallback;
  /** The branch, tag or commit of a model on the hub; `main` unless given. */
  revision?: string;
  /** What the hub knows the caller by; the environment variable HF_TOKEN unless given. */
  token?: string;
  /** The address of the hub; the environment variable HF_ENDPOINT, then https://huggingface.co, unless given. */
  endpoint?: string;
  /** Whether what is not on this machine counts as absent; of the hub, HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE in the environment say so as well. */
  local_files_only?: boolean;
  /** Where downloads stay, or the name of such a place; false for nowhere. Unless given, those from the hub stay where the runtime keeps such things. */
  cache?: ModelCache | string | false;
  /** Told of what was passed over because no answer depends on it; the console is, once, unless given. */
  onwarn?: OnWarn;
};

/** What each option of reading may be. */
export const SOURCE_OPTIONS: OptionTable<SourceOptions> = {
  signal: SIGNAL,
  progress_callback: FUNCTION,
  revision: NAMED,
  token: { ...NAMED, secret: true },
  endpoint: NAMED,
  local_files_only: FLAG,
  cache: kind(
    'false, the name of a place, or an object with match and put',
    (value) => value === false || typeof value === 'string' || isCache(value),
  ),
  onwarn: FUNCTION,
};

/** The options of reading among others, and the others. */
export function splitOptions<Options extends SourceOptions>(options: Options): [SourceOptions, Options] {
  const entries = Object.entries(options);
  const isReading = ([name]: readonly [string, unknown]): boolean => Object.hasOwn(SOURCE_OPTIONS, name);
  const others = entries.filter((entry) => !isReading(entry));
  return [Object.fromEntries(entries.filter(isReading)), Object.fromEntries(others) as Options];
}

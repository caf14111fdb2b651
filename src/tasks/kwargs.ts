import { TraceletError } from '../base/error.ts';
import { isObject } from '../base/json.ts';
import { FLAG, kind, SIZE } from '../base/schema.ts';
import type { CutOptions } from './rows.ts';

const NAMES = ['truncation', 'max_length'] as const;

/** What some pipelines of Python take for their tokenizer in an object of its own. */
export const TOKENIZER_KWARGS = kind<CutOptions>(
  '{ truncation, max_length }',
  (value) =>
    isObject(value) &&
    Object.keys(value).every((name) => (NAMES as readonly string[]).includes(name)) &&
    (value.truncation === undefined || FLAG.read(value.truncation) !== undefined) &&
    (value.max_length === undefined || SIZE.read(value.max_length) !== undefined),
  'Texts that run together are not padded, and tensors are answered where there are any',
);

/** Options of a call with those of its `kwargs`, which an option is called. Throws a `value` error for one that is given in both. */
export function withKwargs(options: CutOptions, called: string, kwargs: CutOptions = {}): CutOptions {
  const twice = NAMES.find((name) => options[name] !== undefined && kwargs[name] !== undefined);
  if (twice) throw new TraceletError('value', { what: `option ${twice}`, expected: 'it once', got: `it and that of ${called}` });
  return { truncation: options.truncation ?? kwargs.truncation, max_length: options.max_length ?? kwargs.max_length };
}

import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import type { Fields } from './fields.ts';
import { type Regex, regexOf } from './regex/regex.ts';

/** The pattern of a part: a text, or a regular expression. Throws `format` and `unsupported` errors. */
export function patternOf({ name, json }: Fields): Regex {
  const { pattern } = json;
  const { String: literal, Regex: regex } = isObject(pattern) ? pattern : {};
  const what = `pattern of ${name}`;
  if (typeof literal === 'string') return regexOf(literal.replaceAll(/[\\.^$[\](){}*+?|]/g, '\\$&'), what);
  if (typeof regex === 'string') return regexOf(regex, what);
  throw new TraceletError('format', { what, expected: 'a String or a Regex', got: describe(pattern) });
}

import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import type { Fields } from './fields.ts';

/** Whitespace as Oniguruma has it. */
const SPACES = '\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

/** What means the same to Oniguruma and here, once {@link SPACES} stands for `\s`: characters, sets of them, groups, alternatives, counts. */
const COMMON =
  /^(?:[^\\.^$[\](){}*+?|]|\\[\\.^$[\](){}*+?|/\-tnr]|\\[sS]|\[\^?(?:[^\\[\]&^]|\\[\\[\]^\-tnrs])+\]|\((?:\?:|(?!\?))|[)*+?|]|\{\d+(?:,\d*)?\}(?!\?))*$/u;

/** The pattern of a part: a text, or a regular expression. Throws an `unsupported` error for one that may mean something else here. */
export function patternOf({ name, json }: Fields): RegExp {
  const { pattern } = json;
  const { String: literal, Regex: regex } = isObject(pattern) ? pattern : {};
  if (typeof literal === 'string' && literal !== '') return new RegExp(literal.replaceAll(/[\\.^$[\](){}*+?|/]/g, '\\$&'), 'gu');
  const what = `pattern of ${name}`;
  if (typeof regex !== 'string')
    throw new TraceletError('format', { what, expected: 'a String that is not empty, or a Regex', got: describe(pattern) });
  const compiled = COMMON.test(regex) ? compile(regex) : undefined;
  if (compiled && !compiled.test('')) return new RegExp(compiled, 'gu');
  throw new TraceletError('unsupported', {
    what,
    expected: 'characters, \\s, sets of characters, groups, alternatives and counts that match at least a character',
    got: describe(regex),
  });
}

function compile(regex: string): RegExp | undefined {
  const source = regex.replaceAll(/\[(\^?)((?:\\.|[^\]])+)\]|\\([sS])/g, (_, not, set, space) =>
    space ? `[${space === 'S' ? '^' : ''}${SPACES}]` : `[${not}${set.replaceAll('\\s', SPACES)}]`,
  );
  try {
    return new RegExp(source, 'u');
  } catch {
    return undefined;
  }
}

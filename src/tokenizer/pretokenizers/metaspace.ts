import { TraceletError } from '../../base/error.ts';
import { oneOf } from '../../base/schema.ts';
import type { Normalized } from '../chars.ts';
import { character, type Fields, field, flag, flagOrNull } from '../fields.ts';
import type { PreTokenizer } from '../interfaces.ts';

const SCHEMES = ['always', 'first', 'never'] as const;
type Scheme = (typeof SCHEMES)[number];

/** Which pieces begin with the replacement of a space. Files of old say so by `add_prefix_space`. */
export function schemeIn(fields: Fields): Scheme {
  const prefixes = flagOrNull(fields, 'add_prefix_space');
  const scheme = field<Scheme>(fields, 'prepend_scheme', oneOf(SCHEMES), prefixes === false ? 'never' : 'always');
  if (prefixes !== false || scheme === 'never') return scheme;
  throw new TraceletError('config', {
    what: `prepend_scheme of ${fields.name}`,
    expected: 'never, as add_prefix_space is false',
    got: scheme,
  });
}

/** Spaces become `replacement`, which begins pieces. */
export const readMetaspace = (fields: Fields): PreTokenizer => {
  const [replacement, scheme, splits] = [character(fields, 'replacement'), schemeIn(fields), flag(fields, 'split', true)];
  const prepended = (text: Normalized): Normalized => {
    const isWanted = scheme === 'always' || (scheme === 'first' && text.from[0] === 0);
    if (!isWanted || text.text.startsWith(replacement)) return text;
    return { text: replacement + text.text, from: Array<number>(replacement.length).fill(text.from[0]).concat(text.from) };
  };
  return (whole, start, end, piece) => {
    const text = prepended(marked(whole, start, end, replacement));
    let begin = 0;
    while (splits && begin < text.text.length) {
      const next = text.text.indexOf(replacement, begin + 1);
      if (next < 0) break;
      piece(text, begin, next);
      begin = next;
    }
    piece(text, begin, text.text.length);
  };
};

/** A text from `start` to `end` with `replacement` for each space. */
function marked({ text, from }: Normalized, start: number, end: number, replacement: string): Normalized {
  const part = text.slice(start, end);
  const units = part.length === from.length ? from : from.slice(start, end);
  if (replacement.length === 1) return { text: part.replaceAll(' ', replacement), from: units };
  return { text: part.replaceAll(' ', replacement), from: units.flatMap((unit, i) => (part[i] === ' ' ? [unit, unit] : unit)) };
}

import { propertyNamed, SHORTHANDS, wordAlone } from './properties.ts';
import { ANY, complement, type Ranges } from './ranges.ts';
import type { Scanner } from './scanner.ts';

/** What a backslash makes of a letter: characters, or a line break that may be two of them. */
export type Escaped = { readonly kind: 'set'; readonly set: Ranges } | { readonly kind: 'breaks' };

const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, a: 7, e: 27 };

/** Escapes of Oniguruma that are not known here. */
const UNKNOWN: Readonly<Record<string, string>> = {
  k: 'a back reference',
  g: 'a call of a group',
  K: 'what keeps the text before out of a match',
  X: 'a text segment',
  y: 'the edge of a text segment',
  Y: 'the inside of a text segment',
  M: 'a meta character',
};

const WHAT_IS_KNOWN = 'characters, classes, properties, groups, look-around, quantifiers and places';

/** The set of characters behind a backslash, if it is one; `alone` outside of brackets. */
export function escapedClass(scanner: Scanner, alone: boolean): Escaped | undefined {
  const letter = scanner.peek;
  if (alone && Object.hasOwn(UNKNOWN, letter)) scanner.unsupported(WHAT_IS_KNOWN, `\\${letter}, ${UNKNOWN[letter]},`);
  if ((letter === 'p' || letter === 'P') && scanner.rest(2)[1] === '{') return { kind: 'set', set: property(scanner, alone) };
  if (alone && letter === 'R' && scanner.take('R')) return { kind: 'breaks' };
  if (alone && letter === 'O' && scanner.take('O')) return { kind: 'set', set: ANY };
  if (alone && letter === 'N' && scanner.take('N')) return { kind: 'set', set: complement([10, 11]) };
  if (!Object.hasOwn(SHORTHANDS, letter)) return undefined;
  scanner.take(letter);
  if (alone && letter === 'w') return { kind: 'set', set: wordAlone() };
  if (alone && letter === 'W') return { kind: 'set', set: complement(wordAlone()) };
  return { kind: 'set', set: SHORTHANDS[letter]() };
}

function property(scanner: Scanner, alone: boolean): Ranges {
  const found = scanner.match(/^([pP])\{(\^?)([^}]*)\}/, 128);
  if (!found) scanner.refuse('a } for every property');
  const [, letter, not, name] = found;
  const set = propertyNamed(name, alone);
  if (!set) scanner.unsupported('a general category, a script, a POSIX bracket, Alphabetic, Emoji or such', `property ${name}`);
  return (letter === 'P') !== (not === '^') ? complement(set) : set;
}

/** The character behind a backslash. */
export function escapedCode(scanner: Scanner): number {
  if (scanner.isDone) scanner.refuse('something behind a backslash');
  const letter = scanner.peek;
  if (Object.hasOwn(CONTROLS, letter)) {
    scanner.take(letter);
    return CONTROLS[letter];
  }
  if (letter === 'x' || letter === 'u') return hexadecimal(scanner);
  const octal = scanner.match(/^(?:0[0-7]{0,2}|[1-3][0-7]{2})/, 3);
  if (octal) return Number.parseInt(octal[0], 8);
  if (/[1-9]/.test(letter)) scanner.unsupported(WHAT_IS_KNOWN, `back reference \\${letter}`);
  if (letter === 'c' || letter === 'C') return control(scanner);
  return scanner.next();
}

function hexadecimal(scanner: Scanner): number {
  const found = scanner.match(/^(?:x\{([0-9a-fA-F]{1,8})\}|u([0-9a-fA-F]{4})|x([0-7][0-9a-fA-F]?))/, 12);
  if (!found) scanner.unsupported('\\x{...}, \\xHH below 80 or \\uHHHH of hexadecimal digits', 'another');
  const code = Number.parseInt(found[1] ?? found[2] ?? found[3], 16);
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) scanner.unsupported('a character of Unicode', 'another number');
  return code;
}

function control(scanner: Scanner): number {
  const found = scanner.match(/^(?:c|C-)([\x20-\x5b\x5d-\x7e])/, 3);
  if (!found) scanner.unsupported('\\cX or \\C-X of an ASCII character', 'another control character');
  return found[1] === '?' ? 0x7f : found[1].charCodeAt(0) & 0x9f;
}

import { numbers } from '../packed.ts';
import { between, complement, difference, type Ranges, union } from './ranges.ts';
import * as table from './tables.ts';

/** The code points of sets kept as runs of (gap, length). */
function unpacked(text: string): Ranges {
  const set: number[] = [];
  const next = numbers(text);
  for (let code = 0, gap = next(); gap >= 0; gap = next()) {
    code += gap;
    set.push(code);
    code += next();
    set.push(code);
  }
  return set;
}

/** The stretches of every value of a table of (length, value). */
function byValue(text: string): readonly number[][] {
  const values: number[][] = [];
  const next = numbers(text);
  for (let code = 0, length = next(); length >= 0; length = next()) {
    const value = next();
    values[value] ??= [];
    values[value].push(code, code + length);
    code += length;
  }
  return values;
}

/** What `make` makes, made once. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const categories = once(() => new Map(byValue(table.CATEGORY).map((set, i) => [table.CATEGORIES.split(' ')[i], set] as const)));
const scripts = once(() => byValue(table.SCRIPT));

const joined = new Map<string, Ranges>();

/** The code points of general categories whose names begin with one of `names`. */
function category(...names: readonly string[]): Ranges {
  const key = names.join(' ');
  const set =
    joined.get(key) ?? union(...[...categories()].filter(([name]) => names.some((start) => name.startsWith(start))).map(([, set]) => set));
  joined.set(key, set);
  return set;
}

const ascii = (...pairs: readonly (readonly [first: string, last: string])[]): Ranges =>
  union(...pairs.map(([first, last]) => between(first.charCodeAt(0), last.charCodeAt(0))));

/** What counts as alphabetic in Oniguruma. */
const alphabetic = once(() => union(category('L', 'Nl'), unpacked(table.ALPHABETIC)));
const word = once(() => union(alphabetic(), category('M', 'Nd', 'Pc')));
const space = once(() => union(category('Z'), between(9, 13), between(0x85)));
const uppercase = once(() => union(category('Lu'), unpacked(table.UPPERCASE)));
const lowercase = once(() => union(category('Ll'), unpacked(table.LOWERCASE)));

/** Superscripts and fractions of Latin-1 are part of words for `\w` where it stands by itself, but not in brackets. */
const LATIN_WORD = [between(0xb2, 0xb3), between(0xb9), between(0xbc, 0xbe)];

/** What `\w` is where it stands by itself. */
export const wordAlone = once(() => union(word(), ...LATIN_WORD));

const HEX = ascii(['0', '9'], ['A', 'F'], ['a', 'f']);

/** Names of POSIX brackets, which are names of properties too. */
const POSIX: Readonly<Record<string, () => Ranges>> = {
  alnum: once(() => union(alphabetic(), category('Nd'))),
  alpha: alphabetic,
  ascii: () => between(0, 127),
  blank: () => union(category('Zs'), between(9)),
  cntrl: () => category('Cc'),
  digit: () => category('Nd'),
  graph: () => complement(category('Z', 'Cc', 'Cn', 'Cs')),
  lower: lowercase,
  print: () => complement(category('Cc', 'Cn', 'Cs', 'Zl', 'Zp')),
  punct: () => category('P', 'S'),
  space,
  upper: uppercase,
  word,
  xdigit: () => HEX,
};

/** Longer names of general categories. */
const CATEGORY_NAMES: Readonly<Record<string, string>> = {
  other: 'C',
  control: 'Cc',
  format: 'Cf',
  unassigned: 'Cn',
  privateuse: 'Co',
  surrogate: 'Cs',
  letter: 'L',
  lowercaseletter: 'Ll',
  modifierletter: 'Lm',
  otherletter: 'Lo',
  titlecaseletter: 'Lt',
  uppercaseletter: 'Lu',
  mark: 'M',
  combiningmark: 'M',
  spacingmark: 'Mc',
  enclosingmark: 'Me',
  nonspacingmark: 'Mn',
  number: 'N',
  decimalnumber: 'Nd',
  letternumber: 'Nl',
  othernumber: 'No',
  punctuation: 'P',
  connectorpunctuation: 'Pc',
  dashpunctuation: 'Pd',
  closepunctuation: 'Pe',
  finalpunctuation: 'Pf',
  initialpunctuation: 'Pi',
  otherpunctuation: 'Po',
  openpunctuation: 'Ps',
  symbol: 'S',
  currencysymbol: 'Sc',
  modifiersymbol: 'Sk',
  mathsymbol: 'Sm',
  othersymbol: 'So',
  separator: 'Z',
  lineseparator: 'Zl',
  paragraphseparator: 'Zp',
  spaceseparator: 'Zs',
};

const cased = (): Ranges => category('Lu', 'Ll', 'Lt');

/** Properties other than general categories, scripts and POSIX brackets. */
const OTHERS: Readonly<Record<string, () => Ranges>> = {
  alphabetic,
  any: () => between(0, 0x10ffff),
  assigned: () => complement(category('Cn')),
  casedletter: cased,
  emoji: () => unpacked(table.EMOJI),
  extendedpictographic: () => unpacked(table.PICTOGRAPHIC),
  lc: cased,
  lowercase,
  punct: () => category('P'),
  unknown: () => scriptless(),
  uppercase,
  whitespace: space,
  zzzz: () => scriptless(),
};

const scriptless = (): Ranges => scripts()[0];

const SCRIPT_NAMES = once(() => {
  const names = table.SCRIPTS.split(' ');
  return new Map(names.map((name, i) => [plain(name), (i >> 1) + 1] as const));
});

const CATEGORY_SHORT = once(() => {
  const names = table.CATEGORIES.split(' ');
  return new Map([...names, ...names.map((name) => name[0])].map((name) => [plain(name), name] as const));
});

const plain = (name: string): string =>
  name.replaceAll(/[ _-]/g, '').replaceAll(/[A-Z]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 32));

/** The POSIX bracket of a name. */
export const posixNamed = (name: string): Ranges | undefined => (Object.hasOwn(POSIX, name) ? POSIX[name]() : undefined);

/** Names of POSIX brackets. */
export const POSIX_NAMES: readonly string[] = Object.keys(POSIX);

/** The code points that have a property; `alone` outside of brackets. */
export function propertyNamed(name: string, alone: boolean): Ranges | undefined {
  const key = plain(name);
  if (alone && key === 'word') return wordAlone();
  if (Object.hasOwn(OTHERS, key)) return OTHERS[key]();
  if (Object.hasOwn(POSIX, key)) return POSIX[key]();
  const letters = Object.hasOwn(CATEGORY_NAMES, key) ? CATEGORY_NAMES[key] : CATEGORY_SHORT().get(key);
  if (letters !== undefined) return category(letters);
  const script = SCRIPT_NAMES().get(key);
  return script === undefined ? undefined : scripts()[script];
}

/** What a backslash and a letter stand for; `\w` by itself is {@link wordAlone}. */
export const SHORTHANDS: Readonly<Record<string, () => Ranges>> = {
  d: POSIX.digit,
  h: () => HEX,
  s: space,
  w: word,
  D: once(() => complement(POSIX.digit())),
  H: once(() => complement(HEX)),
  S: once(() => complement(space())),
  W: once(() => complement(word())),
};

/** Every code point but a line feed. */
export const notBreak = (): Ranges => difference(between(0, 0x10ffff), between(10));

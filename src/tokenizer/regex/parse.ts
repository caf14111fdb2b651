import { TraceletError } from '../../base/error.ts';
import { describe } from '../../base/json.ts';
import { Brackets } from './brackets.ts';
import { escapedClass, escapedCode } from './escapes.ts';
import { folded, foldedSet } from './folds.ts';
import { notBreak } from './properties.ts';
import { ANY, between } from './ranges.ts';
import { Scanner } from './scanner.ts';
import { choiceOf, type Greed, type LookNode, type Node, type Place, sequenceOf, setOf } from './syntax.ts';

/** Longest pattern, most groups within groups, most quantifiers in a row, and the greatest count in braces. */
const [MOST_UNITS, MOST_LEVELS, MOST_IN_A_ROW, MOST_COUNT] = [16_384, 200, 8, 1000];

interface Options {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
  readonly extended: boolean;
  /** The look-behind around. */
  readonly behind: 'none' | 'positive' | 'negative';
}

const PLAIN: Options = { ignoreCase: false, dotAll: false, extended: false, behind: 'none' };

type Flag = 'ignoreCase' | 'dotAll' | 'extended';
const LETTERS: Readonly<Record<string, Flag>> = { i: 'ignoreCase', m: 'dotAll', x: 'extended' };

const PLACES: Readonly<Record<string, Place>> = {
  A: 'start',
  z: 'end',
  Z: 'beforeLastBreak',
  b: 'wordEdge',
  B: 'notWordEdge',
  G: 'searchStart',
};

/** Groups that look around, and how. */
const LOOKS: readonly (readonly [opening: string, look: Omit<LookNode, 'kind' | 'body'>])[] = [
  ['?=', { behind: false, negative: false }],
  ['?!', { behind: false, negative: true }],
  ['?<=', { behind: true, negative: false }],
  ['?<!', { behind: true, negative: true }],
];

const NAMED = /^\?(?:<[^>=!0-9-][^>()]*>|'[^'0-9-][^'()]*')/;

/** Reads a regular expression in the syntax of Ruby as Oniguruma has it. Throws `format` and `unsupported` errors; `what` is how they call it. */
export function parse(pattern: string, what: string): Node {
  if (pattern.length > MOST_UNITS)
    throw new TraceletError('unsupported', { what, expected: `at most ${MOST_UNITS} UTF-16 units`, got: String(pattern.length) });
  return folded(new Parser(new Scanner(pattern, what)).whole());
}

class Parser {
  readonly #in: Scanner;
  readonly #brackets: Brackets;
  #levels = 0;

  constructor(scanner: Scanner) {
    this.#in = scanner;
    this.#brackets = new Brackets(scanner);
  }

  whole(): Node {
    const node = this.#choice(PLAIN);
    if (!this.#in.isDone) this.#in.refuse('a group for every )');
    return node;
  }

  /** Alternatives up to the end of their group. */
  #choice(options: Options): Node {
    if (++this.#levels > MOST_LEVELS) this.#in.limit(`groups in at most ${MOST_LEVELS} levels`);
    const parts = [this.#sequence(options)];
    while (this.#in.take('|')) parts.push(this.#sequence(options));
    this.#levels--;
    return choiceOf(parts);
  }

  #sequence(options: Options): Node {
    const parts: Node[] = [];
    for (;;) {
      if (options.extended) this.#in.skipBlanks();
      if (this.#in.isDone || this.#in.sees('|') || this.#in.sees(')')) break;
      const part = this.#atom(options);
      if (part) parts.push(this.#repeated(part, options));
    }
    return sequenceOf(parts);
  }

  /** One thing that a quantifier can follow; nothing for a comment. */
  #atom(options: Options): Node | undefined {
    const scanner = this.#in;
    if (scanner.take('(')) return this.#group(options);
    if (scanner.take('[')) return this.#brackets.read(options.ignoreCase);
    if (scanner.take('.')) return setOf(options.dotAll ? ANY : notBreak());
    if (scanner.take('^')) return { kind: 'at', place: 'lineStart' };
    if (scanner.take('$')) return { kind: 'at', place: 'lineEnd' };
    if (scanner.take('\\')) return this.#escape(options);
    if (scanner.sees('*') || scanner.sees('+') || scanner.sees('?') || this.#interval(false))
      scanner.refuse('something before a quantifier');
    return literal(scanner.next(), options);
  }

  #escape(options: Options): Node {
    const letter = this.#in.peek;
    if (Object.hasOwn(PLACES, letter)) {
      if (letter === 'G' && options.behind !== 'none') this.#in.unsupported('no start of a search in a look-behind', '\\G');
      this.#in.take(letter);
      return { kind: 'at', place: PLACES[letter] };
    }
    const set = escapedClass(this.#in, true);
    if (set?.kind === 'breaks' && options.behind !== 'none') this.#in.unsupported('no line break in a look-behind', '\\R');
    if (set) return set.kind === 'breaks' ? BREAK : setOf(set.set);
    return literal(escapedCode(this.#in), options);
  }

  #group(options: Options): Node | undefined {
    const scanner = this.#in;
    if (scanner.take('?#')) return this.#comment();
    const look = LOOKS.find(([opening]) => scanner.take(opening));
    if (look) return this.#look(look[1], options);
    if (scanner.take('?>')) return { kind: 'atomic', body: this.#closed(options) };
    if (scanner.take('?:')) return this.#closed(options);
    if (scanner.match(NAMED, 256)) return this.#captured(options);
    if (scanner.sees('*') || scanner.sees('?~') || scanner.sees('?(') || scanner.sees('?{') || scanner.sees('?@'))
      scanner.unsupported('groups, look-around, atomic groups and options', `(${scanner.rest(2)}`);
    return scanner.take('?') ? { kind: 'group', body: this.#withOptions(options) } : this.#captured(options);
  }

  #captured(options: Options): Node {
    if (options.behind === 'negative') this.#in.refuse('no group that captures in a negative look-behind');
    return { kind: 'group', body: this.#closed(options) };
  }

  /** Oniguruma looks around from a look-behind only where that looks behind too. */
  #look({ behind, negative }: Omit<LookNode, 'kind' | 'body'>, options: Options): Node {
    if (options.behind !== 'none' && (!behind || (negative && options.behind === 'positive')))
      this.#in.refuse('nothing in a look-behind that looks ahead, or that is negative in a positive one');
    const inside = behind ? (negative ? 'negative' : 'positive') : options.behind;
    return { kind: 'look', behind, negative, body: this.#closed({ ...options, behind: inside }) };
  }

  #closed(options: Options): Node {
    const node = this.#choice(options);
    if (!this.#in.take(')')) this.#in.refuse('a ) for every group');
    return node;
  }

  #comment(): undefined {
    while (!this.#in.take(')')) {
      if (this.#in.isDone) this.#in.refuse('a ) for every comment');
      this.#in.take('\\');
      if (!this.#in.isDone) this.#in.next();
    }
  }

  /** Options for a group, or for what follows in theirs: `a(?i)b|c` is `a(?i:b|c)`. */
  #withOptions(options: Options): Node {
    const changed: { -readonly [Name in keyof Options]: Options[Name] } = { ...options };
    if (this.#in.sees(')')) this.#in.refuse('an option of a group');
    for (let on = true; ; ) {
      if (this.#in.take(':')) return this.#closed(changed);
      if (this.#in.take(')')) return this.#choice(changed);
      if (this.#in.take('-')) on = false;
      else changed[this.#option()] = on;
    }
  }

  #option(): Flag {
    const letter = this.#in.peek;
    if (!Object.hasOwn(LETTERS, letter)) this.#in.unsupported('options i, m and x of a group', letter ? describe(letter) : 'its end');
    this.#in.take(letter);
    return LETTERS[letter];
  }

  /** `part` as often as the quantifiers behind it say. */
  #repeated(part: Node, options: Options): Node {
    let node = part;
    for (let levels = 0; ; levels++) {
      if (options.extended) this.#in.skipBlanks();
      const counts = this.#counts();
      if (!counts) return node;
      if (levels >= MOST_IN_A_ROW) this.#in.limit(`at most ${MOST_IN_A_ROW} quantifiers in a row`);
      if (isPlace(part)) this.#in.refuse('no quantifier after what takes no character');
      node = { kind: 'repeat', body: node, ...counts };
    }
  }

  #counts(): { min: number; max: number; greed: Greed } | undefined {
    const scanner = this.#in;
    const [min, max] = scanner.take('*') ? [0, Infinity] : scanner.take('+') ? [1, Infinity] : scanner.take('?') ? [0, 1] : [-1, -1];
    if (min >= 0) return { min, max, greed: scanner.take('?') ? 'lazy' : scanner.take('+') ? 'possessive' : 'greedy' };
    const interval = this.#interval(true);
    if (!interval) return undefined;
    const [low, high] = interval;
    if (low > high) return { min: high, max: low, greed: 'possessive' };
    return { min: low, max: high, greed: low < high && scanner.take('?') ? 'lazy' : 'greedy' };
  }

  /** Counts in braces; what is none is read as characters. */
  #interval(takes: boolean): [low: number, high: number] | undefined {
    const found = INTERVAL.exec(this.#in.rest(32));
    if (!found) return undefined;
    const [all, low, comma, high, only] = found;
    if (takes) this.#in.take(all);
    const counts: [number, number] = low ? [Number(low), high ? Number(high) : comma ? Infinity : Number(low)] : [0, Number(only)];
    if (counts.some((count) => count !== Infinity && count > MOST_COUNT)) this.#in.limit(`counts of at most ${MOST_COUNT}`);
    return counts;
  }
}

const INTERVAL = /^\{(?:(\d+)(,?)(\d*)|,(\d+))\}/;

/** A line break of any kind, the pair of them whole. */
const BREAK: Node = {
  kind: 'atomic',
  body: choiceOf([sequenceOf([setOf(between(13)), setOf(between(10))]), setOf([10, 14, 0x85, 0x86, 0x2028, 0x202a])]),
};

const literal = (code: number, { ignoreCase }: Options): Node =>
  ignoreCase ? { kind: 'set', set: foldedSet(between(code)), literal: code } : setOf(between(code));

/** Whether a node takes no character, or one of its alternatives. */
const isPlace = (node: Node): boolean => node.kind === 'at' || node.kind === 'look' || (node.kind === 'choice' && node.parts.some(isPlace));

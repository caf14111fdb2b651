import { escapedClass, escapedCode } from './escapes.ts';
import { foldedClass } from './folds.ts';
import { POSIX_NAMES, posixNamed } from './properties.ts';
import { between, complement, intersection, NONE, type Ranges, union } from './ranges.ts';
import type { Scanner } from './scanner.ts';
import { type Node, setOf } from './syntax.ts';

/** Most brackets within brackets, and most of them that match regardless of case. */
const [MOST_LEVELS, MOST_FOLDED] = [100, 100];

const POSIX = /^\[:(\^?)([A-Za-z]{1,20}):\]/;

/** Reads sets in brackets. */
export class Brackets {
  readonly #in: Scanner;
  #levels = 0;
  #folded = 0;

  constructor(scanner: Scanner) {
    this.#in = scanner;
  }

  /** The set behind an opening bracket. */
  read(ignoreCase: boolean): Node {
    const isNot = this.#in.take('^');
    const set = this.#set();
    if (!ignoreCase) return setOf(isNot ? complement(set) : set);
    if (++this.#folded > MOST_FOLDED) this.#in.limit(`at most ${MOST_FOLDED} sets in brackets regardless of case`);
    return foldedClass(set, isNot);
  }

  /** Up to the closing bracket: sets, and what they have in common with others behind `&&`. */
  #set(): Ranges {
    if (++this.#levels > MOST_LEVELS) this.#in.limit(`brackets in at most ${MOST_LEVELS} levels`);
    const sides: Ranges[] = [];
    let parts: Ranges[] = [];
    for (let isFirst = true; isFirst || !this.#in.take(']'); isFirst = false) {
      if (this.#in.isDone) this.#in.refuse('a ] for every [');
      if (isFirst && this.#in.sees(']') && !this.#in.rest(Infinity).slice(1).includes(']')) this.#in.refuse('something in brackets');
      if (this.#in.take('&&')) {
        sides.push(union(...parts));
        parts = [];
      } else parts.push(this.#part(isFirst));
    }
    this.#levels--;
    return [...new Set([...sides, parts.length ? union(...parts) : NONE])].reduce(intersection);
  }

  #part(isFirst: boolean): Ranges {
    const scanner = this.#in;
    const posix = scanner.match(POSIX, 26);
    if (posix) return this.#posix(posix[1] === '^', posix[2]);
    if (!isFirst || !scanner.sees(']')) {
      if (scanner.take('[')) {
        const isNot = scanner.take('^');
        return isNot ? complement(this.#set()) : this.#set();
      }
      const set = this.#shorthand();
      if (set) return set;
    }
    return this.#range(this.#code());
  }

  #posix(isNot: boolean, name: string): Ranges {
    const set = posixNamed(name);
    if (!set) this.#in.refuse(`a POSIX bracket of ${POSIX_NAMES.join(', ')}`);
    this.#noRange();
    return isNot ? complement(set) : set;
  }

  #noRange(): void {
    if (this.#in.sees('-') && !this.#in.sees('-]')) this.#in.refuse('no range that begins with a class');
  }

  /** A class that a backslash begins; no range may begin with it. */
  #shorthand(): Ranges | undefined {
    const set = this.#escape();
    if (set) this.#noRange();
    return set;
  }

  #escape(): Ranges | undefined {
    if (!this.#in.sees('\\')) return undefined;
    const start = this.#in.mark();
    this.#in.take('\\');
    const escaped = escapedClass(this.#in, false);
    if (!escaped) this.#in.reset(start);
    return escaped?.kind === 'set' ? escaped.set : undefined;
  }

  #code(): number {
    if (!this.#in.take('\\')) return this.#in.next();
    return this.#in.take('b') ? 8 : escapedCode(this.#in);
  }

  #range(first: number): Ranges {
    const scanner = this.#in;
    if (!scanner.sees('-') || scanner.sees('-]') || scanner.sees('-&&')) return between(first);
    scanner.take('-');
    if (scanner.isDone) scanner.refuse('a ] for every [');
    if (scanner.sees('[') && !POSIX.test(scanner.rest(26))) scanner.unsupported('a character at the end of a range', 'a set');
    if (this.#escape() || POSIX.test(scanner.rest(26))) scanner.refuse('a character at the end of a range');
    const last = this.#code();
    if (last < first) scanner.refuse('a range from the lesser character to the greater');
    return between(first, last);
  }
}

import { Compiler } from './compile.ts';
import { GAVE_UP, Matcher, NO_MATCH } from './matcher.ts';
import { Memory } from './memory.ts';
import { parse } from './parse.ts';
import type { Subject } from './places.ts';
import { kindOf, widthOf } from './reading.ts';

/** How many steps plain backtracking may take for each unit of a text. */
const PATIENCE = 32;

/** A regular expression as Oniguruma reads and matches it. No text takes more than time that is linear in its length. */
export class Regex {
  /** Where the match that was found last begins and ends. */
  start = 0;
  stop = 0;
  readonly #what: string;
  readonly #patience: number;
  readonly #compiler: Compiler;
  readonly #fast: Matcher;
  readonly #subject: Subject = { text: '', begin: 0, end: -1, from: 0 };
  /** What takes linear time, where plain backtracking took too long. */
  #linear: Matcher | undefined;
  #matcher: Matcher;
  /** Where the scan of a text goes on. */
  #resume = Infinity;

  /** `patience` is how many steps plain backtracking may take for each unit of a text. */
  constructor(pattern: string, what: string, patience = PATIENCE) {
    this.#what = what;
    this.#patience = patience;
    this.#compiler = new Compiler(parse(pattern, what), what);
    this.#fast = new Matcher(this.#compiler.compile('fast'));
    this.#matcher = this.#fast;
  }

  /** Steps that the scan of the text at hand has taken. */
  get steps(): number {
    return this.#fast.steps + (this.#linear?.steps ?? 0);
  }

  /**
   * Looks for the leftmost match at `from` or behind it that ends at `end` or before it, and says whether there is one: from `start` to `stop`.
   * What stands before `begin` or behind `end` is not seen. A scan goes on where `from` is not before the last match of the same text.
   */
  find(text: string, from: number, end: number, begin = 0): boolean {
    const subject = this.#subject;
    if (from < this.#resume || subject.begin !== begin || subject.end !== end || subject.text !== text) this.#begin(text, begin, end);
    if (this.#matcher === this.#fast && this.#fast.steps > this.#fast.budget) this.#thorough(subject);
    if (subject.from !== from) this.#matcher.memory?.forget(from);
    subject.from = from;
    for (let at = this.#next(from); at <= end; at = this.#next(at + widthAt(text, at))) {
      let stop = this.#matcher.match(subject, at);
      if (stop === GAVE_UP) stop = this.#thorough(subject).match(subject, at);
      if (stop === NO_MATCH) continue;
      this.#matcher.memory?.forget(stop);
      this.start = at;
      this.stop = stop;
      this.#resume = stop;
      return true;
    }
    this.#resume = Infinity;
    return false;
  }

  /** Calls `match` with where each match from `begin` to `end` begins and ends, left to right; an empty one right behind another is none. */
  scan(text: string, begin: number, end: number, match: (start: number, stop: number) => void): void {
    let last = -1;
    for (let at = begin; at <= end && this.find(text, at, end, begin); ) {
      const { start, stop } = this;
      if (start === stop && stop === last) at += widthAt(text, at);
      else {
        match(start, stop);
        at = last = stop;
      }
    }
  }

  #begin(text: string, begin: number, end: number): void {
    Object.assign(this.#subject, { text, begin, end, from: -1 });
    this.#matcher = this.#fast;
    this.#fast.steps = 0;
    this.#fast.budget = this.#patience * (end - begin + PATIENCE);
    if (this.#linear) {
      this.#linear.steps = 0;
      this.#linear.memory = undefined;
    }
  }

  /** The first place from `at` on where a match may begin. */
  #next(at: number): number {
    const { starts, alphabet } = this.#fast.program;
    const { text, end } = this.#subject;
    if (!starts) return at;
    const { blocks, index, kinds } = alphabet;
    let next = at;
    while (next < end) {
      const code = text.codePointAt(next) as number;
      if (starts[kindOf(code, blocks, index)]) return next;
      next += widthOf(code);
    }
    return next === end && starts[kinds] ? next : Infinity;
  }

  #thorough({ begin, end }: Subject): Matcher {
    this.#linear ??= new Matcher(this.#compiler.compile('linear'));
    this.#linear.memory = new Memory(this.#linear.program.slots, begin, end, this.#what);
    this.#matcher = this.#linear;
    return this.#linear;
  }
}

const widthAt = (text: string, at: number): number => widthOf(text.codePointAt(at) ?? 0);

/** The regular expression that `pattern` writes in the syntax of Oniguruma. `what` is how errors call it. Throws `format` and `unsupported` errors. */
export const regexOf = (pattern: string, what: string): Regex => new Regex(pattern, what);

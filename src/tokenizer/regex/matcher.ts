import { TraceletError } from '../../base/error.ts';
import type { Memory } from './memory.ts';
import * as op from './program.ts';

/** What {@link Matcher.match} answers instead of the end of a match. */
export const [NO_MATCH, GAVE_UP] = [-1, -2];
/** The text around is known to match: where it ends is not asked. */
const KNOWN_GOOD = -3;

/** What a search looks at. */
export interface Subject {
  text: string;
  begin: number;
  end: number;
  /** Where the search began. */
  from: number;
}

/** Runs a program by backtracking. */
export class Matcher {
  /** Instructions run, and characters taken. */
  steps = 0;
  /** How many of them there may be. */
  budget = Infinity;
  memory: Memory | undefined;
  readonly program: op.Program;
  readonly #registers: Int32Array;
  /** Where to go on, at which place of the text, and one number more: those not yet tried. */
  #stack = new Int32Array(96);
  #top = 0;
  /** What was tried on the way to where a look around is. */
  readonly #trail: number[] = [];

  constructor(program: op.Program) {
    this.program = program;
    this.#registers = new Int32Array(program.registers);
  }

  /** Where the match that begins at `at` ends, or why there is none. */
  match(subject: Subject, at: number): number {
    this.#top = 0;
    return this.#run(subject, this.program.entry, at, false);
  }

  #run(subject: Subject, entry: number, start: number, isLook: boolean): number {
    const { code, alphabet, tables } = this.program;
    const { blocks, index, members, kinds } = alphabet;
    const { text, begin, end } = subject;
    const { memory } = this;
    const registers = this.#registers;
    const base = this.#top;
    let stack = this.#stack;
    let top = base;
    let pc = entry;
    let at = start;
    let steps = 0;
    for (;;) {
      steps++;
      switch (code[pc]) {
        case op.SET: {
          if (at >= end) break;
          let c = text.charCodeAt(at);
          let next = at + 1;
          let kind: number;
          if (c < 128) kind = blocks[c];
          else {
            if ((c & 0xfc00) === 0xd800) {
              c = text.codePointAt(at) as number;
              if (c > 0xffff) next++;
            }
            kind = blocks[(index[c >> 7] << 7) | (c & 127)];
          }
          if (members[code[pc + 1] + kind] === 0) break;
          at = next;
          pc = code[pc + 2];
          continue;
        }
        case op.RUN: {
          const set = code[pc + 1];
          const min = code[pc + 3];
          const mode = code[pc + 5];
          const most = mode === op.LAZY ? min : code[pc + 4];
          let floor = at;
          let stop = at;
          let taken = 0;
          while (taken < most && stop < end) {
            let c = text.charCodeAt(stop);
            let next = stop + 1;
            let kind: number;
            if (c < 128) kind = blocks[c];
            else {
              if ((c & 0xfc00) === 0xd800) {
                c = text.codePointAt(stop) as number;
                if (c > 0xffff) next++;
              }
              kind = blocks[(index[c >> 7] << 7) | (c & 127)];
            }
            if (members[set + kind] === 0) break;
            stop = next;
            if (++taken === min) floor = next;
          }
          steps += taken;
          if (taken < min) break;
          if (mode === op.LAZY ? code[pc + 4] > min : mode === op.GREEDY && stop > floor) {
            if (top + 3 > stack.length) stack = this.#grow();
            stack[top++] = ~pc;
            stack[top++] = stop;
            stack[top++] = mode === op.LAZY ? min : floor;
          }
          at = stop;
          pc = code[pc + 2];
          continue;
        }
        case op.DISPATCH: {
          let kind = kinds;
          if (at < end) {
            const c = text.charCodeAt(at);
            kind = c < 128 ? blocks[c] : kindOf(text.codePointAt(at) as number, blocks, index);
          }
          pc = tables[code[pc + 1] + kind];
          continue;
        }
        case op.SPLIT: {
          if (top + 3 > stack.length) stack = this.#grow();
          stack[top++] = code[pc + 2];
          stack[top++] = at;
          stack[top++] = 0;
          pc = code[pc + 1];
          continue;
        }
        case op.SPLIT_ONCE: {
          const remembered = memory as Memory;
          const key = remembered.key(code[pc + 3] + this.#turns(code[pc + 4], at), at);
          if (remembered.wasTried(key)) {
            if (!isLook || !remembered.isGood(key)) break;
            this.#top = base;
            this.steps += steps;
            return KNOWN_GOOD;
          }
          remembered.try(key);
          if (isLook) this.#trail.push(key);
          if (top + 3 > stack.length) stack = this.#grow();
          stack[top++] = code[pc + 2];
          stack[top++] = at;
          stack[top++] = this.#trail.length;
          pc = code[pc + 1];
          continue;
        }
        case op.AHEAD: {
          const isIn = at < end && members[code[pc + 1] + kindOf(text.codePointAt(at) as number, blocks, index)] === 1;
          if (isIn === (code[pc + 3] === 1)) break;
          pc = code[pc + 2];
          continue;
        }
        case op.BEHIND: {
          const isIn = at > begin && members[code[pc + 1] + kindOf(codeBefore(text, at, begin), blocks, index)] === 1;
          if (isIn === (code[pc + 3] === 1)) break;
          pc = code[pc + 2];
          continue;
        }
        case op.BACK: {
          if (at <= begin) break;
          const c = codeBefore(text, at, begin);
          if (members[code[pc + 1] + kindOf(c, blocks, index)] === 0) break;
          at -= c > 0xffff ? 2 : 1;
          pc = code[pc + 2];
          continue;
        }
        case op.AT:
          if (!this.#isAt(code[pc + 1], subject, at)) break;
          pc = code[pc + 2];
          continue;
        case op.LOOK: {
          this.#top = top;
          const found = this.#look(subject, pc, at);
          stack = this.#stack;
          if (found === GAVE_UP) {
            this.#top = base;
            return GAVE_UP;
          }
          if ((found === NO_MATCH) === (code[pc + 3] === 0)) break;
          pc = code[pc + 2];
          continue;
        }
        case op.ATOMIC:
          registers[code[pc + 2]] = top;
          pc = code[pc + 1];
          continue;
        case op.CUT:
          top = registers[code[pc + 1]];
          pc = code[pc + 2];
          continue;
        case op.MARK: {
          if (top + 3 > stack.length) stack = this.#grow();
          stack[top++] = ~pc;
          stack[top++] = registers[code[pc + 1]];
          stack[top++] = this.#trail.length;
          registers[code[pc + 1]] = at;
          pc = code[pc + 2];
          continue;
        }
        case op.CHECK:
          pc = code[pc + (registers[code[pc + 1]] === at ? 3 : 2)];
          continue;
        case op.MATCH:
          this.#top = base;
          this.steps += steps;
          return at;
      }
      if (this.steps + steps > this.budget) {
        this.#top = base;
        this.steps += steps;
        return GAVE_UP;
      }
      for (;;) {
        if (top === base) {
          this.#top = base;
          this.steps += steps;
          return NO_MATCH;
        }
        steps++;
        const extra = stack[--top];
        at = stack[--top];
        pc = stack[--top];
        if (pc >= 0) {
          if (isLook) this.#trail.length = extra;
          break;
        }
        pc = ~pc;
        if (code[pc] === op.MARK) {
          registers[code[pc + 1]] = at;
          continue;
        }
        if (code[pc + 5] === op.GREEDY) {
          at -= (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00 && at - 2 >= extra && (text.charCodeAt(at - 2) & 0xfc00) === 0xd800 ? 2 : 1;
          if (at > extra) {
            stack[top++] = ~pc;
            stack[top++] = at;
            stack[top++] = extra;
          }
        } else {
          if (at >= end) continue;
          const c = text.codePointAt(at) as number;
          if (members[code[pc + 1] + kindOf(c, blocks, index)] === 0) continue;
          at += c > 0xffff ? 2 : 1;
          if (extra + 1 < code[pc + 4]) {
            stack[top++] = ~pc;
            stack[top++] = at;
            stack[top++] = extra + 1;
          }
        }
        pc = code[pc + 2];
        break;
      }
    }
  }
  /** What stands around, remembered where the program says so. */
  #look(subject: Subject, pc: number, at: number): number {
    const { code } = this.program;
    const memory = code[pc + 4] < 0 ? undefined : (this.memory as Memory);
    const key = memory?.key(code[pc + 4], at) ?? 0;
    if (memory?.wasTried(key)) return memory.isGood(key) ? at : NO_MATCH;
    const trail = this.#trail;
    const before = trail.length;
    const found = this.#run(subject, code[pc + 1], at, true);
    if (memory) {
      memory.try(key);
      if (found !== NO_MATCH) {
        memory.praise(key);
        for (let i = before; i < trail.length; i++) memory.praise(trail[i]);
      }
    }
    trail.length = before;
    return found;
  }

  /** How many of the loops around have taken something in their turn. */
  #turns(loops: number, at: number): number {
    let count = 0;
    for (const register of this.program.loops[loops]) if (this.#registers[register] !== at) count++;
    return count;
  }

  #isAt(place: number, { text, begin, end, from }: Subject, at: number): boolean {
    switch (op.PLACES[place]) {
      case 'start':
        return at === begin;
      case 'end':
        return at === end;
      case 'beforeLastBreak':
        return at === end || (at + 1 === end && text.charCodeAt(at) === BREAK);
      case 'lineStart':
        return at === begin || (at < end && text.charCodeAt(at - 1) === BREAK);
      case 'lineEnd':
        return at === end || text.charCodeAt(at) === BREAK;
      case 'searchStart':
        return at === from;
      default: {
        const before = at > begin && this.#isWord(codeBefore(text, at, begin));
        const after = at < end && this.#isWord(text.codePointAt(at) as number);
        return (before !== after) === (op.PLACES[place] === 'wordEdge');
      }
    }
  }

  #isWord(code: number): boolean {
    const { alphabet, words } = this.program;
    return alphabet.members[words + kindOf(code, alphabet.blocks, alphabet.index)] === 1;
  }

  #grow(): Int32Array<ArrayBuffer> {
    if (this.#stack.length > MOST_STACK)
      throw new TraceletError('unsupported', {
        what: 'a text for a regular expression',
        expected: `at most ${MOST_STACK / 3} places to come back to`,
        got: 'more',
        cure: 'Split the text, or write the pattern so that it tries less',
      });
    const grown = new Int32Array(this.#stack.length * 2);
    grown.set(this.#stack);
    this.#stack = grown;
    return grown;
  }
}

const BREAK = 10;
const MOST_STACK = 3 * 2 ** 24;

const kindOf = (code: number, blocks: Uint16Array, index: Uint16Array): number => blocks[(index[code >> 7] << 7) | (code & 127)];

/** The character before `at`. */
function codeBefore(text: string, at: number, begin: number): number {
  const last = text.charCodeAt(at - 1);
  if ((last & 0xfc00) !== 0xdc00 || at - 2 < begin) return last;
  const code = text.codePointAt(at - 2) as number;
  return code > 0xffff ? code : last;
}

import { TraceletError } from '../../base/error.ts';
import { GOOD, type Memory, TRIED, UNTRIED } from './memory.ts';
import { isAt, type Subject } from './places.ts';
import * as op from './program.ts';
import { codeBefore, endIn, kindOf, widthOf } from './reading.ts';

/** What {@link Matcher.match} answers instead of the end of a match. */
export const [NO_MATCH, GAVE_UP] = [-1, -2];
/** The text around is known to match: where it ends is not asked. */
const KNOWN_GOOD = -3;

/** Most numbers that tell where to come back to. */
const MOST_STACK = 3 * 2 ** 24;

/** Runs a program by backtracking. */
export class Matcher {
  /** Instructions run, and characters taken. */
  steps = 0;
  /** How many of them there may be. */
  budget = Infinity;
  memory: Memory | undefined;
  readonly program: op.Program;
  readonly #registers: Int32Array;
  /** What is not yet tried: where to go on, at which place of the text, and one number more. */
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
    this.#trail.length = 0;
    return this.#run(subject, this.program.entry, at);
  }

  /** Runs instructions until there is an answer. What breaks out of the switch has failed. */
  #run(subject: Subject, entry: number, start: number): number {
    const { code, alphabet, tables, surroundings } = this.program;
    const { blocks, index, members } = alphabet;
    const { text, begin, end } = subject;
    const registers = this.#registers;
    const base = this.#top;
    let stack = this.#stack;
    let top = base;
    let pc = entry;
    let at = start;
    let steps = 0;
    for (;;) {
      if (top + 6 > stack.length) stack = this.#grow();
      steps++;
      switch (code[pc]) {
        case op.SET: {
          const next = at < end ? endIn(text, at, code[pc + 1], alphabet) : -1;
          if (next < 0) break;
          at = next;
          pc = code[pc + 2];
          continue;
        }
        case op.RUN: {
          const set = code[pc + 1];
          const min = code[pc + 3];
          const mode = code[pc + 5];
          const most = mode === op.LAZY ? min : code[pc + 4];
          let [taken, floor, last] = [0, at, at];
          for (; taken < most && last < end; taken++) {
            const unit = text.charCodeAt(last);
            const next = unit < 128 ? (members[set + blocks[unit]] === 0 ? -1 : last + 1) : endIn(text, last, set, alphabet);
            if (next < 0) break;
            last = next;
            if (taken + 1 === min) floor = next;
          }
          steps += taken;
          if (taken < min) break;
          if (mode === op.LAZY || (mode === op.GREEDY && last > floor)) {
            stack[top++] = ~pc;
            stack[top++] = last;
            stack[top++] = mode === op.LAZY ? min : floor;
          }
          at = last;
          pc = code[pc + 2];
          continue;
        }
        case op.DISPATCH:
          if (at >= end) pc = tables[code[pc + 1] + alphabet.kinds];
          else {
            const unit = text.charCodeAt(at);
            pc = tables[code[pc + 1] + (unit < 128 ? blocks[unit] : kindOf(text.codePointAt(at) as number, blocks, index))];
          }
          continue;
        case op.SPLIT_ONCE: {
          const around = surroundings[code[pc + 4]];
          const memory = this.memory as Memory;
          const key = memory.key(code[pc + 3] + this.#turns(around.loops, at), at);
          const mark = memory.marks[key];
          if (mark === GOOD) return this.#stop(KNOWN_GOOD, base, steps);
          for (let i = 0; i < mark - TRIED; i++) {
            top = registers[around.atomics[i]];
            this.#leave(registers[around.atomics[i] + 1]);
          }
          if (mark !== UNTRIED) break;
          memory.marks[key] = TRIED;
          this.#trail.push(key);
          stack[top++] = code[pc + 2];
          stack[top++] = at;
          stack[top++] = this.#trail.length;
          pc = code[pc + 1];
          continue;
        }
        case op.SPLIT:
          stack[top++] = code[pc + 2];
          stack[top++] = at;
          stack[top++] = 0;
          pc = code[pc + 1];
          continue;
        case op.AHEAD: {
          const isIn = at < end && endIn(text, at, code[pc + 1], alphabet) >= 0;
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
          const before = at > begin ? codeBefore(text, at, begin) : -1;
          if (before < 0 || members[code[pc + 1] + kindOf(before, blocks, index)] === 0) break;
          at -= widthOf(before);
          pc = code[pc + 2];
          continue;
        }
        case op.AT:
          if (!isAt(code[pc + 1], subject, at, this.program)) break;
          pc = code[pc + 2];
          continue;
        case op.LOOK: {
          this.#top = top;
          const found = this.#look(subject, pc, at);
          stack = this.#stack;
          if (found === GAVE_UP || this.steps + steps > this.budget) return this.#stop(GAVE_UP, base, steps);
          if ((found === NO_MATCH) === (code[pc + 3] === 0)) break;
          pc = code[pc + 2];
          continue;
        }
        case op.ATOMIC:
          registers[code[pc + 2]] = top;
          registers[code[pc + 2] + 1] = this.#trail.length;
          pc = code[pc + 1];
          continue;
        case op.CUT:
          top = registers[code[pc + 1]];
          this.#leave(registers[code[pc + 1] + 1]);
          pc = code[pc + 2];
          continue;
        case op.MARK:
          stack[top++] = ~pc;
          stack[top++] = registers[code[pc + 1]];
          stack[top++] = 0;
          registers[code[pc + 1]] = at;
          pc = code[pc + 2];
          continue;
        case op.CHECK:
          pc = code[pc + (registers[code[pc + 1]] === at ? 3 : 2)];
          continue;
        case op.MATCH:
          return this.#stop(at, base, steps);
      }
      if (this.steps + steps > this.budget) return this.#stop(GAVE_UP, base, steps);
      for (;;) {
        if (top === base) return this.#stop(NO_MATCH, base, steps);
        steps++;
        const extra = stack[--top];
        at = stack[--top];
        pc = stack[--top];
        if (pc >= 0) {
          this.#trail.length = extra;
          break;
        }
        pc = ~pc;
        if (code[pc] === op.MARK) registers[code[pc + 1]] = at;
        else if (code[pc + 5] === op.GREEDY) {
          at -= widthOf(codeBefore(text, at, extra));
          if (at > extra) {
            stack[top++] = ~pc;
            stack[top++] = at;
            stack[top++] = extra;
          }
          pc = code[pc + 2];
          break;
        } else if (at < end && extra < code[pc + 4]) {
          at = endIn(text, at, code[pc + 1], alphabet);
          if (at < 0) continue;
          stack[top++] = ~pc;
          stack[top++] = at;
          stack[top++] = extra + 1;
          pc = code[pc + 2];
          break;
        }
      }
    }
  }

  #stop(answer: number, base: number, steps: number): number {
    this.#top = base;
    this.steps += steps;
    return answer;
  }

  /** What stands around, remembered where the program says so. */
  #look(subject: Subject, pc: number, at: number): number {
    const { memory } = this;
    const { code } = this.program;
    const trail = this.#trail;
    const key = memory?.key(code[pc + 4], at) ?? 0;
    const mark = memory?.marks[key] ?? UNTRIED;
    if (mark !== UNTRIED) return mark === GOOD ? at : NO_MATCH;
    const before = trail.length;
    const found = this.#run(subject, code[pc + 1], at);
    if (memory) {
      memory.marks[key] = found === NO_MATCH ? TRIED : GOOD;
      if (found !== NO_MATCH) for (let i = before; i < trail.length; i++) memory.marks[trail[i]] = GOOD;
    }
    trail.length = before;
    return found;
  }

  /** Marks what was tried since an atomic group began as what led out of it. */
  #leave(from: number): void {
    const trail = this.#trail;
    this.steps += trail.length - from;
    for (let i = from; i < trail.length; i++) (this.memory as Memory).marks[trail[i]]++;
  }

  /** How many of the loops around have taken something in their turn. */
  #turns(loops: readonly number[], at: number): number {
    let count = 0;
    for (const register of loops) if (this.#registers[register] !== at) count++;
    return count;
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

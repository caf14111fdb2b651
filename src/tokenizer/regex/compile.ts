import { TraceletError } from '../../base/error.ts';
import { type Alphabet, alphabetOf } from './alphabet.ts';
import { firstKinds } from './first.ts';
import { PLACES } from './places.ts';
import * as op from './program.ts';
import { wordAlone } from './properties.ts';
import type { Ranges } from './ranges.ts';
import type { Greed, LookNode, Node, RepeatNode } from './syntax.ts';

/** Most instructions that a pattern may have, its counts written out, and most atomic groups and possessive quantifiers within each other. */
const [MOST_INSTRUCTIONS, MOST_ATOMICS] = [20_000, 200];
/** Most alternatives that are told apart by their first characters, and most numbers in tables that do so. */
const [MOST_ALTERNATIVES, MOST_IN_TABLES] = [256, 2 ** 16];

/** What an expression is compiled into: what is fast for most texts, or what takes linear time for all. */
export type Aim = 'fast' | 'linear';

/** What surrounds an expression. */
interface Around extends op.Surroundings {
  readonly backward: boolean;
}

const OUTSIDE: Around = { backward: false, loops: [], atomics: [] };
const NOT_YET = -1;

/** Compiles an expression in ways that share their sets. */
export class Compiler {
  readonly #node: Node;
  readonly #alphabet: Alphabet;
  readonly #words: number;

  constructor(node: Node, what: string) {
    if (sizeOf(node) > MOST_INSTRUCTIONS)
      throw new TraceletError('unsupported', {
        what,
        expected: `at most ${MOST_INSTRUCTIONS} parts once counts are written out`,
        got: 'more',
      });
    if (atomicLevels(node) > MOST_ATOMICS)
      throw new TraceletError('unsupported', { what, expected: `at most ${MOST_ATOMICS} atomic groups within each other`, got: 'more' });
    this.#node = node;
    const sets = setsIn(node, []);
    const words = sets.edges ? [wordAlone()] : [];
    this.#alphabet = alphabetOf([...sets.sets, ...words], what);
    this.#words = words.length ? (this.#alphabet.places.get(words[0]) as number) : 0;
  }

  compile(aim: Aim): op.Program {
    const made = new Assembly(this.#alphabet, aim);
    const entry = made.place(this.#node);
    return { ...made.program(entry), words: this.#words };
  }
}

/** The sets of an expression, and whether it looks for the edges of words. */
function setsIn(node: Node, sets: Ranges[]): { sets: Ranges[]; edges: boolean } {
  if (node.kind === 'set') sets.push(node.set);
  let edges = node.kind === 'at' && (node.place === 'wordEdge' || node.place === 'notWordEdge');
  for (const part of partsOf(node)) edges = setsIn(part, sets).edges || edges;
  return { sets, edges };
}

const partsOf = (node: Node): readonly Node[] => ('parts' in node ? node.parts : 'body' in node ? [node.body] : []);

function atomicLevels(node: Node): number {
  const own = node.kind === 'atomic' || (node.kind === 'repeat' && node.greed === 'possessive') ? 1 : 0;
  return partsOf(node).reduce((most, part) => Math.max(most, atomicLevels(part)), 0) + own;
}

function sizeOf(node: Node): number {
  switch (node.kind) {
    case 'set':
    case 'at':
      return 1;
    case 'sequence':
    case 'choice':
      return node.parts.reduce((sum, part) => sum + sizeOf(part) + 1, 0);
    case 'repeat':
      return (sizeOf(node.body) + 1) * (node.max === Infinity ? Math.max(1, node.min) : node.max) + 3;
    default:
      return sizeOf(node.body) + 2;
  }
}

function isNullable(node: Node): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'sequence':
      return node.parts.every(isNullable);
    case 'choice':
      return node.parts.some(isNullable);
    case 'repeat':
      return node.min === 0 || isNullable(node.body);
    case 'atomic':
    case 'group':
      return isNullable(node.body);
    default:
      return true;
  }
}

/** Instructions, laid down from the end of an expression to its beginning. */
class Assembly {
  readonly #alphabet: Alphabet;
  readonly #isFast: boolean;
  readonly #code: number[] = [op.MATCH, op.FAIL];
  readonly #tables: number[] = [];
  readonly #alternatives = new Map<number, readonly number[]>();
  readonly #surroundings: op.Surroundings[] = [];
  #registers = 0;
  #slots = 0;

  constructor(alphabet: Alphabet, aim: Aim) {
    this.#alphabet = alphabet;
    this.#isFast = aim === 'fast';
  }

  program(entry: number): Omit<op.Program, 'words'> {
    return {
      alphabet: this.#alphabet,
      code: Int32Array.from(this.#code),
      entry,
      tables: Int32Array.from(this.#tables),
      registers: this.#registers,
      slots: this.#slots,
      surroundings: this.#surroundings,
      starts: this.#first(entry, true),
    };
  }

  /** Lays down `node` before `next`, and says where it begins. */
  place(node: Node, next: number = op.MATCH, around: Around = OUTSIDE): number {
    switch (node.kind) {
      case 'set':
        return this.#put(around.backward ? op.BACK : op.SET, this.#set(node.set), next);
      case 'sequence':
        return node.parts[around.backward ? 'reduce' : 'reduceRight']((at, part) => this.place(part, at, around), next);
      case 'choice':
        return this.#choice(
          node.parts.map((part) => this.place(part, next, around)),
          around,
        );
      case 'repeat':
        return this.#repeat(node, next, around);
      case 'atomic':
        return this.#atomic(node.body, next, around);
      case 'group':
        return this.place(node.body, next, around);
      case 'look':
        return this.#look(node, next);
      case 'at':
        return this.#put(op.AT, PLACES.indexOf(node.place), next);
    }
  }

  #put(...instruction: readonly number[]): number {
    return this.#code.push(...instruction) - instruction.length;
  }

  #set(set: Ranges): number {
    return this.#alphabet.places.get(set) as number;
  }

  #first(pc: number, beyond = false): Uint8Array | undefined {
    return firstKinds(this.#code, pc, this.#alphabet, this.#alternatives, beyond);
  }

  #split(first: number, second: number, { loops, atomics }: Around): number {
    if (this.#isFast) return this.#put(op.SPLIT, first, second);
    const slot = this.#slots;
    this.#slots += loops.length + 1;
    return this.#put(op.SPLIT_ONCE, first, second, slot, this.#surroundings.push({ loops, atomics }) - 1);
  }

  /** Goes on with the first of `entries` that leads to a match. */
  #choice(entries: readonly number[], around: Around): number {
    const { kinds } = this.#alphabet;
    const chain = (of: readonly number[]): number => of.reduceRight((rest, entry) => this.#split(entry, rest, around));
    const firsts =
      this.#isFast && !around.backward && entries.length <= MOST_ALTERNATIVES ? entries.map((entry) => this.#first(entry)) : [];
    if (!firsts.some(Boolean) || this.#tables.length + kinds > MOST_IN_TABLES) return chain(entries);
    const chains = new Map<string, number>();
    const table = this.#tables.length;
    for (let kind = 0; kind <= kinds; kind++) {
      const left = entries.filter((_, i) => firsts[i] === undefined || firsts[i][kind]);
      const key = left.join(' ');
      const known = chains.get(key) ?? (left.length ? chain(left) : op.FAIL);
      chains.set(key, known);
      this.#tables.push(known);
    }
    const at = this.#put(op.DISPATCH, table);
    this.#alternatives.set(at, entries);
    return at;
  }

  #atomic(body: Node, next: number, around: Around): number {
    const register = this.#registers;
    this.#registers += 2;
    const cut = this.#put(op.CUT, register, next);
    const inside = { ...around, atomics: [register, ...around.atomics] };
    return this.#put(op.ATOMIC, this.place(body, cut, inside), register);
  }

  #look({ body, behind, negative }: LookNode, next: number): number {
    if (body.kind === 'set') return this.#put(behind ? op.BEHIND : op.AHEAD, this.#set(body.set), next, Number(negative));
    const entry = this.place(body, op.MATCH, { ...OUTSIDE, backward: behind });
    return this.#put(op.LOOK, entry, next, Number(negative), this.#slots++);
  }

  #repeat(node: RepeatNode, next: number, around: Around): number {
    const { body, min, max, greed } = node;
    if (this.#isFast && !around.backward && body.kind === 'set') return this.#run(this.#set(body.set), node, next);
    if (greed === 'possessive') return this.#atomic({ ...node, greed: 'greedy' }, next, around);
    let at = next;
    let copies = min;
    if (max === Infinity) {
      at = this.#loop(node, next, around);
      copies = Math.max(0, min - 1);
    } else for (let i = min; i < max; i++) at = this.#either(this.#turn(node, at, next, around), next, greed, around);
    for (let i = 0; i < copies; i++) at = this.#turn(node, at, next, around);
    return at;
  }

  /** A turn of a repetition. Oniguruma leaves a repetition after an empty turn, however many there were to be. */
  #turn({ body, max }: RepeatNode, again: number, next: number, around: Around): number {
    if (max === 1 || !isNullable(body)) return this.place(body, again, around);
    const register = this.#registers++;
    const check = this.#put(op.CHECK, register, again, next);
    return this.#put(op.MARK, register, this.place(body, check, { ...around, loops: [...around.loops, register] }));
  }

  /** Goes on with `body`, or with `next`. */
  #either(body: number, next: number, greed: Greed, around: Around): number {
    return this.#choice(greed === 'lazy' ? [next, body] : [body, next], around);
  }

  /** A loop without end; it begins with a turn unless there may be none. */
  #loop(node: RepeatNode, next: number, around: Around): number {
    const { min, greed } = node;
    const again = this.#split(NOT_YET, NOT_YET, around);
    const entry = this.#turn(node, again, next, around);
    const [first, second] = greed === 'lazy' ? [next, entry] : [entry, next];
    this.#code[again + 1] = first;
    this.#code[again + 2] = second;
    return min > 0 ? entry : again;
  }

  #run(set: number, { min, max, greed }: RepeatNode, next: number): number {
    const most = Math.min(max, 0x7fffffff);
    const put = (mode: number, limit = most): number => this.#put(op.RUN, set, next, min, limit, mode);
    if (greed === 'possessive' || this.#isApart(set, next)) return put(op.POSSESSIVE);
    if (!this.#cannotFail(next)) return put(greed === 'lazy' ? op.LAZY : op.GREEDY);
    return put(op.POSSESSIVE, greed === 'lazy' ? min : most);
  }

  /** Whether nothing that `next` begins with is in a set: to give back a character of it is no use then, nor to take fewer. */
  #isApart(set: number, next: number): boolean {
    const { kinds, members } = this.#alphabet;
    const first = this.#first(next);
    if (!first) return false;
    for (let kind = 0; kind < kinds; kind++) if (first[kind] && members[set + kind]) return false;
    return true;
  }

  #cannotFail(next: number): boolean {
    let at = next;
    while (this.#code[at] === op.RUN && this.#code[at + 3] === 0) at = this.#code[at + 2];
    return this.#code[at] === op.MATCH || this.#code[at] === op.CUT;
  }
}

import { DTYPES } from '../dtype.ts';
import { TraceletError } from '../error.ts';
import { sizeOf } from '../tensor.ts';
import type { ValueInfo } from './program.ts';

/** Something that takes up room in the arena from instruction `from` to instruction `to`, both included. */
interface Block {
  bytes: number;
  from: number;
  to: number;
  offset: number;
  /** Those that take up room at the same time. */
  rivals: Block[];
}

const ALIGNMENT = 64;

/** Bytes that `bytes` take up where everything begins at a line of the cache. */
export const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Bytes that the elements of `value` take up. */
export const bytesOf = ({ dtype, shape }: Pick<ValueInfo, 'dtype' | 'shape'>): number => sizeOf(shape) * DTYPES[dtype].bytes;

/** What the planner has to know of an instruction. Values are those that own memory. */
export interface Usage<Value> {
  out: Value;
  reads: readonly Value[];
  /** The operand that `out` may overwrite, if it is of the same size. */
  inPlace?: Value;
  scratch: boolean;
}

/** Lifetimes of values and scratch, from which an arena is laid out for any sizes: larger blocks first, each at the lowest offset that is free. */
export class Layout<Value> {
  readonly #blocks = new Map<Value, Block>();
  readonly #scratch = new Map<number, Block>();
  readonly #all: Block[];
  readonly #sameSize: (a: Value, b: Value) => boolean;

  /** `given` are written before the first instruction, `taken` are read after the last one. `sameSize` has to hold for all sizes. */
  constructor(
    given: readonly Value[],
    usages: readonly Usage<Value>[],
    taken: readonly Value[],
    sameSize: (a: Value, b: Value) => boolean,
  ) {
    this.#sameSize = sameSize;
    const lastUse = new Map<Value, number>();
    usages.forEach(({ reads }, at) => {
      for (const value of reads) lastUse.set(value, at);
    });
    for (const value of taken) lastUse.set(value, usages.length);
    const block = (from: number, to: number): Block => ({ bytes: 0, from, to, offset: 0, rivals: [] });
    for (const value of given) this.#blocks.set(value, block(0, lastUse.get(value) ?? 0));
    usages.forEach((usage, at) => {
      const to = lastUse.get(usage.out) ?? at;
      if (usage.scratch) this.#scratch.set(at, block(at, at));
      const overwritten = this.#overwritten(usage, at, given);
      if (overwritten) overwritten.to = to;
      this.#blocks.set(usage.out, overwritten ?? block(at, to));
    });
    this.#all = [...new Set([...this.#blocks.values(), ...this.#scratch.values()])];
    for (const one of this.#all) one.rivals = this.#all.filter((other) => other !== one && other.from <= one.to && one.from <= other.to);
  }

  /** The block that a result may take over: an operand's of the same size that nothing reads afterwards. */
  #overwritten({ out, reads, inPlace }: Usage<Value>, at: number, given: readonly Value[]): Block | undefined {
    if (inPlace === undefined || given.includes(inPlace) || !this.#sameSize(inPlace, out)) return undefined;
    const block = this.#blocks.get(inPlace);
    const readers = reads.filter((value) => this.#blocks.get(value) === block).length;
    return block?.to === at && readers === 1 ? block : undefined;
  }

  /** Gives every block its offset; answers with the bytes of the arena. */
  place(bytesOf: (value: Value) => number, scratchOf: (instruction: number) => number): number {
    for (const [value, block] of this.#blocks) block.bytes = align(bytesOf(value));
    for (const [at, block] of this.#scratch) block.bytes = align(scratchOf(at));
    for (const block of this.#all) block.offset = -1;
    let arena = 0;
    for (const block of this.#all.sort((a, b) => b.bytes - a.bytes || a.from - b.from)) {
      block.offset = lowestGap(block);
      arena = Math.max(arena, block.offset + block.bytes);
    }
    return arena;
  }

  /** Where the last `place` put a value. */
  offsetOf(value: Value): number | undefined {
    return this.#blocks.get(value)?.offset;
  }

  scratchOffsetOf(instruction: number): number | undefined {
    return this.#scratch.get(instruction)?.offset;
  }
}

/** The lowest offset where `block` overlaps none of its rivals that have their place. */
function lowestGap({ bytes, rivals }: Block): number {
  let offset = 0;
  for (let moved = true; moved; ) {
    moved = false;
    for (const rival of rivals)
      if (rival.offset >= 0 && offset < rival.offset + rival.bytes && rival.offset < offset + bytes) {
        offset = rival.offset + rival.bytes;
        moved = true;
      }
  }
  return offset;
}

/** A range of the arena that an instruction reads or writes. */
export interface Access {
  /** What messages call it. */
  name: string;
  /** Which value it is; scratch belongs to none. */
  value?: number;
  offset: number;
  bytes: number;
}

/** What one instruction does to the arena. */
export interface Step {
  reads: Access[];
  writes: Access[];
  /** The read that the first write may overlap exactly. */
  inPlace?: Access;
}

/**
 * Proves that no instruction reads bytes which something else has overwritten since, by replaying who owns which bytes.
 * It knows accesses only, nothing of lifetimes or of how the plan was made. Throws `format` errors.
 */
export function checkPlan(steps: readonly Step[], given: readonly Access[], taken: readonly Access[], arena: number): void {
  const owners = new Map<number, Access>();
  const clash = (a: Access, b: Access): boolean => a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
  const own = (access: Access): void => {
    for (const [value, other] of owners) if (clash(access, other)) owners.delete(value);
    if (access.value !== undefined) owners.set(access.value, access);
  };
  const intact = (access: Access, where: string): void => {
    const owned = access.value !== undefined ? owners.get(access.value) : undefined;
    if (!owned || owned.offset !== access.offset || owned.bytes < access.bytes)
      throw broken(`${where}: ${access.name}`, 'a value that is still in the arena', 'bytes written by something else');
  };
  for (const access of given) {
    inside(access, arena, 'inputs');
    for (const other of owners.values()) if (clash(access, other)) throw broken(access.name, 'room of its own', `that of ${other.name}`);
    own(access);
  }
  steps.forEach(({ reads, writes, inPlace }, at) => {
    const where = `instruction ${at}`;
    for (const access of [...reads, ...writes]) inside(access, arena, where);
    for (const read of reads) intact(read, where);
    writes.forEach((write, i) => {
      const rivals = [...reads, ...writes.slice(0, i)].filter((other) => clash(write, other));
      const allowed = (other: Access): boolean =>
        i === 0 && other === inPlace && other.offset === write.offset && other.bytes === write.bytes;
      const rival = rivals.find((other) => !allowed(other));
      if (rival) throw broken(`${where}: ${write.name}`, 'room apart from the operands', `that of ${rival.name}`);
    });
    writes.forEach(own);
  });
  for (const access of taken) intact(access, 'output');
}

function inside({ name, offset, bytes }: Access, arena: number, where: string): void {
  const fits = Number.isInteger(offset) && offset >= 0 && offset % 16 === 0 && offset + bytes <= arena;
  if (!fits) throw broken(`${where}: ${name}`, `16-aligned bytes within an arena of ${arena}`, `${bytes} bytes at ${offset}`);
}

const broken = (what: string, expected: string, got: string): TraceletError =>
  new TraceletError('format', { what, expected, got, cure: 'The trace is damaged: make it again' });

import { TraceletError } from '../base/error.ts';
import { DTYPES } from '../tensor/dtype.ts';
import { sizeOf } from '../tensor/tensor.ts';
import type { ValueInfo } from './program.ts';
import { Spans, Taken } from './spans.ts';

/** Something that takes up room in the arena from instruction `from` to instruction `to`, both included. */
interface Block {
  bytes: number;
  from: number;
  to: number;
  offset: number;
  /** Its number among all. */
  order: number;
  /** Those that take up room at the same time, unless there are too many to list. */
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

/** How many blocks may take up room at once for the rivals of each to be listed. */
const FEW = 64;
/** How many ranges of bytes placing may look at. */
const MOST_STEPS = 2 ** 25;

/** Lifetimes of values and scratch, from which an arena is laid out for any sizes: larger blocks first, each at the lowest offset that is free. */
export class Layout<Value> {
  readonly #blocks = new Map<Value, Block>();
  readonly #scratch = new Map<number, Block>();
  readonly #all: Block[];
  readonly #few: boolean;
  readonly #sameSize: (a: Value, b: Value) => boolean;
  readonly #mostSteps: number;
  #steps = 0;

  /**
   * `given` are written before the first instruction, `taken` are read after the last one. `sameSize` has to hold for all sizes. Placing may
   * look at `mostSteps` ranges of bytes.
   */
  constructor(
    given: readonly Value[],
    usages: readonly Usage<Value>[],
    taken: readonly Value[],
    sameSize: (a: Value, b: Value) => boolean,
    mostSteps = MOST_STEPS,
  ) {
    this.#sameSize = sameSize;
    this.#mostSteps = mostSteps;
    const lastUse = new Map<Value, number>();
    usages.forEach(({ reads }, at) => {
      for (const value of reads) lastUse.set(value, at);
    });
    for (const value of taken) lastUse.set(value, usages.length);
    const block = (from: number, to: number): Block => ({ bytes: 0, from, to, offset: 0, order: 0, rivals: [] });
    for (const value of given) this.#blocks.set(value, block(0, lastUse.get(value) ?? 0));
    const kept = new Set(given);
    usages.forEach((usage, at) => {
      const to = lastUse.get(usage.out) ?? at;
      if (usage.scratch) this.#scratch.set(at, block(at, at));
      const overwritten = this.#overwritten(usage, at, kept);
      if (overwritten) overwritten.to = to;
      this.#blocks.set(usage.out, overwritten ?? block(at, to));
    });
    this.#all = [...new Set([...this.#blocks.values(), ...this.#scratch.values()])];
    for (const [order, one] of this.#all.entries()) one.order = order;
    this.#few = listRivals(this.#all);
  }

  /** The block that a result may take over: an operand's of the same size that nothing reads afterwards. */
  #overwritten({ out, reads, inPlace }: Usage<Value>, at: number, given: ReadonlySet<Value>): Block | undefined {
    if (inPlace === undefined || given.has(inPlace) || !this.#sameSize(inPlace, out)) return undefined;
    const block = this.#blocks.get(inPlace) as Block;
    const readers = reads.filter((value) => this.#blocks.get(value) === block).length;
    return block.to === at && readers === 1 ? block : undefined;
  }

  /** Gives every block its offset; answers with the bytes of the arena. Throws a `memory` error where that is too much work. */
  place(bytesOf: (value: Value) => number, scratchOf: (instruction: number) => number): number {
    for (const [value, block] of this.#blocks) block.bytes = align(bytesOf(value));
    for (const [at, block] of this.#scratch) block.bytes = align(scratchOf(at));
    for (const block of this.#all) block.offset = -1;
    this.#steps = 0;
    const seek = this.#few ? (block: Block) => lowestApart(block, this.#spend) : this.#seeker();
    let arena = 0;
    for (const block of this.#all.sort((a, b) => b.bytes - a.bytes || a.from - b.from || a.order - b.order)) {
      block.offset = block.bytes === 0 ? 0 : seek(block);
      arena = Math.max(arena, block.offset + block.bytes);
    }
    return arena;
  }

  readonly #spend = (steps: number): void => {
    this.#steps += steps;
    if (this.#steps > this.#mostSteps)
      throw new TraceletError('memory', {
        what: `the arena of ${this.#all.length} values`,
        expected: `lifetimes that ${this.#mostSteps} steps give their places`,
        got: 'more',
        cure: 'Trace the model in parts, or for fewer outputs',
      });
  };

  /** Finds the place of one block after another, and takes it, by what lies anywhere and everywhere within stretches of instructions. */
  #seeker(): (block: Block) => number {
    const spans = new Spans(this.#all.reduce((last, { to }) => Math.max(last, to + 1), 0));
    const [anywhere, everywhere] = [new Map<number, Taken>(), new Map<number, Taken>()];
    return ({ bytes, from, to }) => {
      const met: Taken[] = [];
      spans.above(from, (node) => meet(met, everywhere.get(node)));
      spans.within(from, to, (node) => meet(met, anywhere.get(node)));
      let offset = 0;
      for (let at = met.length - 1; at >= 0; ) {
        const lowest = met[at].lowest(offset, bytes, this.#spend);
        at = lowest > offset && at < met.length - 1 ? met.length - 1 : at - 1;
        offset = lowest;
      }
      spans.within(from, to, (node) => takenAt(everywhere, node).add(offset, offset + bytes));
      spans.within(from, to, (node) => takenAt(anywhere, node).add(offset, offset + bytes));
      spans.above(from, (node) => takenAt(anywhere, node).add(offset, offset + bytes));
      return offset;
    };
  }

  /** Where the last `place` put a value. */
  offsetOf(value: Value): number | undefined {
    return this.#blocks.get(value)?.offset;
  }

  scratchOffsetOf(instruction: number): number | undefined {
    return this.#scratch.get(instruction)?.offset;
  }
}

/** Tells each block its rivals, unless too many blocks take up room at once; answers whether it did. */
function listRivals(blocks: readonly Block[]): boolean {
  let live: Block[] = [];
  for (const block of blocks.toSorted((a, b) => a.from - b.from)) {
    live = live.filter(({ to }) => to >= block.from);
    if (live.length > FEW) {
      for (const one of blocks) one.rivals = [];
      return false;
    }
    for (const other of live) {
      other.rivals.push(block);
      block.rivals.push(other);
    }
    live.push(block);
  }
  return true;
}

/** The lowest offset where a block overlaps none of its rivals that have their place. */
function lowestApart({ bytes, rivals }: Block, spend: (steps: number) => void): number {
  let offset = 0;
  for (let moved = true; moved; ) {
    moved = false;
    for (const rival of rivals)
      if (rival.offset >= 0 && offset < rival.offset + rival.bytes && rival.offset < offset + bytes) {
        offset = rival.offset + rival.bytes;
        moved = true;
      }
    spend(rivals.length);
  }
  return offset;
}

function meet(met: Taken[], taken: Taken | undefined): void {
  if (taken) met.push(taken);
}

function takenAt(nodes: Map<number, Taken>, node: number): Taken {
  const taken = nodes.get(node) ?? new Taken();
  nodes.set(node, taken);
  return taken;
}

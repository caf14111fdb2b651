import { TraceletError } from '../base/error.ts';
import { Spans } from './spans.ts';

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

/** Places that stand for an end of a range: two for empty accesses there, and one for the bytes up to the next end. */
const PER_END = 3;

/** Which write of some, numbered from 1 as they come, was the last over ranges of bytes. */
class Latest {
  readonly #ranks = new Map<number, number>();
  readonly #spans: Spans;
  /** The last write within each node, and over all of it. */
  readonly #some: Uint32Array;
  readonly #whole: Uint32Array;
  #writes = 0;

  constructor(writes: readonly Access[]) {
    const ends = new Set(writes.flatMap(({ offset, bytes }) => [offset, offset + bytes]));
    for (const end of Float64Array.from(ends).sort()) this.#ranks.set(end, PER_END * this.#ranks.size);
    this.#spans = new Spans(PER_END * ends.size);
    this.#some = new Uint32Array(this.#spans.nodes);
    this.#whole = new Uint32Array(this.#spans.nodes);
  }

  write(access: Access): number {
    const write = ++this.#writes;
    const [first, last] = this.#placesOf(access, 0);
    this.#spans.above(first, (node) => {
      this.#some[node] = write;
    });
    this.#spans.within(first, last, (node) => {
      this.#some[node] = this.#whole[node] = write;
    });
    return write;
  }

  /** The number of the last write that overlaps one of them; 0 where none does. */
  over(access: Access): number {
    let write = 0;
    const [first, last] = this.#placesOf(access, 1);
    this.#spans.within(first, last, (node) => {
      write = Math.max(write, this.#some[node]);
    });
    this.#spans.above(first, (node) => {
      write = Math.max(write, this.#whole[node]);
    });
    return write;
  }

  /** Empty accesses overlap what has bytes on both sides of them, and no other empty one: those have a place for writes and one for reads. */
  #placesOf({ offset, bytes }: Access, empty: number): [first: number, last: number] {
    const begin = this.#ranks.get(offset) as number;
    return bytes === 0 ? [begin + empty, begin + empty] : [begin + 2, (this.#ranks.get(offset + bytes) as number) - 1];
  }
}

/**
 * Proves that no instruction reads bytes which something else has overwritten since, by replaying who wrote last to which bytes.
 * It knows accesses only, nothing of lifetimes or of how the plan was made. Throws `format` errors.
 */
export function checkPlan(steps: readonly Step[], given: readonly Access[], taken: readonly Access[], arena: number): void {
  const latest = new Latest([...given, ...steps.flatMap(({ writes }) => writes)]);
  const owners = new Map<number, { owned: Access; write: number }>();
  const own = (owned: Access): void => {
    const write = latest.write(owned);
    if (owned.value !== undefined) owners.set(owned.value, { owned, write });
  };
  const intact = (access: Access, where: string): void => {
    const { owned, write } = owners.get(access.value as number) ?? { write: 0 };
    if (!owned || owned.offset !== access.offset || owned.bytes < access.bytes || latest.over(owned) > write)
      throw broken(`${where}: ${access.name}`, 'a value that is still in the arena', 'bytes written by something else');
  };
  for (const access of given) {
    inside(access, arena, 'inputs');
    const other = latest.over(access);
    if (other > 0) throw broken(access.name, 'room of its own', `that of ${given[other - 1].name}`);
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

const clash = (a: Access, b: Access): boolean => a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;

function inside({ name, offset, bytes }: Access, arena: number, where: string): void {
  const fits = Number.isInteger(offset) && offset >= 0 && offset % 16 === 0 && offset + bytes <= arena;
  if (!fits) throw broken(`${where}: ${name}`, `16-aligned bytes within an arena of ${arena}`, `${bytes} bytes at ${offset}`);
}

const broken = (what: string, expected: string, got: string): TraceletError =>
  new TraceletError('format', { what, expected, got, cure: 'The trace is damaged: make it again' });

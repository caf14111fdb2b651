import type { Op } from '../../ops/op.ts';

/** Operations and bytes below which threads would wait for each other longer than they save. */
const LEAST_WORK = 1 << 17;
/** Operations and bytes of a part, at least, where a thread has several; and how many it may have. */
const LEAST_PART = 1 << 20;
const MOST_PARTS = 4;

/** A call of a kernel before it is split. */
export interface Whole {
  row: Pick<Op, 'args' | 'split' | 'flops'>;
  /** Dimensions and attributes by argument name. */
  numbers: Readonly<Record<string, number>>;
  args: readonly number[];
}

/**
 * How many parts a call is worth among so many threads: 1 if it is small, and several a thread if it is large, so that a thread that is held
 * up, or runs on a slower processor, leaves parts to others.
 */
export function worthParts({ row, numbers }: Omit<Whole, 'args'>, threads: number): number {
  const split = row.split?.(numbers, threads);
  if (!split) return 1;
  const moved = Object.values(split.strides).reduce((sum, bytes) => sum + bytes, 0) * numbers[split.over[0]];
  const work = row.flops(numbers) + moved;
  if (work < LEAST_WORK) return 1;
  return threads * Math.max(1, Math.min(MOST_PARTS, Math.floor(work / (threads * LEAST_PART))));
}

/** The arguments of a call for each of at most `most` parts of it, as `threads` threads split it. */
export function partsOf({ row, numbers, args }: Whole, threads: number, most = threads): number[][] {
  const split = row.split?.(numbers, threads);
  if (!split || most === 1) return [[...args]];
  const { over, step = 1, strides } = split;
  const units = Math.ceil(numbers[over[0]] / step);
  const count = Math.max(1, Math.min(most, units || 0));
  const edge = (part: number): number => Math.min(Math.floor((part * units) / count) * step, numbers[over[0]]);
  return Array.from({ length: count }, (_, part) => {
    const from = edge(part);
    const size = count === 1 ? numbers[over[0]] : edge(part + 1) - from;
    return Object.keys(row.args).map((name, i) => {
      if (over.includes(name)) return size;
      return args[i] === 0 || count === 1 ? args[i] : args[i] + from * (strides[name] ?? 0);
    });
  });
}

import type { Row } from '../op.ts';

/** Operations and bytes below which threads would wait for each other longer than they save. */
const LEAST_WORK = 1 << 17;

/** One call of a kernel, as it is bound for one thread. */
export interface Whole {
  row: Row;
  /** Dimensions and attributes by argument name. */
  numbers: Readonly<Record<string, number>>;
  args: readonly number[];
}

/** Whether a call is worth splitting among so many threads. */
export function worthSplitting({ row, numbers }: Omit<Whole, 'args'>, threads: number): boolean {
  const split = row.split?.(numbers, threads);
  if (!split) return false;
  const moved = Object.values(split.strides).reduce((sum, bytes) => sum + bytes, 0) * numbers[split.over[0]];
  return row.flops(numbers) + moved >= LEAST_WORK;
}

/** The arguments of a call for each of at most `threads` parts of it; `scratchOf` gives a part its own scratch in place of the first's. */
export function partsOf({ row, numbers, args }: Whole, threads: number, scratchOf: (part: number, first: number) => number): number[][] {
  const split = row.split?.(numbers, threads);
  if (!split) return [[...args]];
  const { over, step = 1, strides } = split;
  const units = Math.ceil(numbers[over[0]] / step);
  const count = Math.max(1, Math.min(threads, units || 0));
  const edge = (part: number): number => Math.min(Math.floor((part * units) / count) * step, numbers[over[0]]);
  return Array.from({ length: count }, (_, part) => {
    const from = edge(part);
    const size = count === 1 ? numbers[over[0]] : edge(part + 1) - from;
    return Object.entries(row.args).map(([name, kind], i) => {
      if (kind === 'scratch') return scratchOf(part, args[i]);
      if (over.includes(name)) return size;
      return args[i] === 0 || count === 1 ? args[i] : args[i] + from * (strides[name] ?? 0);
    });
  });
}

/**
 * Words that the threads of a team share, in a memory of their own. Each has a cache line, so that who looks at one does not slow who
 * writes to another. assembly/team/barrier.ts knows PHASE, ARRIVED and CLAIMED.
 *
 *   0     RUN        counts runs: workers sleep until it changes
 *   64    PHASE      counts barriers that all threads have reached, and wakes who waits at one
 *   128   ARRIVED    threads at the barrier that is next
 *   192   DONE       workers that have left the run
 *   256   STATE      ON, STOPPED or ENDED
 *   320   LIST       counts lists of calls written
 *   384   CLAIMED    parts of the call under way that a thread has taken
 *   448   PROGRESS   a line for each of MOST_THREADS: instructions it has finished
 *   4544  CALLS      for each worker the index of its list among float64 words, and the lists
 */
/** Threads of a call, at most. */
export const MOST_THREADS = 64;

export const RUN = 0;
export const PHASE = 64;
export const ARRIVED = 128;
export const DONE = 192;
export const STATE = 256;
export const LIST = 320;
export const CLAIMED = 384;
const PROGRESS = 448;
export const CALLS = PROGRESS + 64 * MOST_THREADS;

export const progressAt = (thread: number): number => PROGRESS + 64 * thread;

/** What STATE says: that the run goes on, that workers leave it, that they end. */
export const ON = 0;
export const STOPPED = 1;
export const ENDED = 2;

/**
 * A list is numbers: the index of a kernel among those of the team, into how many parts its call is split, how many arguments it takes, and
 * these for each part; or one of these two.
 */
export const BARRIER = -1;
export const END = -2;

/** How often a thread looks before it sleeps, and for how many milliseconds it sleeps before it looks again. */
export const SPINS = 1 << 16;
export const SLEEP_MS = 50;

/** The exports of assembly/team/barrier.ts. */
export interface Barrier {
  arrive(total: number): number;
  claim(): number;
  signal(word: number): void;
  changed(word: number, old: number, spins: number, milliseconds: number): number;
}

/** What a worker is told once. */
export interface Orders {
  /** Which of the threads it is; 0 is the one that called. */
  thread: number;
  threads: number;
  /** The memory of the trace. */
  memory: WebAssembly.Memory;
  control: WebAssembly.Memory;
  barrier: WebAssembly.Module;
  /** Modules of kernels; their kernels, by name, are numbered one after the other. */
  modules: readonly WebAssembly.Module[];
  names: readonly string[];
}

/** What a worker says: that it waits for runs, or why it has ended. */
export type Report = { ready: true } | { failed: string };

const instanceOf = (module: WebAssembly.Module, memory: WebAssembly.Memory): WebAssembly.Exports => {
  const abort = () => {
    throw new Error('arguments that break a contract');
  };
  return new WebAssembly.Instance(module, { env: { memory, abort } }).exports;
};

export const barrierOf = ({ barrier, control }: Pick<Orders, 'barrier' | 'control'>): Barrier =>
  instanceOf(barrier, control) as unknown as Barrier;

export const kernelsOf = ({ modules, names, memory }: Orders): ((...args: number[]) => void)[] =>
  modules.flatMap((module) => {
    const exports = instanceOf(module, memory);
    return names.map((name) => exports[name] as (...args: number[]) => void);
  });

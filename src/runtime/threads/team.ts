import { platform } from '#platform';
import { TraceletError } from '../../base/error.ts';
import { messageOf } from '../../base/realm.ts';
import { untilAborted } from '../../base/signal.ts';
import { callKernel, growMemory, type Kernel, kernelModule } from '../../kernels/binaries.ts';
import { OP_NAMES } from '../../ops/table.ts';
import type { Binary, Thread } from '../../platform/platform.ts';
import { MOST_PAGES } from '../../platform/shared.ts';
import { align } from '../../program/layout.ts';
import {
  ARRIVED,
  BARRIER,
  type Barrier,
  barrierOf,
  CALLS,
  CLAIMED,
  DONE,
  END,
  ENDED,
  LIST,
  ON,
  type Orders,
  PHASE,
  progressAt,
  type Report,
  RUN,
  SLEEP_MS,
  SPINS,
  STATE,
  STOPPED,
} from './control.ts';
import { partsOf, type Whole, worthParts } from './parts.ts';

/** A call of a kernel that a team can make. */
export interface TeamCall extends Whole {
  op: string;
  /** The one that has it. */
  binary: Binary;
  kernel: Kernel;
  /** Bytes of scratch. */
  scratch: number;
}

/** A call in parts, and whether all threads wait for each other afterwards. */
interface Share {
  parts: readonly (readonly number[])[];
  meets: boolean;
}

/** How long workers may make no progress before they count as dead; longer by so many times what this thread took for its part. */
const PATIENCE_MS = 5000;
const TIMES_LONGER = 10;
const DISPOSED = 'dispose()';

/** Where kernels that threads run come from: a module for a shared memory of each binary, which exports kernels of these names. */
export interface Provision {
  what: string;
  names: readonly string[];
  moduleOf(binary: Binary): WebAssembly.Module | undefined;
}

const OF_TRACES: Provision = { what: 'the trace', names: OP_NAMES, moduleOf: (binary) => kernelModule(binary, true) };

/** Whether this thread may sleep: those that show pages must not. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

const forgotten = new FinalizationRegistry<Team>((team) => team.end());

/** Threads that run a program together: the one that calls, and workers that sleep between runs. */
export class Team {
  readonly threads: number;
  /** Why there is no team any more, once a worker is lost. */
  lost: string | undefined;
  readonly #memory: WebAssembly.Memory;
  readonly #binaries: readonly Binary[];
  readonly #provision: Provision;
  readonly #control = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
  readonly #barrier: Barrier;
  readonly #workers: Thread[] = [];
  readonly #sleep = maySleep() ? SLEEP_MS : 0;
  readonly #patience: number;
  #words = new Int32Array(this.#control.buffer);
  /** When this thread began its part. */
  #since = 0;
  #calls: readonly TeamCall[] | undefined;
  #shares: Share[] = [];

  private constructor(threads: number, memory: WebAssembly.Memory, binaries: readonly Binary[], provision: Provision, patience: number) {
    this.threads = threads;
    this.#memory = memory;
    this.#binaries = binaries;
    this.#provision = provision;
    this.#patience = patience;
    this.#barrier = barrierOf({ barrier: kernelModule('team') as WebAssembly.Module, control: this.#control });
  }

  /** Starts workers for a shared `memory`, with the kernels of these binaries. Throws a `worker` error where they do not start, and a signal's reason. */
  static async start(
    threads: number,
    memory: WebAssembly.Memory,
    binaries: readonly Binary[],
    { patience = PATIENCE_MS, signal, provision = OF_TRACES }: { patience?: number; signal?: AbortSignal; provision?: Provision } = {},
  ): Promise<Team> {
    const team = new Team(threads, memory, binaries, provision, patience);
    const starts = Array.from({ length: threads - 1 }, (_, i) => team.#startWorker(i + 1).catch((error) => team.end(messageOf(error))));
    await untilAborted(signal, Promise.all(starts), () => team.end());
    if (team.lost) throw team.#failure(team.lost);
    return team;
  }

  #startWorker(thread: number): Promise<void> {
    return new Promise((resolve) => {
      const died = (why: string): void => {
        this.end(this.lost ?? why);
        resolve();
      };
      const heard = (report: Report): void => ('failed' in report ? died(report.failed) : resolve());
      const host = platform.threads();
      if (typeof host === 'string') return died(host);
      const worker = host.start((message) => heard(message as Report), died);
      this.#workers.push(worker);
      const orders: Orders = {
        thread,
        threads: this.threads,
        memory: this.#memory,
        control: this.#control,
        barrier: kernelModule('team') as WebAssembly.Module,
        modules: this.#binaries.map((binary) => this.#provision.moduleOf(binary) as WebAssembly.Module),
        names: this.#provision.names,
      };
      worker.post(orders);
    });
  }

  /** Ends the workers when nothing refers to `owner` any more. */
  endWith(owner: object): void {
    forgotten.register(owner, this);
  }

  /** Whether the team can make all of these calls. */
  takes(calls: readonly TeamCall[]): boolean {
    return this.lost === undefined && calls.every(({ binary }) => this.#binaries.includes(binary));
  }

  /** Ends the workers, for no fault unless one is given. */
  end(why = DISPOSED): void {
    this.lost ??= why;
    Atomics.store(this.#words, STATE / 4, ENDED);
    this.#barrier.signal(PHASE);
    this.#barrier.signal(RUN);
    for (const worker of this.#workers) worker.end();
  }

  /** Lets the workers begin with these calls; their scratch lies from `top` on, behind all else. */
  begin(calls: readonly TeamCall[], top: number): void {
    this.#expectAlive();
    if (calls !== this.#calls) this.#write(calls, top);
    Atomics.store(this.#words, DONE / 4, 0);
    this.#since = performance.now();
    this.#barrier.signal(RUN);
  }

  /** Does what falls to this thread of a call. When it answers, the call is done. */
  step(index: number, what: () => string): void {
    const { parts, meets } = this.#shares[index];
    const { kernel } = (this.#calls as readonly TeamCall[])[index];
    this.#expectAlive();
    if (parts.length === 1) callKernel(kernel, parts[0], what);
    else for (let part = this.#barrier.claim(); part < parts.length; part = this.#barrier.claim()) callKernel(kernel, parts[part], what);
    if (!meets) return;
    const phase = this.#barrier.arrive(this.threads);
    this.#wait(PHASE, (word) => word !== phase);
  }

  /** Has all workers back asleep; those that are still at work leave where they are. */
  finish(complete: boolean): void {
    if (this.lost) return;
    if (!complete) {
      Atomics.store(this.#words, STATE / 4, STOPPED);
      this.#barrier.signal(PHASE);
    }
    this.#wait(DONE, (word) => word === this.threads - 1);
    Atomics.store(this.#words, ARRIVED / 4, 0);
    Atomics.store(this.#words, CLAIMED / 4, 0);
    Atomics.store(this.#words, STATE / 4, ON);
  }

  #wait(at: number, holds: (word: number) => boolean): void {
    let [since, idle, progress] = [performance.now(), 0, -1];
    const most = this.#patience + TIMES_LONGER * (since - this.#since);
    for (let word = Atomics.load(this.#words, at / 4); !holds(word); ) {
      word = this.#barrier.changed(at, word, SPINS, this.#sleep);
      this.#expectAlive();
      if (holds(word)) break;
      const now = performance.now();
      const made = this.#progress();
      idle = made === progress ? idle + Math.min(now - since, 2 * SLEEP_MS) : 0;
      if (idle > most) this.end('a worker that no longer answers');
      [since, progress] = [now, made];
    }
    this.#since = performance.now();
  }

  #progress(): number {
    let sum = 0;
    for (let thread = 1; thread < this.threads; thread++) sum += Atomics.load(this.#words, progressAt(thread) / 4);
    return sum;
  }

  #expectAlive(): void {
    if (Atomics.load(this.#words, STATE / 4) === ENDED) this.end('a worker that failed');
    if (this.lost) throw this.#failure(this.lost);
  }

  /** Writes what falls to each worker, and keeps what falls to this thread. */
  #write(calls: readonly TeamCall[], top: number): void {
    const room = align(calls.reduce((most, { scratch }) => Math.max(most, scratch), 0));
    growMemory(this.#memory, top + (this.threads - 1) * room, 'scratch of threads');
    const splits = calls.map((call) => partsOf(call, this.threads, worthParts(call, this.threads)));
    this.#shares = splits.map((parts, i) => ({ parts, meets: parts.length > 1 || splits[i + 1]?.length > 1 }));
    const first = CALLS / 8 + this.threads;
    const lists = Array.from({ length: this.threads - 1 }, (_, i) => this.#listOf(calls, top + i * room));
    growMemory(this.#control, 8 * lists.reduce((sum, list) => sum + list.length, first), 'calls of threads');
    const words = new Float64Array(this.#control.buffer);
    let at = first;
    for (const [i, list] of lists.entries()) {
      words[CALLS / 8 + i + 1] = at;
      words.set(list, at);
      at += list.length;
    }
    Atomics.add(this.#words, LIST / 4, 1);
    this.#calls = calls;
  }

  /** What a worker with this scratch does. */
  #listOf(calls: readonly TeamCall[], scratch: number): number[] {
    const { names } = this.#provision;
    const list = calls.flatMap(({ op, binary, row }, i) => {
      const { parts, meets } = this.#shares[i];
      const kernel = this.#binaries.indexOf(binary) * names.length + names.indexOf(op);
      const own = Object.values(row.args).indexOf('scratch');
      const args = parts.flatMap((part) => (own < 0 ? part : part.with(own, scratch)));
      return [...(parts.length > 1 ? [kernel, parts.length, parts[0].length, ...args] : []), ...(meets ? [BARRIER] : [])];
    });
    return [...list, END];
  }

  #failure(why: string): TraceletError {
    return new TraceletError(why === DISPOSED ? 'disposed' : 'worker', {
      what: `threads of ${this.#provision.what}`,
      expected: 'all of them to do their part',
      got: why,
      cure: `Call again, which runs on one thread; load ${this.#provision.what} again to have several`,
    });
  }
}

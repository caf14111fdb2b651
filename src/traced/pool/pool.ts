import { platform } from '#platform';
import { TraceletError } from '../../base/error.ts';
import { untilAborted } from '../../base/signal.ts';
import { explainKernels } from '../../inspect/explain.ts';
import { kernelModule } from '../../kernels/binaries.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import type { Binary, Threads, Variant } from '../../platform/platform.ts';
import type { Instance } from '../../runtime/instance.ts';
import { lend } from '../../runtime/loan.ts';
import { checkCount, countOn, obstacleTo, type ThreadCount } from '../../runtime/threads/choose.ts';
import type { Contents } from '../contents.ts';
import { TracedModule } from '../traced.ts';
import { moduleKey, type Setup, sent } from './messages.ts';
import { Line } from './queue.ts';
import { PoolWorker } from './thread.ts';

/** How many workers there will be, whether they run in one memory, and why. */
export interface Workers {
  host: Threads | undefined;
  count: number;
  shared: boolean;
  why: string;
}

/** What comes of the options here, for kernels of this variant. Throws `value` errors. */
export async function chooseWorkers(
  { workers = 1, threads = 1 }: { workers?: ThreadCount; threads?: ThreadCount },
  kernels: Variant,
): Promise<Workers> {
  checkCount('workers', workers);
  if (threads !== 1)
    throw new TraceletError('value', {
      what: 'options of jit.load',
      expected: 'workers or threads',
      got: 'both',
      cure: 'Ask for threads to have single calls fast, and for workers to have several calls at once: a call in a worker runs on one thread',
    });
  const host = await platform.workers();
  if (typeof host === 'string') return { host: undefined, count: 0, shared: false, why: host };
  const { threads: count, why } = countOn(host, workers);
  const obstacle = obstacleTo(kernels);
  return { host, count, shared: obstacle === undefined, why: obstacle ?? why };
}

/**
 * Starts the workers of a trace that has been loaded. Where that fails calls run in place, and `explain()` says why. A `signal` ends the waiting
 * for workers, and them.
 */
export async function startPool<Result>(
  instance: Instance,
  contents: Contents,
  choice: Workers,
  signal?: AbortSignal,
): Promise<TracePool<Result>> {
  const pool = new TracePool<Result>(instance, contents, choice);
  await untilAborted(signal, pool.start(), () => pool.dispose());
  return pool;
}

const forgotten = new FinalizationRegistry<readonly PoolWorker[]>((workers) => {
  for (const worker of workers) worker.end(disposed());
});

/**
 * A trace whose calls run in workers, each a call at a time and without blocking this thread; others wait in the order in which they were
 * made. `run`, `embed` and `embedEach` call it. What asks about the trace (`graph`, `plan`, `encode`) answers here, and `profile`
 * and `verify` compute here as well. `jit.load` makes it when asked for workers.
 */
export class TracePool<Result = ModelOutput> extends TracedModule<Result> {
  readonly #choice: Workers;
  #workers: PoolWorker[];
  readonly #line: Line<PoolWorker>;
  #why: string;

  constructor(instance: Instance, contents: Contents, choice: Workers) {
    super(instance, contents);
    this.#choice = choice;
    this.#why = choice.why;
    const setup = this.#setupOf(instance);
    const given = choice.shared ? instance.arena.give() : undefined;
    this.#workers = Array.from(
      { length: choice.count },
      (_, i) => new PoolWorker(choice.host as Threads, setup, i === 0 ? given : undefined),
    );
    this.#line = new Line(this.#workers);
    forgotten.register(this, this.#workers);
  }

  #setupOf(instance: Instance): () => Setup {
    const { kernels } = this;
    const target = { kernels, integers: instance.resolve(this).integers };
    const binaries = [...new Set<Binary>(['baseline', kernels])];
    const modules = new Map<string, WebAssembly.Module>();
    for (const shared of [false, this.#choice.shared])
      for (const binary of binaries) modules.set(moduleKey(binary, shared), kernelModule(binary, shared) as WebAssembly.Module);
    return () => ({ ...lend(instance), target, modules });
  }

  /** Has all workers ready. */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#workers.map((worker) => worker.start()));
    } catch (error) {
      this.#end();
      this.#workers = [];
      this.#why = (error as Error).message;
    }
  }

  /** How many workers answer calls; 0 where calls run in place. */
  get workers(): number {
    return this.#workers.length;
  }

  /** How many calls run at once. */
  get concurrency(): number {
    return Math.max(1, this.workers);
  }

  /** What calls run on and why, a line each: kernels, the form of integer products if there are any, workers. */
  override explain(): string {
    const { length } = this.#workers;
    const weights = this.#choice.shared ? 'one copy of the weights in all' : 'a copy of the weights in each';
    const workers = length ? `${length} worker${length === 1 ? '' : 's'}, ${weights}` : 'no workers, so that calls run in place';
    return [...explainKernels(this.instance, this), `${workers}: ${this.#why}`].join('\n');
  }

  /** Throws a `value` error: calls that answer at once would block this thread. */
  override forward(): never {
    throw new TraceletError('value', {
      what: 'a trace in workers',
      expected: 'run(…)',
      got: 'a call that has to answer at once',
      cure: 'Await run(…), embed(…) or embedEach(…), or load the trace without workers',
    });
  }

  /** Runs the trace in the worker that is free first. A `signal` ends the waiting at once, and the work between two instructions. */
  override async run(...args: unknown[]): Promise<Result> {
    if (!this.workers) return super.run(...(args as [unknown]));
    const { inputs, signal, outputs } = this.prepareRun(args);
    if (outputs) this.instance.wanted(outputs);
    const named = Object.entries(inputs).map(([name, tensor]) => ({ name, tensor }));
    const worker = await this.#line.take(signal);
    const ask = { inputs: sent(named), outputs, stoppable: signal !== undefined };
    const work = worker.answer(ask).finally(() => this.#line.give(worker));
    return this.result(await untilAborted(signal, work, () => worker.stop(ask)));
  }

  /** Ends all workers; calls under way and those that wait fail. The trace cannot be used afterwards. */
  override dispose(): void {
    this.#end();
    super.dispose();
  }

  #end(): void {
    for (const worker of this.#workers) worker.end(disposed());
    this.#line.close(disposed());
  }
}

const disposed = (): TraceletError =>
  new TraceletError('disposed', { what: 'trace', expected: 'an answer', got: 'dispose() before it', cure: 'Load it again' });

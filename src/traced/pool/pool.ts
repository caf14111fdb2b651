import { TraceletError } from '../../base/error.ts';
import { untilAborted } from '../../base/signal.ts';
import { FORWARD } from '../../formats/trace.ts';
import { explainKernels } from '../../inspect/explain.ts';
import { binaryWith, kernelModule } from '../../kernels/binaries.ts';
import type { ModelOutput, Named } from '../../nn/outputs.ts';
import type { Binary, Threads } from '../../platform/platform.ts';
import { lend } from '../../runtime/loan.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { CallOptions, LocalRunner, Runner, Signatures } from '../runner.ts';
import type { TracedModule } from '../traced.ts';
import type { WorkerChoice } from './choose.ts';
import { moduleKey, type Setup, sent } from './messages.ts';
import { Queue } from './queue.ts';
import { PoolWorker } from './thread.ts';

/**
 * A trace whose calls run in workers, each a call at a time and without blocking this thread; others wait in the order in which they were
 * made. `run`, `embed` and `embedEach` call it. What asks about the trace (`graph`, `plan`, `encode`) answers here, and `profile`
 * and `verify` compute here as well. `jit.load` makes it when asked for workers.
 */
export interface TracePool<Result = ModelOutput> extends TracedModule<Result> {
  /** Throws a `value` error: calls that answer at once would block this thread. */
  forward(...args: unknown[]): never;
}

/** What runs methods beside `forward` in this thread. */
type Methods = ReadonlyMap<string, LocalRunner>;

/**
 * Starts the workers that were chosen for a program that `local` runs. Where that fails calls run in place, and `explain()` says why. A `signal`
 * ends the waiting for workers, and them.
 */
export async function startPool(
  local: LocalRunner,
  choice: WorkerChoice,
  { signal, methods = new Map() }: { signal?: AbortSignal; methods?: Methods } = {},
): Promise<WorkerPool> {
  const pool = new WorkerPool(local, choice, methods);
  await untilAborted(signal, pool.start(), () => pool.dispose());
  return pool;
}

const forgotten = new FinalizationRegistry<readonly PoolWorker[]>((workers) => {
  for (const worker of workers) worker.end(disposed());
});

/** Runs a program in workers, each a call at a time; calls for which none is free wait in the order in which they were made. */
export class WorkerPool implements Runner {
  readonly local: LocalRunner;
  readonly #choice: WorkerChoice;
  #workers: PoolWorker[];
  readonly #free: Queue<PoolWorker>;
  #why: string;

  constructor(local: LocalRunner, choice: WorkerChoice, methods: Methods = new Map()) {
    this.local = local;
    this.#choice = choice;
    this.#why = choice.why;
    const setup = setupOf(local, choice, methods);
    const given = choice.shared ? local.instance.arena.give() : undefined;
    this.#workers = Array.from(
      { length: choice.count },
      (_, i) => new PoolWorker(choice.host as Threads, setup, i === 0 ? given : undefined),
    );
    this.#free = new Queue(this.#workers);
    forgotten.register(this, this.#workers);
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

  get signatures(): Signatures {
    return this.local.signatures;
  }

  get workers(): number {
    return this.#workers.length;
  }

  get concurrency(): number {
    return Math.max(1, this.workers);
  }

  explain(): string[] {
    const { instance, target } = this.local;
    const { length } = this.#workers;
    const weights = this.#choice.shared ? 'one copy of the weights in all' : 'a copy of the weights in each';
    const workers = length ? `${length} worker${length === 1 ? '' : 's'}, ${weights}` : 'no workers, so that calls run in place';
    return [...explainKernels(instance, target), `${workers}: ${this.#why}`];
  }

  /** Runs a call in the worker that is free first. A `signal` ends the waiting at once, and the work between two instructions. */
  run(inputs: Record<string, Tensor>, options?: CallOptions): Promise<Named[]> {
    return this.#run(FORWARD, this.local, inputs, options);
  }

  /** What runs another method in the workers of this pool. */
  method(name: string, local: LocalRunner): Runner {
    const pool = this;
    return {
      local,
      signatures: local.signatures,
      get concurrency() {
        return pool.concurrency;
      },
      get workers() {
        return pool.workers;
      },
      run: (inputs, options) => pool.#run(name, local, inputs, options),
      explain: () => pool.explain(),
      dispose: () => local.dispose(),
    };
  }

  async #run(method: string, local: LocalRunner, inputs: Record<string, Tensor>, options: CallOptions = {}): Promise<Named[]> {
    const { outputs, signal } = options;
    if (!this.workers) return local.run(inputs, options);
    if (outputs) local.instance.wanted(outputs);
    const named = Object.entries(inputs).map(([name, tensor]) => ({ name, tensor }));
    const worker = await this.#free.take(signal);
    const call = { method, inputs: sent(named), outputs, stoppable: signal !== undefined };
    const work = worker.answer(call, options).finally(() => this.#free.give(worker));
    return untilAborted(signal, work, () => worker.stop(call));
  }

  dispose(): void {
    this.#end();
    this.local.dispose();
  }

  #end(): void {
    for (const worker of this.#workers) worker.end(disposed());
    this.#free.close(disposed());
  }
}

/** What each worker is told first. It refers to no pool, so that one that is forgotten ends. */
function setupOf(local: LocalRunner, { shared }: WorkerChoice, methods: Methods): () => Setup {
  const { kernels } = local.target;
  const target = { kernels, integers: local.instance.resolve(local.target).integers };
  const programs = new Map([...methods].map(([name, { instance }]) => [name, instance.program]));
  const names = ['panels', ...[local.instance.program, ...programs.values()].flatMap(({ ops }) => ops)];
  const binaries = new Set<Binary>((['baseline', kernels] as const).flatMap((variant) => names.map((name) => binaryWith(variant, name))));
  const modules = new Map<string, WebAssembly.Module>();
  for (const memory of [false, shared])
    for (const binary of binaries) modules.set(moduleKey(binary, memory), kernelModule(binary, memory) as WebAssembly.Module);
  return () => ({ ...lend(local.instance, programs), target, modules });
}

const disposed = (): TraceletError =>
  new TraceletError('disposed', { what: 'trace', expected: 'an answer', got: 'dispose() before it', cure: 'Load it again' });

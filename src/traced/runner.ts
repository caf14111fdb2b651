import { TraceletError } from '../base/error.ts';
import { explainKernels, explainThreads } from '../inspect/explain.ts';
import { bestVariant } from '../kernels/binaries.ts';
import { formFor } from '../kernels/integers.ts';
import type { Named } from '../nn/outputs.ts';
import { type Signature, signaturesOf } from '../program/signature.ts';
import type { Instance, Target } from '../runtime/instance.ts';
import { runSliced } from '../runtime/run.ts';
import type { Bounds } from '../tensor/dim.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What calls of a program take and answer, in order. */
export interface Signatures {
  readonly inputs: Signature[];
  readonly outputs: Signature[];
  /** Sizes that calls may choose, with their bounds. */
  dynamic: Bounds;
}

/** Which outputs are wanted, all unless given, and what stops the call. */
export interface CallOptions {
  outputs?: readonly string[];
  signal?: AbortSignal;
  /** How many workers may end while they run the call before it fails; some unless given. */
  deaths?: number;
}

/** What answers the calls of a trace, in this thread or in others. */
export interface Runner {
  /** What runs in this thread: calls, where this is the runner, and whatever else computes. */
  readonly local: LocalRunner;
  readonly signatures: Signatures;
  /** How many calls run at once. */
  readonly concurrency: number;
  /** In how many workers. */
  readonly workers: number;
  /** The outputs at once. There is none where calls run in workers, for which this thread must not wait. */
  runNow?(inputs: Record<string, Tensor>): Named[];
  /** The outputs, those of these names or all, once calls made before are answered. A `signal` stops the call between two instructions. */
  run(inputs: Record<string, Tensor>, options?: CallOptions): Promise<Named[]>;
  /** What calls run on and why, a line each. */
  explain(): string[];
  /** Ends threads and workers; calls under way fail. */
  dispose(): void;
}

/** Who has a memory for themselves: runs of all methods of a trace, one after the other. */
export class Turns {
  #running: Promise<unknown> | undefined;

  get taken(): boolean {
    return this.#running !== undefined;
  }

  /** Does `work` after all that was asked for before, however that ended. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#running;
    const run = (async () => {
      await before?.catch(() => {});
      return work();
    })();
    this.#running = run;
    try {
      return await run;
    } finally {
      if (this.#running === run) this.#running = undefined;
    }
  }
}

/** Runs a program in this thread, a call at a time. */
export class LocalRunner implements Runner {
  readonly target: Target;
  readonly concurrency = 1;
  readonly workers = 0;
  readonly turns: Turns;
  #instance: Instance | undefined;

  /**
   * Runs on the fastest kernels that the engine has unless given, in turns with all that use the memory too. Throws a `value` error for a form of
   * integers that these kernels do not have.
   */
  constructor(instance: Instance, { kernels = bestVariant(), integers, turns = new Turns() }: Partial<Target> & { turns?: Turns } = {}) {
    this.#instance = instance;
    this.turns = turns;
    this.target = { kernels, integers: integers === undefined ? undefined : formFor(kernels, integers) };
  }

  get local(): LocalRunner {
    return this;
  }

  /** Throws a `disposed` error after dispose(). */
  get instance(): Instance {
    if (this.#instance) return this.#instance;
    throw new TraceletError('disposed', { what: 'trace', expected: 'a trace in use', got: 'one after dispose()', cure: 'Load it again' });
  }

  get disposed(): boolean {
    return !this.#instance;
  }

  get signatures(): Signatures {
    const { program } = this.instance;
    return {
      get inputs() {
        return signaturesOf(program, 'inputs');
      },
      get outputs() {
        return signaturesOf(program, 'outputs');
      },
      dynamic: program.symbols,
    };
  }

  /** Throws a `busy` error while a `run` is under way. */
  runNow(inputs: Record<string, Tensor>, target: Target = this.target): Named[] {
    this.expectIdle();
    return this.instance.run(inputs, target);
  }

  async run(inputs: Record<string, Tensor>, { outputs, signal }: CallOptions = {}): Promise<Named[]> {
    const wanted = outputs && this.instance.wanted(outputs);
    return this.queued(() => runSliced(this.instance, this.target, inputs, { wanted, signal }));
  }

  /** Does `work`, which has the instance for itself, after runs that were asked for before. */
  queued<T>(work: () => Promise<T>): Promise<T> {
    return this.turns.take(work);
  }

  /** Throws a `busy` error while a `run` is under way. */
  expectIdle(): void {
    if (this.turns.taken)
      throw new TraceletError('busy', {
        what: 'trace',
        expected: 'no run under way',
        got: 'a call during a run',
        cure: 'Await run(...), which queues calls',
      });
  }

  explain(): string[] {
    return [...explainKernels(this.instance, this.target), explainThreads(this.instance)];
  }

  /** Gives the wasm memory back as well. */
  dispose(): void {
    this.#instance?.dispose();
    this.#instance = undefined;
  }
}

/** What runs programs that share a memory, in turns. */
export function localRunners(instances: readonly Instance[], target: Partial<Target>): LocalRunner[] {
  const turns = new Turns();
  return instances.map((instance) => new LocalRunner(instance, { ...target, turns }));
}

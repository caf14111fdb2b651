import { TraceletError } from '../base/error.ts';
import { whenAborted } from '../base/signal.ts';
import { nextTask } from '../base/slices.ts';
import { MASK } from '../nn/inputs.ts';
import type { ModelOutput } from '../nn/outputs.ts';
import { fitInputs } from '../program/signature.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type Capacity, shareOf } from '../text/batches.ts';
import type { Row } from '../text/encode.ts';
import { batchInputs, capacityOf } from '../text/inputs.ts';
import type { Placed, RowRunner, RowSettings } from '../text/rows.ts';
import type { TracedModule } from '../traced/traced.ts';
import type { Asking, QueueLimits, QueueWatch } from './asking.ts';
import { type Ticketed, Turns, type Waiting } from './turns.ts';

/** Rows of one call. */
interface Job extends Ticketed {
  readonly asking: Asking;
  readonly settings: RowSettings;
  readonly placed: Placed;
  readonly since: number;
  /** How many rows have no answer. */
  missing: number;
  isOver: boolean;
  resolve(): void;
  reject(reason: unknown): void;
  deaf?(): void;
}

/**
 * Runs rows of all calls of a trace together, as many as fit in a batch, clients in turns. What a call whose signal comes has waiting is never run.
 * A batch that fails, or whose worker dies, is run again, calls apart, so that none fails for another.
 */
export class TokenQueue {
  readonly #traced: TracedModule;
  readonly #capacity: Capacity;
  readonly #watch: QueueWatch;
  readonly #turns: Turns<Job>;
  readonly #jobs = new Set<Job>();
  /** Milliseconds of a token, as those that ran last took. */
  #pace = 0;
  #running = 0;
  #isWaking = false;
  #closed: unknown;

  constructor(traced: TracedModule, { max_batch_tokens, max_batch_requests = Infinity }: QueueLimits, watch: QueueWatch) {
    const { batch, ...capacity } = capacityOf(traced, max_batch_tokens);
    this.#traced = traced;
    this.#capacity = { ...capacity, batch: [batch[0], Math.max(batch[0], Math.min(batch[1], max_batch_requests))] };
    this.#watch = watch;
    const pads = traced.inputs.some(({ name }) => name === MASK);
    this.#turns = new Turns(
      ({ job, row, isApart }) => `${isApart ? job.ticket : ''} ${job.settings.outputs} ${pads ? '' : row.ids.length}`,
    );
  }

  /** About how many milliseconds what waits will take. */
  get wait(): number {
    return (this.#turns.tokens * this.#pace) / this.#traced.concurrency;
  }

  /** What runs the rows of a call. */
  runnerFor(asking: Asking): Pick<RowRunner, 'run' | 'runRows'> {
    return {
      run: (inputs, options) => this.#traced.run(inputs, options),
      runRows: (rows, settings, placed) => this.#enter(asking, rows, settings, placed),
    };
  }

  /** Runs rows beside those of others. Rejects when the signal of `settings` comes, and with what running them throws. */
  #enter(asking: Asking, rows: readonly Row[], settings: RowSettings, placed: Placed): Promise<void> {
    if (rows.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      const call = { ticket: asking.ticket, asking, settings, placed, since: performance.now() };
      const job: Job = { ...call, missing: rows.length, isOver: false, resolve, reject };
      this.#jobs.add(job);
      this.#turns.add(
        asking.client,
        rows.map((row, number) => ({ job, row, number })),
      );
      job.deaf = whenAborted(settings.signal, () => this.#end(job, () => reject(settings.signal?.reason)));
      this.#wake();
    });
  }

  /** Sends all away who wait. */
  close(reason: unknown): void {
    this.#closed = reason;
    for (const job of this.#jobs) this.#end(job, () => job.reject(reason));
  }

  #end(job: Job, settle: () => void): void {
    if (job.isOver) return;
    job.isOver = true;
    this.#jobs.delete(job);
    this.#turns.drop(job.asking.client, job);
    this.#watch.waiting(this.#turns.size);
    job.deaf?.();
    settle();
  }

  /** Begins once those who come together have come. */
  #wake(): void {
    this.#watch.waiting(this.#turns.size);
    if (this.#isWaking) return;
    this.#isWaking = true;
    void nextTask().then(() => {
      this.#isWaking = false;
      this.#begin();
    });
  }

  #begin(): void {
    const { concurrency } = this.#traced;
    while (this.#running < concurrency && this.#turns.size > 0) {
      const { batch, batchTokens } = shareOf(this.#capacity, [this.#turns.tokens], concurrency);
      const rows = this.#turns.take({ rows: batch[1], tokens: batchTokens });
      this.#watch.waiting(this.#turns.size);
      this.#watch.batch(rows.length, tokensOf(rows));
      this.#running++;
      void this.#run(rows);
    }
  }

  /** Has the next batch run before answers are handed out. */
  #go(): void {
    this.#running--;
    this.#begin();
  }

  async #run(batch: readonly Waiting<Job>[]): Promise<void> {
    const jobs = new Set(batch.map(({ job }) => job));
    const all = new AbortController();
    const listening = [...jobs].map(({ settings: { signal } }) =>
      whenAborted(signal, () => [...jobs].every((job) => job.isOver || job.settings.signal?.aborted) && all.abort()),
    );
    const begun = performance.now();
    const outcome = await this.#answer(batch, all.signal).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    );
    const took = performance.now() - begun;
    for (const deaf of listening) deaf();
    if ('error' in outcome) this.#recover(batch, jobs, outcome.error);
    else this.#pace = took / tokensOf(batch);
    this.#go();
    if ('answer' in outcome) for (const job of jobs) this.#place(job, batch, outcome.answer, { begun, took });
  }

  /** Of what several calls share, the first death of a worker is told, so that the others need not wait for more; what runs apart has as many tries as calls have. */
  async #answer(batch: readonly Waiting<Job>[], signal: AbortSignal): Promise<ReadonlyMap<string, Tensor>> {
    const [{ job, isApart }] = batch;
    const { outputs, tokenizer, what } = job.settings;
    const { runner } = this.#traced;
    const { inputs, dynamic } = runner.signatures;
    const rows = batch.map(({ row }) => row);
    const given = fitInputs([batchInputs(rows, this.#capacity, inputs, tokenizer, what)], inputs, dynamic);
    const answer = await runner.run(given, { outputs, signal, ...(!isApart && { deaths: 1 }) });
    return new Map(answer.map(({ name, tensor }) => [name, tensor]));
  }

  /** Hands a job its part of an answer. */
  #place(
    job: Job,
    batch: readonly Waiting<Job>[],
    answer: ReadonlyMap<string, Tensor>,
    { begun, took }: { begun: number; took: number },
  ): void {
    if (job.isOver) return;
    const at = [...batch.keys()].filter((i) => batch[i].job === job);
    job.asking.ran(at.length, begun - job.since, took);
    try {
      job.placed(
        partOf(answer, at, job.settings.outputs),
        at.map((i) => batch[i].number),
      );
    } catch (error) {
      this.#end(job, () => job.reject(error));
    }
    job.missing -= at.length;
    if (job.missing === 0) this.#end(job, job.resolve);
  }

  /** Runs again what did not fail by itself: a worker that died may have been ended by any of the rows that it had, or by none. */
  #recover(batch: readonly Waiting<Job>[], jobs: ReadonlySet<Job>, error: unknown): void {
    const hasDied = error instanceof TraceletError && error.code === 'worker';
    const isOwn = batch[0].isApart || (jobs.size === 1 && !hasDied);
    for (const job of jobs) {
      if (job.isOver) continue;
      const rows = batch.filter((each) => each.job === job);
      if (isOwn) this.#end(job, () => job.reject(error));
      else
        this.#turns.add(
          job.asking.client,
          rows.map((row) => ({ ...row, isApart: true })),
        );
    }
    this.#watch.waiting(this.#turns.size);
  }
}

const tokensOf = (rows: readonly Waiting<Job>[]): number => rows.reduce((sum, { row }) => sum + row.ids.length, 0);

/** The rows `at` of each output. */
function partOf(answer: ReadonlyMap<string, Tensor>, at: readonly number[], outputs: readonly string[]): ModelOutput {
  const parts = outputs.map((name) => {
    const { data, shape } = answer.get(name) as Tensor<'float32'>;
    const stride = data.length / shape[0];
    const part = new Float32Array(at.length * stride);
    for (const [i, row] of at.entries()) part.set(data.subarray(row * stride, (row + 1) * stride), i * stride);
    return [name, new Tensor('float32', [at.length, ...shape.slice(1)], part)] as const;
  });
  return Object.fromEntries(parts) as unknown as ModelOutput;
}

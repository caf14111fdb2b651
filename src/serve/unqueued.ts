import type { RowRunner } from '../text/rows.ts';
import type { TracedModule } from '../traced/traced.ts';
import type { Asking, QueueLimits, QueueWatch } from './asking.ts';

/**
 * What takes the place of a queue in edge workers, where a request may not wait for what another one does, which may be gone: each is run by itself
 * and without a pause.
 */
export class TokenQueue {
  readonly #traced: TracedModule;
  readonly #watch: QueueWatch;
  readonly wait = 0;

  constructor(traced: TracedModule, _limits: QueueLimits, watch: QueueWatch) {
    this.#traced = traced;
    this.#watch = watch;
  }

  /** What runs the rows of a call. */
  runnerFor(asking: Asking): Pick<RowRunner, 'run'> {
    return {
      run: async (inputs, { outputs }) => {
        const begun = performance.now();
        const [rows, tokens] = Object.values(inputs)[0].shape;
        this.#watch.batch(rows, rows * tokens);
        const answer = await this.#traced.run(inputs, { outputs });
        asking.ran(rows, 0, performance.now() - begun);
        return answer;
      },
    };
  }

  close(_reason: unknown): void {}
}

/** How long work goes on before it lets other work through. */
export const SLICE_MS = 8;

/** Lets other work through. */
export const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Tells long work when to let other work through: `if (slice.over) await slice.next()`. */
export class Slice {
  #since: number = performance.now();
  #signal: AbortSignal | undefined;
  #ms: number;

  /** @param signal stops the work once other work was let through */
  constructor(signal?: AbortSignal, ms: number = SLICE_MS) {
    this.#signal = signal;
    this.#ms = ms;
  }

  get over(): boolean {
    return performance.now() - this.#since >= this.#ms;
  }

  /** Lets other work through with `pause`. Throws the reason of the signal. */
  async next(pause: () => Promise<void> = nextTask): Promise<void> {
    await pause();
    this.#signal?.throwIfAborted();
    this.#since = performance.now();
  }
}

/** Does `work` step by step, letting other work through between two of them now and then. Stops when the signal is aborted. */
export async function sliced<T>(work: Generator<void, T>, signal: AbortSignal | undefined): Promise<T> {
  const slice = new Slice(signal);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (slice.over) await slice.next();
  }
}

/** Does `work` at once. */
export function whole<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

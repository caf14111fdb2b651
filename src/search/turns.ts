import { untilAborted } from '../base/signal.ts';

/** Lets one piece of work begin when that before has ended, however it did. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** What `work` comes to, once it is its turn; a `signal` that comes before ends the waiting, and the work never begins. */
  async take<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const before = this.#last;
    let end: () => void = () => {};
    this.#last = new Promise<void>((resolve) => {
      end = () => void before.then(() => resolve());
    });
    try {
      await untilAborted(signal, before);
      return await work();
    } finally {
      end();
    }
  }
}

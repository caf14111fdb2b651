import { whenAborted } from '../../base/signal.ts';

interface Waiting<T> {
  resolve(thing: T): void;
  reject(reason: unknown): void;
  /** Ends the listening to a signal. */
  deaf?(): void;
}

/** Things that are handed out to those who ask for them, in the order in which they asked. */
export class Queue<T> {
  readonly #free: T[];
  readonly #waiting = new Set<Waiting<T>>();

  constructor(things: readonly T[]) {
    this.#free = [...things];
  }

  /** One that is free, as soon as there is. Rejects when `signal` says so. */
  take(signal?: AbortSignal): Promise<T> {
    const free = this.#free.pop();
    if (free !== undefined) return Promise.resolve(free);
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting<T> = { resolve, reject };
      this.#waiting.add(waiting);
      waiting.deaf = whenAborted(signal, () => {
        this.#waiting.delete(waiting);
        reject(signal?.reason);
      });
    });
  }

  give(thing: T): void {
    const [next] = this.#waiting;
    if (!next) this.#free.push(thing);
    this.#waiting.delete(next);
    next?.deaf?.();
    next?.resolve(thing);
  }

  /** Sends away all who wait. */
  close(reason: unknown): void {
    for (const { deaf, reject } of this.#waiting) {
      deaf?.();
      reject(reason);
    }
    this.#waiting.clear();
  }
}

interface Waiting<T> {
  resolve(thing: T): void;
  reject(reason: unknown): void;
}

/** Things that are handed out to those who ask for them, in the order in which they asked. */
export class Line<T> {
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
      const leave = (): void => {
        this.#waiting.delete(waiting);
        reject(signal?.reason);
      };
      const served = (thing: T): void => {
        signal?.removeEventListener('abort', leave);
        resolve(thing);
      };
      const waiting = { resolve: served, reject };
      this.#waiting.add(waiting);
      signal?.addEventListener('abort', leave);
    });
  }

  give(thing: T): void {
    const [next] = this.#waiting;
    if (!next) this.#free.push(thing);
    this.#waiting.delete(next);
    next?.resolve(thing);
  }

  /** Sends away all who wait. */
  close(reason: unknown): void {
    for (const { reject } of this.#waiting) reject(reason);
    this.#waiting.clear();
  }
}

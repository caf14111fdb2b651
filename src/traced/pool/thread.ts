import { TraceletError } from '../../base/error.ts';
import { isBytes } from '../../base/realm.ts';
import type { Region } from '../../kernels/arena.ts';
import type { Named } from '../../nn/outputs.ts';
import type { Thread, Threads } from '../../platform/platform.ts';
import type { CallOptions } from '../runner.ts';
import { type CallRequest, errorOf, type Reply, received, type SentTensor, type Setup, type WorkerRequest } from './messages.ts';

interface Waiting {
  resolve(reply: Reply): void;
  reject(reason: TraceletError): void;
}

/** How often a thread is started that ends before it is ready, and how many threads may end during a call before it fails: it may be what ends them. */
const [MOST_STARTS, MOST_DEATHS] = [4, 4];

/** One of the workers of a pool. When its thread has died, another one is started for the next call, or for that which it had, in the region of the first. */
export class PoolWorker {
  readonly #host: Threads;
  readonly #setup: () => Setup;
  #region: Region | undefined;
  #thread: Thread | undefined;
  /** Who waits for the next reply. */
  #waiting: Waiting | undefined;
  /** The call under way. */
  #call: CallRequest | undefined;
  #ended: TraceletError | undefined;

  constructor(host: Threads, setup: () => Setup, region: Region | undefined) {
    this.#host = host;
    this.#setup = setup;
    this.#region = region;
  }

  /** Has a thread that is ready to answer. Throws a `worker` error where none starts, and what goes wrong in it. */
  async start(): Promise<void> {
    for (let starts = 1; !this.#thread; starts++) {
      if (this.#ended) throw this.#ended;
      try {
        const setup = { ...this.#setup(), region: this.#region };
        const copy = isBytes(setup.constants) ? [setup.constants.buffer as ArrayBuffer] : [];
        this.#thread = this.#begin();
        await this.#request({ setup }, copy);
      } catch (error) {
        const hasDied = !this.#thread && error instanceof TraceletError;
        const reason = error instanceof TraceletError ? error : died(String(error));
        this.#lose(reason);
        if (!hasDied || starts === MOST_STARTS) throw reason;
      }
    }
  }

  /**
   * Answers one call; it is free again when this settles. A call during which the thread ends is run again in another one, until `deaths` have ended.
   * Throws what the call throws there, `worker` errors, and the reason of the signal between two tries.
   */
  async answer(call: CallRequest, { signal, deaths = MOST_DEATHS }: Pick<CallOptions, 'signal' | 'deaths'> = {}): Promise<Named[]> {
    this.#call = call;
    try {
      for (let last = deaths - 1; ; last--) {
        await this.start();
        signal?.throwIfAborted();
        try {
          return received(await this.#request({ call }));
        } catch (error) {
          if (this.#thread || last <= 0) throw error;
        }
      }
    } finally {
      this.#call = undefined;
    }
  }

  /** Tells the worker that nobody waits for what it answers to `call`. */
  stop(call: CallRequest): void {
    if (this.#call === call) this.#thread?.post({ stop: true } satisfies WorkerRequest);
  }

  /** Ends the thread; a call under way fails with `reason`. */
  end(reason: TraceletError): void {
    this.#ended = reason;
    this.#lose(reason);
  }

  #begin(): Thread {
    const heard = (message: unknown): void => {
      if (this.#thread === thread) this.#waiting?.resolve(message as Reply);
    };
    const ended = (why: string): void => {
      if (this.#thread === thread) this.#lose(died(why));
    };
    const thread = this.#host.start(heard, ended);
    return thread;
  }

  #lose(reason: TraceletError): void {
    this.#thread?.end();
    this.#thread = undefined;
    this.#waiting?.reject(reason);
  }

  /** Posts a request, and answers with the outputs in the reply to it. */
  async #request(request: WorkerRequest, transfer: ArrayBuffer[] = []): Promise<SentTensor[]> {
    const thread = this.#thread;
    if (!thread) throw this.#ended ?? died('its end');
    const replied = new Promise<Reply>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    try {
      thread.hold?.(true);
      thread.post(request, transfer);
      const reply = await replied;
      this.#region = reply.region;
      if ('failed' in reply) throw errorOf(reply.failed);
      return reply.outputs;
    } finally {
      this.#waiting = undefined;
      thread.hold?.(false);
    }
  }
}

const died = (got: string): TraceletError =>
  new TraceletError('worker', {
    what: 'a worker of the trace',
    expected: 'an answer',
    got,
    cure: 'Call again, which starts another one',
  });

import { getEventListeners } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, vi } from 'vitest';
import { platform } from '#platform';
import { nodeThreads } from '../../src/platform/nodethreads.ts';
import type { Threads } from '../../src/platform/platform.ts';

/** How much of each kind is open. */
export interface Opened {
  /** Descriptors of what lies in the folder. */
  files: number;
  /** Listeners of the signal. */
  listeners: number;
  /** Streams that somebody reads. */
  locks: number;
  /** Streams and iterators that came to no end: neither read through nor told to. */
  streams: number;
  /** Answers of the server that are under way. */
  answers: number;
  workers: number;
}

const NOTHING: Opened = { files: 0, listeners: 0, locks: 0, streams: 0, answers: 0, workers: 0 };

/** Counts what is opened and closed under `folder`, by `signal`, from `server`, of the streams and the workers made here. */
export class Counter {
  readonly controller = new AbortController();
  readonly #folder: string;
  readonly #streams: { stream?: ReadableStream; open: boolean }[] = [];
  readonly #answers = new Set<Socket>();
  #workers = 0;
  /** How many there ever were, so that a count of none means something. */
  readonly seen = { workers: 0, answers: 0 };

  constructor(folder: string) {
    this.#folder = folder;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** A stream of `bytes` in small pieces. */
  stream(bytes: Uint8Array, size = 1000): ReadableStream<Uint8Array> {
    let at = 0;
    const ended = () => {
      entry.open = false;
    };
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (at < bytes.length) controller.enqueue(bytes.slice(at, at + size));
          else {
            ended();
            controller.close();
          }
          at += size;
        },
        cancel: ended,
      },
      { highWaterMark: 0 },
    );
    const entry = { stream, open: true };
    this.#streams.push(entry);
    return stream;
  }

  /** What yields `things`, and then waits for ever if it `stalls`. */
  iterable<T>(things: readonly T[], stalls = false): AsyncIterable<T> {
    const entry = { open: true };
    this.#streams.push(entry);
    const rest = things.values();
    const end = async () => {
      entry.open = false;
      return { done: true, value: undefined } as const;
    };
    const next = async () => {
      const { done, value } = rest.next();
      if (done && stalls) await new Promise(() => {});
      return done ? end() : { done: false as const, value: value as T };
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
  }

  /** The address of a server that sends half of `bytes`, and the rest once nobody looks. */
  async server(bytes: Uint8Array): Promise<{ address: string; stop(): void }> {
    const server = createServer(({ socket }, response) => {
      this.#answers.add(socket);
      this.seen.answers++;
      response.on('close', () => this.#answers.delete(socket));
      response.writeHead(200, { 'content-length': bytes.length, connection: 'close' });
      response.write(bytes.subarray(0, bytes.length >> 1));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const stop = () => {
      server.closeAllConnections();
      server.close();
    };
    return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
  }

  /** Counts the workers that start from now on; `begin` is told the number of each before it does. */
  watchWorkers(begin: (number: number) => void = () => {}): void {
    const watched = (host: Threads): Threads => ({
      count: host.count,
      start: (heard, died) => {
        begin(this.seen.workers + 1);
        this.#workers++;
        this.seen.workers++;
        let lives = true;
        return host.start(heard, (why) => {
          if (lives) this.#workers--;
          lives = false;
          died(why);
        });
      },
    });
    const dist = (name: string) => watched(nodeThreads(new URL(`../../dist/${name}/worker.js`, import.meta.url)));
    vi.spyOn(platform, 'threads').mockImplementation(() => dist('runtime/threads'));
    vi.spyOn(platform, 'workers').mockImplementation(async () => dist('traced/pool'));
  }

  get now(): Opened {
    return {
      files: filesIn(this.#folder).length,
      listeners: getEventListeners(this.signal, 'abort').length,
      locks: this.#streams.filter(({ stream }) => stream?.locked).length,
      streams: this.#streams.filter(({ open }) => open).length,
      answers: this.#answers.size,
      workers: this.#workers,
    };
  }

  /** Waits until nothing is open any more. */
  async expectNothing(): Promise<void> {
    await vi.waitFor(() => expect(this.now).toEqual(NOTHING), { timeout: 5000, interval: 10 });
  }
}

/** Paths within `folder` that this process has open, where the system tells. */
export function filesIn(folder: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    })
    .filter((path) => path.startsWith(folder));
}

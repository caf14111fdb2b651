import type { Encoded } from '../text/encode.ts';
import type { Asking } from './asking.ts';
import type { Metrics } from './metrics.ts';
import type { Options } from './options.ts';
import type { Registry } from './registry.ts';

/** What calls are answered by. */
export interface Host {
  readonly registry: Registry;
  readonly options: Options;
  readonly metrics: Metrics;
  /** Whether it takes its last requests. */
  readonly isDraining: boolean;
}

/** A request under way: who asks, what of, and what it has cost so far. */
export class Call implements Asking {
  readonly ticket: number;
  readonly client: string;
  readonly signal: AbortSignal;
  readonly host: Host;
  /** What the path says behind the name of its route. */
  readonly rest: string;
  characters = 0;
  /** Tokens of each text that was read. */
  readonly lengths: number[] = [];
  /** How many texts lost tokens. */
  truncated = 0;
  /** Milliseconds that reading texts took. */
  tokenization = 0;
  #queue = 0;
  #inference = 0;
  #ran = 0;

  constructor({ ticket, client, signal, host, rest }: { ticket: number; client: string; signal: AbortSignal; host: Host; rest: string }) {
    this.ticket = ticket;
    this.client = client;
    this.signal = signal;
    this.host = host;
    this.rest = rest;
  }

  get models(): Registry {
    return this.host.registry;
  }

  get options(): Options {
    return this.host.options;
  }

  get texts(): number {
    return this.lengths.length;
  }

  get tokens(): number {
    return this.lengths.reduce((sum, length) => sum + length, 0);
  }

  /** Counts texts that were read. */
  read(encoded: readonly Encoded[], took: number): void {
    this.tokenization += took;
    for (const { text, rows, truncated } of encoded) {
      this.characters += [text].flat().reduce((sum, part) => sum + part.length, 0);
      this.lengths.push(rows.reduce((sum, { ids }) => sum + ids.length, 0));
      this.truncated += Number(truncated > 0);
    }
  }

  ran(rows: number, waited: number, took: number): void {
    this.#ran += rows;
    this.#queue += rows * waited;
    this.#inference += rows * took;
  }

  /** Milliseconds that a text waited on average. */
  get queue(): number {
    return this.#ran && this.#queue / this.#ran;
  }

  /** Milliseconds that a text ran on average. */
  get inference(): number {
    return this.#ran && this.#inference / this.#ran;
  }
}

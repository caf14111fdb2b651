import type { Site } from '../aten/values.ts';
import { TraceletError } from '../base/error.ts';
import type { ScriptObject, Value } from './values.ts';

/** Where a module of the program lies, and what stands for it here. */
export interface Located {
  readonly path: string;
  readonly module?: object;
}

/** The variables of one call, and where it stands. */
export class Frame {
  readonly locals = new Map<string, Value>();
  readonly self: ScriptObject | undefined;
  readonly #file: string;
  readonly #located: Located;
  /** Of what runs now. */
  line = 0;

  constructor(file: string, located: Located, self?: ScriptObject) {
    this.#file = file;
    this.#located = located;
    this.self = self;
  }

  /** Of functions that it calls. */
  get located(): Located {
    return this.#located;
  }

  get site(): Site {
    return { file: this.#file, line: this.line, ...this.#located };
  }

  /** Where it stands, in messages. */
  get where(): string {
    const { path } = this.#located;
    return `${this.#file}, line ${this.line}${path ? ` (${path})` : ''}`;
  }

  /** That code here is none that can be run. */
  fault(expected: string, got: string): TraceletError {
    return new TraceletError('format', { what: this.where, expected, got });
  }

  /** That code here is sound, and does not run here. */
  refusal(got: string, cure?: string): TraceletError {
    return new TraceletError('unsupported', { what: this.where, expected: 'code that runs here', got, cure });
  }
}

const MOST_STEPS = 1_000_000;
const DEEPEST_CALLS = 256;
const DEEPEST = 2000;

/** Counts what a forward pass does, so that none goes on for ever. */
export class Limits {
  #steps = 0;
  #calls = 0;
  #depth = 0;

  step({ where }: Frame): void {
    if (this.#steps++ === MOST_STEPS)
      throw new TraceletError('tracing', { what: where, expected: `at most ${MOST_STEPS} steps`, got: 'more' });
  }

  /** Runs a call within another. */
  call<T>({ where }: Frame, body: () => T): T {
    if (this.#calls === DEEPEST_CALLS)
      throw new TraceletError('tracing', { what: where, expected: `calls at most ${DEEPEST_CALLS} deep`, got: 'deeper ones' });
    this.#calls++;
    try {
      return body();
    } finally {
      this.#calls--;
    }
  }

  /** Runs what is within something else. */
  within<T>({ where }: Frame, body: () => T): T {
    if (this.#depth === DEEPEST)
      throw new TraceletError('tracing', { what: where, expected: `code at most ${DEEPEST} deep`, got: 'deeper one' });
    this.#depth++;
    try {
      return body();
    } finally {
      this.#depth--;
    }
  }
}

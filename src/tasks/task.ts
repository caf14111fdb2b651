import { FUNCTION, type OptionTable, SIGNAL } from '../base/options.ts';
import { kind } from '../base/schema.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { TracedModule } from '../traced/traced.ts';
import type { Facts } from './facts.ts';

/** How many rows of a call are answered. A text is one row, or several where it is cut or asked several things. */
export interface TaskProgress {
  done: number;
  total?: number;
}

/** Options of every call. */
export interface CallOptions {
  /** Stops the work between two instructions; the pipeline stays usable. */
  signal?: AbortSignal;
  /** Most tokens that run at once, without padding. Answers do not depend on it. */
  batchTokens?: number;
  /** Told after each run how far the call is. */
  progress_callback?: (progress: TaskProgress) => void;
}

/** How many answers are asked for: those of a text are a list where that is said. */
export type TopK = number | null | undefined;
export type Listed<Answer, Top extends TopK> = Top extends undefined ? Answer : Answer[];

export const CALL_OPTIONS: OptionTable<CallOptions> = {
  signal: SIGNAL,
  batchTokens: kind('a whole number', (value) => typeof value === 'number'),
  progress_callback: FUNCTION,
};

/** What a pipeline answers with. */
export interface Host {
  readonly traced: TracedModule;
  readonly tokenizer: PreTrainedTokenizerFast;
  readonly facts: Facts;
  /** Most tokens of a row. */
  readonly limit: number;
}

/** A call of a task: what stands before its options. */
export type Given = readonly unknown[];

/** One thing that models do with texts. */
export interface Task<Options extends CallOptions = CallOptions> {
  readonly name: string;
  readonly aliases: readonly string[];
  /** What a model has on top of the base model of its family, or the class of what a folder of sentence-transformers is. */
  readonly head: string;
  /** The outputs that it reads. */
  readonly outputs: readonly string[];
  /** What each option of a call may be, those of every call left out. */
  readonly options: OptionTable<Omit<Options, keyof CallOptions>>;
  /** What to do instead of giving an option that other libraries have. */
  readonly cures?: Readonly<Record<string, string>>;
  /** The most arguments before the options. */
  readonly arity: number;
  /** Throws a `config` error for a model that cannot do it. */
  check?(host: Host): void;
  answer(host: Host, given: Given, options: Options): Promise<unknown>;
}

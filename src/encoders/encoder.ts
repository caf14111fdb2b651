import { OBJECT, proved } from '../base/options.ts';
import type { SaveOptions } from '../jit/files.ts';
import { save } from '../jit/files.ts';
import type { SentenceConfig } from '../sentence/config.ts';
import type { PromptOptions } from '../sentence/prompt.ts';
import { Source, type Texts } from '../text/source.ts';
import type { PreTrainedTokenizerFast, TextInput } from '../tokenizer/index.ts';
import type { TracedModule } from '../traced/traced.ts';
import type { Routes } from './routes.ts';
import { routeFiles } from './savedroutes.ts';

/** What takes the place of other options of sentence-transformers. */
export const CURES: Readonly<Record<string, string>> = {
  batch_size: 'Say batchTokens; answers do not depend on it',
  show_progress_bar: 'progress_callback is told how far it is',
  convert_to_tensor: 'Leave it out: the answer is a tensor',
  convert_to_numpy: 'Leave it out: data of the tensor that is answered is a typed array',
  normalize: 'Did you mean normalize_embeddings?',
  device: 'All runs where the program runs: leave it out',
};

/** What texts are to each other. */
export type Role = 'query' | 'document';

/** Names of the prompts that texts of a role begin with, the first that a folder has. */
const PROMPTS: Readonly<Record<Role, readonly string[]>> = { query: ['query'], document: ['document', 'passage', 'corpus'] };

/** Texts in a list, however they are given. Throws a `value` error for what yields nothing. */
export async function listed(texts: Texts, signal: AbortSignal | undefined): Promise<TextInput[]> {
  const source = new Source(texts, signal);
  const list: TextInput[] = [];
  try {
    for (let next = await source.next(false); next && !next.done; next = await source.next(false)) list.push(next.value);
  } finally {
    await source.close();
  }
  return list;
}

/** Answers about texts from one trace, which was made for any number and length of them. */
export abstract class Encoder {
  /** What runs; texts of no task where the folder has routes. */
  readonly traced: TracedModule;
  readonly #routes: Routes | undefined;

  constructor(traced: TracedModule, routes?: Routes) {
    this.traced = traced;
    this.#routes = routes;
  }

  /** The traces of a folder with a Router, by the names of its routes: each is saved and opened by itself. Empty for others. */
  get routes(): Readonly<Record<string, TracedModule>> {
    return Object.fromEntries(this.#routes?.traces ?? []);
  }

  get tokenizer(): PreTrainedTokenizerFast {
    return this.traced.tokenizer;
  }

  /** What may be put before texts, by name. */
  get prompts(): Readonly<Record<string, string>> {
    return this.sentence.prompts;
  }

  /** How many tokens a text may have, special ones included. */
  get max_seq_length(): number {
    const { inputs, dynamic, tokenizer } = this.traced;
    return Math.min(tokenizer.model_max_length, dynamic.sequence?.[1] ?? inputs[0].shape[1]);
  }

  /**
   * Writes one file with the trace, the tokenizer and all that the folder says, and the traces of other routes where there are any: `from_pretrained`
   * opens it again. As {@link jit.save}.
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    if (!this.#routes) return save(this.traced, path, options);
    const { _extra_files, signal } = proved('save()', options, { ...OBJECT, expected: 'options in an object' }) as SaveOptions;
    const held = await routeFiles(this.#routes, signal);
    return save(this.traced, path, { ...options, _extra_files: { ..._extra_files, ...held } });
  }

  /** Gives the memory of the trace back, and ends its threads. */
  dispose(): void {
    for (const traced of new Set([this.traced, ...Object.values(this.routes)])) traced.dispose();
  }

  /** What texts of a task run through. Throws a `value` error where the folder has a Router, and no route for them. */
  protected tracedFor(what: string, task: string | undefined): TracedModule {
    return this.#routes ? this.#routes.traceFor(what, task) : this.traced;
  }

  /** The prompt of a role, unless one is asked for. */
  protected prompting(role: Role | undefined, { prompt, prompt_name }: PromptOptions): PromptOptions {
    if (role === undefined || prompt !== undefined || prompt_name !== undefined) return {};
    const name = PROMPTS[role].find((each) => Object.hasOwn(this.prompts, each));
    return name === undefined ? { prompt: '' } : { prompt_name: name };
  }

  protected get sentence(): SentenceConfig {
    return this.traced.reader.sentence as SentenceConfig;
  }
}

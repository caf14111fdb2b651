import type { SaveOptions } from '../jit/files.ts';
import * as jit from '../jit/index.ts';
import type { SentenceConfig } from '../sentence/config.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { TracedModule } from '../traced/traced.ts';

/** Answers about texts from one trace, which was made for any number and length of them. */
export abstract class Encoder {
  /** What runs. */
  readonly traced: TracedModule;

  constructor(traced: TracedModule) {
    this.traced = traced;
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

  /** Writes the trace, which holds the tokenizer and all that the folder says: `from_pretrained` opens it again. As {@link jit.save}. */
  save(path: string, options?: SaveOptions): Promise<void> {
    return jit.save(this.traced, path, options);
  }

  /** Gives the memory of the trace back, and ends its threads. */
  dispose(): void {
    this.traced.dispose();
  }

  protected get sentence(): SentenceConfig {
    return this.traced.reader.sentence as SentenceConfig;
  }
}

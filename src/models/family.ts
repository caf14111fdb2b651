import type { PreTrainedTokenizerFast, TokenizerFiles, TokenizerOptions } from '../tokenizer/index.ts';
import type { ConfigClass } from './config.ts';

/** What models of one `model_type` have in common. Each of their classes names it, and registry.ts lists its folder. */
export interface Family {
  /** Of its configurations, which say what `model_type` is. */
  Config: ConfigClass;
  /** What classes with a head call the base model, as `base_model_prefix` of transformers. */
  prefix: string;
  /** Inputs in the order in which they are taken by position. */
  inputs: readonly string[];
  /** What a tensor of a checkpoint is called here: by its name in the base model, or, beside that, by its name in classes with a head. */
  rename(name: string): string;
  /** Parts that some classes have and others do without. Where a class lacks one, no output of it depends on that part. */
  parts: readonly string[];
  /** Tensors of checkpoints that are no weights, as {@link rename} calls them. */
  buffers?: RegExp;
  /** A part that the base model does without where an option of its constructor says so. */
  optional?: { part: string; option: string; output: string };
  /** The tokenizer of folders that name none. */
  Tokenizer: { from_files(files: TokenizerFiles, options?: TokenizerOptions): PreTrainedTokenizerFast };
}

/** Names with or without the prefix of a family's base model stand for the same, and so do `others`: each with what takes its place. */
export const renaming =
  (prefix: string, others: Readonly<Record<string, string>> = {}): Family['rename'] =>
  (name) => {
    const plain = name.startsWith(`${prefix}.`) ? name.slice(prefix.length + 1) : name;
    return Object.hasOwn(others, plain) ? others[plain] : plain;
  };

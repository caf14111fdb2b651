import type { OpSet } from '../kernels/sets.ts';
import type { PreTrainedTokenizerFast, TokenizerFiles, TokenizerOptions } from '../tokenizer/index.ts';
import type { ConfigClass } from './config.ts';

/** One tensor, in files or in models, that holds others one below the other, in models or in files. */
export interface Fused {
  /** What stands in the name of the whole, such as `attn.Wqkv`: one part of the dotted name, or several. */
  whole: string;
  /** What stands there in the names of its parts, in the order of their rows. */
  parts: readonly string[];
  /** The field of configurations that says in how many groups rows of all parts take turns, such as `num_attention_heads`; in one unless given. */
  groups?: string;
}

/** What models of one `model_type` have in common. Each of their classes names it, and registry.ts lists its folder. */
export interface Family {
  /** Of its configurations, which say what `model_type` is. */
  Config: ConfigClass;
  /** What classes with a head call the base model, as `base_model_prefix` of transformers. */
  prefix: string;
  /** Inputs in the order in which they are taken by position. */
  inputs: readonly string[];
  /** Those among them that may be floats. */
  floats?: readonly string[];
  /** What a tensor of a checkpoint is called here: by its name in the base model, or, beside that, by its name in classes with a head. */
  rename(name: string): string;
  /** Tensors that are one here and several in some checkpoints, or the reverse; names are as {@link rename} calls them. */
  fused?: readonly Fused[];
  /** Parts that some classes have and others do without. Where a class lacks one, no output of it depends on that part. */
  parts: readonly string[];
  /** Tensors that may hold what another does, which they are read for where a checkpoint lacks it; names are as {@link rename} calls them. */
  stead?: Readonly<Record<string, readonly string[]>>;
  /** Tensors of checkpoints that are no weights, as {@link rename} calls them. */
  buffers?: RegExp;
  /** Tensors that a checkpoint may lack: they are then as in fresh models. */
  absent?: RegExp;
  /** Whether token types are words, looked up where those are and added where any are given; zeros given by name stand for none. */
  wordTypes?: true;
  /** A part that the base model does without where an option of its constructor says so. */
  optional?: { part: string; option: string; output: string };
  /**
   * What has a row for each word: the embeddings in the base model, and in classes that score words, the decoder, and its bias, which need not lie in
   * it. `columns` is a part whose weight has a column for each instead, `more` are embeddings that some configurations have beside the others.
   */
  vocabulary: { words: string; decoder: string; bias: string; columns?: string; more?: readonly string[] };
  /** Ops of its forward passes that are not always there. */
  ops?: OpSet;
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

/** A family in a class that calls the base model otherwise. */
export const under = (prefix: string, family: Family): Family => ({ ...family, prefix });

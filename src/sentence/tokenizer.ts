import { TraceletError } from '../base/error.ts';
import { tokenizerFrom } from '../tokenizer/auto.ts';
import type { PreTrainedTokenizerFast, TokenizerFiles } from '../tokenizer/index.ts';
import type { SentenceConfig } from './config.ts';

/** A tokenizer, and what the folder of sentence-transformers that it comes from says, if it is one. */
export interface TextReader {
  tokenizer: PreTrainedTokenizerFast;
  sentence: SentenceConfig | undefined;
}

/** The tokenizer of a folder as its Transformer uses it: texts are as long as `max_seq_length` says, and lowered with `do_lower_case`. */
export function sentenceTokenizer(files: TokenizerFiles, sentence: SentenceConfig | undefined): PreTrainedTokenizerFast {
  const [transformer] = sentence?.modules ?? [];
  if (transformer?.type !== 'Transformer') return tokenizerFrom(files);
  const { max_seq_length, do_lower_case } = transformer;
  return tokenizerFrom(files, max_seq_length === null ? {} : { model_max_length: max_seq_length }, do_lower_case);
}

/** What {@link sentenceTokenizer} answers, or undefined for a tokenizer of a kind that does not run here. Throws the errors of one that is broken. */
export function supportedTokenizer(files: TokenizerFiles, sentence: SentenceConfig | undefined): PreTrainedTokenizerFast | undefined {
  try {
    return sentenceTokenizer(files, sentence);
  } catch (error) {
    if (error instanceof TraceletError && error.code === 'unsupported') return undefined;
    throw error;
  }
}

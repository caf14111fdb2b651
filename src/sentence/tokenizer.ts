import { TraceletError } from '../base/error.ts';
import { optionsFromFiles } from '../tokenizer/files.ts';
import { BertTokenizer, type TokenizerFiles } from '../tokenizer/index.ts';
import type { SentenceConfig } from './config.ts';

/** A tokenizer, and what the folder of sentence-transformers that it comes from says, if it is one. */
export interface TextReader {
  tokenizer: BertTokenizer;
  sentence: SentenceConfig | undefined;
}

/**
 * The tokenizer of a folder as its Transformer uses it: texts are as long as `max_seq_length` says, and lowered with `do_lower_case`. As in
 * sentence-transformers, lowering says nothing of accents.
 */
export function sentenceTokenizer(files: TokenizerFiles, sentence: SentenceConfig | undefined): BertTokenizer {
  const options = optionsFromFiles(files);
  const [transformer] = sentence?.modules ?? [];
  if (transformer?.type !== 'Transformer') return new BertTokenizer(options);
  const { max_seq_length, do_lower_case } = transformer;
  const lowers = do_lower_case && options.do_lower_case === false;
  return new BertTokenizer({
    ...options,
    ...(max_seq_length !== null && { model_max_length: max_seq_length }),
    ...(lowers && { do_lower_case, strip_accents: options.strip_accents ?? false }),
  });
}

/** What {@link sentenceTokenizer} answers, or undefined for a tokenizer of a kind that does not run here. Throws the errors of one that is broken. */
export function supportedTokenizer(files: TokenizerFiles, sentence: SentenceConfig | undefined): BertTokenizer | undefined {
  try {
    return sentenceTokenizer(files, sentence);
  } catch (error) {
    if (error instanceof TraceletError && error.code === 'unsupported') return undefined;
    throw error;
  }
}

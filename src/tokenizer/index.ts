import './all.ts';

export type { AddedToken } from './added.ts';
export type { AddSpecialTokensOptions, AddTokensOptions, SpecialTokens } from './adding.ts';
export type { Alignment } from './alignment.ts';
export type { TextInput, WordsInput } from './arguments.ts';
export { BertTokenizer } from './bert.ts';
export type { BertTokenizerOptions } from './bertsettings.ts';
export type { BatchEncoding, EncodeOptions, Encoding, OverflowingEncoding, TensorEncoding } from './encoding.ts';
export type { PreTrainedTokenizerOptions } from './fast.ts';
export type { TokenizerFiles } from './files.ts';
export type { Offset, OffsetUnit } from './offsets.ts';
export type { Side } from './sequence.ts';
export type { TokenizerOptions } from './settings.ts';
export { PreTrainedTokenizerFast } from './tokenizer.ts';
export type { DecodeOptions, Ids } from './tokens.ts';
export type { TruncationStrategy } from './truncation.ts';
export type { VocabSource } from './vocab.ts';

import './all.ts';

export type { AddedToken } from './added.ts';
export type { TextInput } from './arguments.ts';
export { BertTokenizer } from './bert.ts';
export type { BertTokenizerOptions } from './bertsettings.ts';
export type { BatchEncoding, EncodeOptions, Encoding, Offset, TensorEncoding } from './encoding.ts';
export type { PreTrainedTokenizerOptions } from './fast.ts';
export type { TokenizerFiles } from './files.ts';
export type { OffsetUnit } from './offsets.ts';
export type { Side, TruncationStrategy } from './sequence.ts';
export type { TokenizerOptions } from './settings.ts';
export { PreTrainedTokenizerFast } from './tokenizer.ts';
export type { DecodeOptions, Ids } from './tokens.ts';
export type { VocabSource } from './vocab.ts';

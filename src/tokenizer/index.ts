export type { AddedToken } from './added.ts';
export { BertTokenizer, type DecodeOptions, type Ids, type TextInput } from './bert.ts';
export type { BatchEncoding, EncodeOptions, Encoding, Offset, TensorEncoding } from './encoding.ts';
export type { TokenizerFiles } from './files.ts';
export type { Side, TruncationStrategy } from './sequence.ts';
export type { BertTokenizerOptions } from './settings.ts';
export type { VocabSource } from './vocab.ts';

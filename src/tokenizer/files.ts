import { TextDecoder } from '../base/globals.ts';
import { isObject } from '../base/json.ts';

/** Texts of the files of a tokenizer by name, and the bytes of a model of SentencePiece. One vocabulary is needed; tokenizer.json prevails. */
export interface TokenizerFiles {
  'tokenizer.json'?: string;
  'vocab.txt'?: string;
  /** Needs `merges.txt`, and a class that reads them: in `tokenizer_config.json`, or the `model_type` of `config.json`. */
  'vocab.json'?: string;
  'merges.txt'?: string;
  /** A model of SentencePiece, as the next, which needs a class in the same way. */
  'sentencepiece.bpe.model'?: Uint8Array;
  'spiece.model'?: Uint8Array;
  'spm.model'?: Uint8Array;
  'sentencepiece.model'?: Uint8Array;
  'tokenizer.model'?: Uint8Array;
  'config.json'?: string;
  'tokenizer_config.json'?: string;
  /** Read, as the next, unless `tokenizer_config.json` has an `added_tokens_decoder`, as in transformers. */
  'special_tokens_map.json'?: string;
  'added_tokens.json'?: string;
}

export type Name = keyof TokenizerFiles;

/** Models of SentencePiece, by the names that classes of transformers give them. */
export const MODEL_NAMES = [
  'sentencepiece.bpe.model',
  'spiece.model',
  'spm.model',
  'sentencepiece.model',
  'tokenizer.model',
] as const satisfies readonly Name[];

/** What each vocabulary consists of: that of the first that is whole counts. */
export const VOCABULARIES: readonly (readonly Name[])[] = [
  ['tokenizer.json'],
  ['vocab.txt'],
  ['vocab.json', 'merges.txt'],
  ...MODEL_NAMES.map((name) => [name]),
];

/** The files that say more, in the order of transformers: each prevails over those before it. */
export const OTHERS = [
  'config.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
] as const satisfies readonly Name[];

export const FILE_NAMES: readonly Name[] = [...VOCABULARIES.flat(), ...OTHERS];

const isThere = (files: TokenizerFiles, name: Name): boolean => files[name] !== undefined && files[name] !== null;

/** The names of the vocabulary that counts. */
export const vocabularyIn = (files: TokenizerFiles): readonly Name[] | undefined =>
  isObject(files) ? VOCABULARIES.find((names) => names.every((name) => isThere(files, name))) : undefined;

/** What a message calls the vocabularies. */
export const NEEDED = 'tokenizer.json, vocab.txt, vocab.json with merges.txt, or a model of SentencePiece';

/** Whether there is one of the files that a tokenizer cannot do without. */
export const hasVocab = (files: TokenizerFiles): boolean => vocabularyIn(files) !== undefined;

/** What a file is once it is read: a text, or the bytes of a model. */
export const asFile = (name: Name, bytes: Uint8Array): string | Uint8Array =>
  (MODEL_NAMES as readonly Name[]).includes(name) ? bytes : new TextDecoder().decode(bytes);

/** The tokenizer's files among those that travel in a trace. */
export function filesIn(files: ReadonlyMap<string, Uint8Array>): TokenizerFiles {
  const present = FILE_NAMES.filter((name) => files.has(name));
  return Object.fromEntries(present.map((name) => [name, asFile(name, files.get(name) as Uint8Array)]));
}

import { TraceletError } from '../base/error.ts';
import { TextDecoder } from '../base/globals.ts';
import { isObject } from '../base/json.ts';
import { archiveIn, openArchive } from '../formats/archive.ts';
import { bytesOf, type Folder, openFile, type SourceOptions, textOfFile } from '../sources/folder.ts';
import { type Place, withoutQuery } from '../sources/place.ts';

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
const VOCABULARIES: readonly (readonly Name[])[] = [
  ['tokenizer.json'],
  ['vocab.txt'],
  ['vocab.json', 'merges.txt'],
  ...MODEL_NAMES.map((name) => [name]),
];

/** The files that say more, in the order of transformers: each prevails over those before it. */
const OTHERS = ['config.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json'] as const satisfies readonly Name[];

export const FILE_NAMES: readonly Name[] = [...VOCABULARIES.flat(), ...OTHERS];

const isThere = (files: TokenizerFiles, name: Name): boolean => files[name] !== undefined && files[name] !== null;

/** The names of the vocabulary that counts. */
export const vocabularyIn = (files: TokenizerFiles): readonly Name[] | undefined =>
  isObject(files) ? VOCABULARIES.find((names) => names.every((name) => isThere(files, name))) : undefined;

/** What a message calls the vocabularies. */
export const NEEDED = 'tokenizer.json, vocab.txt, vocab.json with merges.txt, or a model of SentencePiece';

/** Whether there is one of the files that a tokenizer cannot do without. */
export const hasVocab = (files: TokenizerFiles): boolean => vocabularyIn(files) !== undefined;

const asFile = (name: Name, bytes: Uint8Array): string | Uint8Array =>
  (MODEL_NAMES as readonly Name[]).includes(name) ? bytes : new TextDecoder().decode(bytes);

/** The tokenizer's files that `read` gives; undefined where there is none to make a tokenizer of. Only what is needed is read. */
export async function filesRead(read: (name: string) => Promise<Uint8Array | undefined>): Promise<TokenizerFiles | undefined> {
  const files: Partial<Record<Name, string | Uint8Array>> = {};
  const add = async (name: Name): Promise<void> => {
    const bytes = await read(name);
    if (bytes) files[name] = asFile(name, bytes);
  };
  for (const names of VOCABULARIES) {
    if (hasVocab(files as TokenizerFiles)) break;
    await Promise.all(names.map(add));
  }
  const [vocabulary] = vocabularyIn(files as TokenizerFiles) ?? [];
  if (vocabulary === undefined) return undefined;
  const needsClass = vocabulary !== 'tokenizer.json' && vocabulary !== 'vocab.txt';
  await Promise.all(OTHERS.filter((name) => needsClass || name !== 'config.json').map(add));
  return files as TokenizerFiles;
}

/** What a path that ends so is read as. */
const ENDINGS = { '.json': 'tokenizer.json', '.txt': 'vocab.txt' } as const;

/** The texts of the tokenizer's files at a place. Throws a `source` error where there are none. */
export async function filesAt({ folder, file }: Place, reading: SourceOptions): Promise<TokenizerFiles> {
  const path = file && withoutQuery(file);
  for (const [ending, name] of Object.entries(ENDINGS))
    if (file && path?.endsWith(ending)) return { [name]: await textOfFile(folder, file) };
  const inside = (home: Folder | undefined) => home && filesRead((name) => bytesOf(home, name));
  const found =
    file === undefined
      ? ((await inside(folder)) ?? (await inside(await archiveIn(folder, reading))))
      : await inside(await openArchive(await openFile(folder, file), reading));
  if (found) return found;
  throw new TraceletError('source', {
    what: file === undefined ? folder.name : folder.at(file),
    expected: file === undefined ? `a directory with a trace, ${NEEDED}` : `${NEEDED} in it`,
    got: 'none of them',
    cure: folder.cure,
  });
}

/** The tokenizer's files among those that travel in a trace. */
export function filesIn(files: ReadonlyMap<string, Uint8Array>): TokenizerFiles {
  const present = FILE_NAMES.filter((name) => files.has(name));
  return Object.fromEntries(present.map((name) => [name, asFile(name, files.get(name) as Uint8Array)]));
}

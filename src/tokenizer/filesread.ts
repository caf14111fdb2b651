import { TraceletError } from '../base/error.ts';
import { archiveIn, openArchive } from '../formats/archive.ts';
import { bytesOf, type Folder, openFile, type SourceOptions, textOfFile } from '../sources/folder.ts';
import { type Place, withoutQuery } from '../sources/place.ts';
import { asFile, hasVocab, type Name, NEEDED, OTHERS, type TokenizerFiles, VOCABULARIES, vocabularyIn } from './files.ts';
import { partsFor } from './parts.ts';

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
  return withParts(files as TokenizerFiles);
}

/** Files whose tokenizer can be made at once: the parts that it needs are loaded. */
async function withParts(files: TokenizerFiles): Promise<TokenizerFiles> {
  await partsFor(files);
  return files;
}

/** What a path that ends so is read as. */
const ENDINGS = { '.json': 'tokenizer.json', '.txt': 'vocab.txt' } as const;

/** The texts of the tokenizer's files at a place. Throws a `source` error where there are none. */
export async function filesAt({ folder, file }: Place, reading: SourceOptions): Promise<TokenizerFiles> {
  const path = file && withoutQuery(file);
  for (const [ending, name] of Object.entries(ENDINGS))
    if (file && path?.endsWith(ending)) return withParts({ [name]: await textOfFile(folder, file) });
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

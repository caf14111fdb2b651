import { type SaveOptions, saveFiles, textFile } from '../sources/saving.ts';
import { FILE_NAMES, type Name } from './files.ts';

/** All that are a tokenizer's own: config.json is the model's. */
const TOKENIZER_FILES: readonly string[] = FILE_NAMES.filter((name: Name) => name !== 'config.json');

/** Writes files of a tokenizer into a directory. Throws a `source` error where other files there would be read with them. */
export function saveTokenizer(folder: string, texts: Readonly<Record<string, string>>, options?: SaveOptions): Promise<string[]> {
  const files = Object.entries(texts).map(([name, text]) => textFile(name, text));
  const rivals = TOKENIZER_FILES.filter((name) => !(name in texts));
  return saveFiles(folder, files, { names: rivals, allowed: `file of a tokenizer but ${Object.keys(texts).join(' and ')}` }, options);
}

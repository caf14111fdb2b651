import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { TextEncoder } from '../base/globals.ts';
import { describe } from '../base/json.ts';
import { NAMED, proved } from '../base/options.ts';
import { FILE_NAMES, type Name } from './files.ts';

/** All that are a tokenizer's own: config.json is the model's. */
const TOKENIZER_FILES: readonly string[] = FILE_NAMES.filter((name: Name) => name !== 'config.json');

/**
 * Writes files of a tokenizer into a directory, which is made if need be, each whole or not at all; answers their paths. Throws a `source` error
 * where other files there would be read with them.
 */
export async function saveFiles(folder: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  const path = proved('save_pretrained(): folder', folder, { ...NAMED, expected: 'a path' });
  await platform.makeFolder(path);
  const others = ((await platform.list(path)) ?? []).filter((name) => TOKENIZER_FILES.includes(name) && !(name in files));
  if (others.length)
    throw new TraceletError('source', {
      what: path,
      expected: `no file of a tokenizer but ${Object.keys(files).join(' and ')}`,
      got: describe(others),
      cure: 'Remove what would be read instead, or save to a directory of its own',
    });
  const written = Object.entries(files).map(([name, text]) => [`${path.replace(/[/\\]+$/, '')}/${name}`, text] as const);
  for (const [file, text] of written) await platform.write(file, [new TextEncoder().encode(text)]);
  return written.map(([file]) => file);
}

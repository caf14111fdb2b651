import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { TraceletError } from '../base/error.ts';
import { note } from './output.ts';

/** A file of texts, as long as it stays as it is. */
export interface TextFile {
  /** Its path below the folder, with slashes. */
  path: string;
  size: number;
  mtimeMs: number;
}

const ENDINGS: readonly string[] = ['.md', '.markdown', '.txt', '.text'];
/** Files above this are lists of something, and no texts. */
const MOST_BYTES = 1 << 24;

/** Texts and Markdown files below a folder, in the order of their paths, without hidden ones and packages. Throws `source` errors. */
export async function textFilesIn(folder: string, signal: AbortSignal): Promise<TextFile[]> {
  const files: TextFile[] = [];
  for await (const path of pathsIn(folder, '', signal)) {
    const found = await stat(join(folder, path)).catch(() => undefined);
    if (!found?.isFile()) continue;
    const { size, mtimeMs } = found;
    if (size > MOST_BYTES) note(`tracelet: ${path} is passed over, for it has more than ${MOST_BYTES >> 20} MiB`);
    else files.push({ path, size, mtimeMs });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Paths with such endings; links to folders are not followed. */
async function* pathsIn(folder: string, below: string, signal: AbortSignal): AsyncGenerator<string> {
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch((cause) => {
    throw unreadable(join(folder, below), 'a folder of texts', cause);
  });
  signal.throwIfAborted();
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const path = `${below}${entry.name}`;
    if (entry.isDirectory()) yield* pathsIn(folder, `${path}/`, signal);
    else if (ENDINGS.includes(extname(entry.name).toLowerCase())) yield path;
  }
}

/** The text of a file; undefined, and told of, where it is not UTF-8. Throws `source` errors. */
export async function textIn(folder: string, { path }: TextFile, signal: AbortSignal): Promise<string | undefined> {
  const bytes = await readFile(join(folder, path), { signal }).catch((cause) => {
    signal.throwIfAborted();
    throw unreadable(join(folder, path), 'a readable file', cause);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    note(`tracelet: ${path} is passed over, for it is not UTF-8`);
    return undefined;
  }
}

/** What changes when the files of a model do; its name where it is no path here. */
export async function identityOf(model: string): Promise<string> {
  const found = await stat(model).catch(() => undefined);
  if (!found) return model;
  const path = await realpath(model);
  const names = found.isDirectory() ? (await readdir(path)).sort() : [''];
  const files = await Promise.all(names.map((name) => stat(join(path, name))));
  return JSON.stringify([path, ...files.map(({ size, mtimeMs }, i) => [names[i], size, mtimeMs])]);
}

function unreadable(what: string, expected: string, cause: NodeJS.ErrnoException): TraceletError {
  return new TraceletError('source', { what, expected, got: cause.code ?? cause.message, cause });
}

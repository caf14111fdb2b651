import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Whether a directory is there. */
export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );

/** Makes a directory and those that it lies in. That of Node does not end below one that takes none: /proc, or a working directory that was removed. */
export async function makeFolders(path: string): Promise<void> {
  const failure = await mkdir(path).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  );
  if (!failure || (await isFolder(path))) return;
  const parent = dirname(path);
  if (failure.code !== 'ENOENT' || parent === path || (await isFolder(parent))) throw failure;
  await makeFolders(parent);
  await makeFolders(path);
}

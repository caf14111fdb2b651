import { TraceletError } from '../base/error.ts';
import type { Platform } from './platform.ts';

const absent = (path: string): TraceletError =>
  new TraceletError('source', {
    what: path,
    expected: 'a URL, bytes, a Response or a stream',
    got: 'a path in a runtime without files',
    cure: 'Pass new URL(…), an address that begins with https://, a hub id, or what you have fetched yourself',
  });

const refuse = async (path: string): Promise<never> => Promise.reject(absent(path));

/** For runtimes without a file system and environment. */
export const noFiles: Omit<Platform, 'kernelModule' | 'threads' | 'workers' | 'sha256'> = {
  open: refuse,
  readTextSync: (path) => {
    throw absent(path);
  },
  kindOf: refuse,
  list: async () => undefined,
  env: () => undefined,
  cache: async () => undefined,
  makeFolder: refuse,
  write: refuse,
};

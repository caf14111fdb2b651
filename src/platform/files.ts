import { readFileSync } from 'node:fs';
import { access, open as openFile, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TraceletError } from '../error.ts';
import type { ModelCache } from '../sources/cache.ts';
import { fileCache } from './filecache.ts';
import type { ByteSource, Platform } from './platform.ts';

/** What node:fs takes for a path that may be written as a file: URL. */
const located = (path: string): string | URL => (path.startsWith('file:') ? new URL(path) : path);

async function open(path: string): Promise<ByteSource> {
  const file = await openFile(located(path)).catch((cause) => Promise.reject(unreadable(path, cause)));
  const { size } = await file.stat();
  return {
    name: path,
    size,
    async read(target) {
      let filled = 0;
      while (filled < target.length) {
        const { bytesRead } = await file
          .read(target, filled, target.length - filled, null)
          .catch((cause) => Promise.reject(unreadable(path, cause)));
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
    close: () => file.close(),
  };
}

async function write(path: string, chunks: Iterable<Uint8Array>, options: { signal?: AbortSignal } = {}): Promise<void> {
  const part = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}.part`;
  try {
    const file = await openFile(part, 'wx');
    try {
      for (const chunk of chunks) {
        options.signal?.throwIfAborted();
        await file.writeFile(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (cause) {
    await rm(part, { force: true });
    options.signal?.throwIfAborted();
    throw new TraceletError('source', { what: path, expected: 'a file that can be written', got: String((cause as Error).message), cause });
  }
}

const readText = (path: string): Promise<string> =>
  readFile(located(path), 'utf8').catch((cause) => Promise.reject(unreadable(path, cause)));

function readTextSync(path: string): string {
  try {
    return readFileSync(located(path), 'utf8');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

const exists = (path: string): Promise<boolean> =>
  access(located(path)).then(
    () => true,
    () => false,
  );

const isDirectory = (path: string): Promise<boolean> =>
  stat(located(path)).then(
    (entry) => entry.isDirectory(),
    () => false,
  );

function env(name: string): string | undefined {
  try {
    return process.env[name] || undefined;
  } catch {
    return undefined;
  }
}

async function cache(name?: string): Promise<ModelCache> {
  return fileCache(name ?? env('TRACELET_CACHE') ?? join(env('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'tracelet'));
}

function unreadable(path: string, cause: unknown): TraceletError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new TraceletError('source', { what: path, expected: 'a readable file', got: code ?? message, cause });
}

/** The file system and environment, through the modules of Node that Deno and Bun have as well. */
export const files: Omit<Platform, 'kernelModule'> = { open, readText, readTextSync, exists, isDirectory, write, env, cache };

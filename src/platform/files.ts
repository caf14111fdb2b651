import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open as openFile, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ModelCache } from './cache.ts';
import { located, unreadable } from './paths.ts';
import type { ByteSource, Platform } from './platform.ts';

/** Smaller reads than this are served from memory. */
const BUFFER = 1 << 18;

async function open(path: string, signal?: AbortSignal): Promise<ByteSource> {
  const refuse = (cause: unknown) => Promise.reject(unreadable(path, cause));
  const entry = await stat(located(path)).catch(refuse);
  if (!entry.isFile() && !entry.isDirectory()) return (await import('./pipes.ts')).openPipe(path, signal);
  const file = await openFile(located(path)).catch(refuse);
  const next = async (target: Uint8Array): Promise<number> => (await file.read(target, 0, target.length, null).catch(refuse)).bytesRead;
  const buffer = new Uint8Array(BUFFER);
  let rest = buffer.subarray(0, 0);
  return {
    name: path,
    size: entry.size,
    async read(target) {
      for (let filled = 0; ; ) {
        const held = rest.subarray(0, target.length - filled);
        target.set(held, filled);
        rest = rest.subarray(held.length);
        filled += held.length;
        if (filled === target.length) return filled;
        const direct = target.length - filled >= BUFFER;
        const got = await next(direct ? target.subarray(filled) : buffer);
        if (got === 0) return filled;
        if (direct) filled += got;
        else rest = buffer.subarray(0, got);
      }
    },
    close: () => file.close(),
  };
}

/** Most programs only read. */
const write: Platform['write'] = async (...args) => (await import('./writing.ts')).write(...args);
const makeFolder: Platform['makeFolder'] = async (path) => (await import('./writing.ts')).makeFolder(path);

function readTextSync(path: string): string {
  try {
    return readFileSync(located(path), 'utf8');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** What errors mean that nothing is at a path; others that this process may not know. */
const NOTHING = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EINVAL', 'ERR_INVALID_ARG_VALUE'];

async function kindOf(path: string): Promise<'directory' | 'file' | undefined> {
  try {
    return (await stat(located(path))).isDirectory() ? 'directory' : 'file';
  } catch (cause) {
    if (NOTHING.includes((cause as NodeJS.ErrnoException).code as string)) return undefined;
    throw unreadable(path, cause);
  }
}

const list = (path: string): Promise<readonly string[] | undefined> =>
  readdir(located(path), { withFileTypes: true }).then(
    (entries) => entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort(),
    () => undefined,
  );

function env(name: string): string | undefined {
  try {
    return process.env[name] || undefined;
  } catch {
    return undefined;
  }
}

/** Nothing is kept where there is no home. */
async function cache(name = env('TRACELET_CACHE')): Promise<ModelCache | undefined> {
  const root = name ?? defaultCache();
  return root === undefined ? undefined : (await import('./filecache.ts')).fileCache(root);
}

function defaultCache(): string | undefined {
  try {
    return join(env('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'tracelet');
  } catch {
    return undefined;
  }
}

/** SHA-256 of `bytes` in hexadecimal, without a copy of them. */
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The file system and environment, through the modules of Node that Deno and Bun have as well. */
export const files: Omit<Platform, 'kernelModule' | 'threads' | 'workers'> = {
  open,
  readTextSync,
  kindOf,
  list,
  makeFolder,
  write,
  env,
  cache,
  sha256,
};

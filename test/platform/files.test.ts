import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileCache } from '../../src/platform/filecache.ts';
import { files } from '../../src/platform/files.ts';
import { filesIn } from '../support/opened.ts';
import { problem } from '../support/tiny.ts';

const POSIX = process.platform !== 'win32';
/** What is read at once where less is wanted. */
const BUFFER = 1 << 18;
const BYTES = new Uint8Array(3 * BUFFER + 1000).map((_, i) => (i * 7) % 251);

let home: string;
const at = (name: string): string => join(home, name);
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'files-'));
  writeFileSync(at('file'), BYTES);
  writeFileSync(at('text'), 'Größe\n');
  writeFileSync(at('empty'), '');
  mkdirSync(at('folder'));
  for (const name of ['b', 'a', 'd', 'e', 'f', 'g']) writeFileSync(at(`folder/${name}`), '');
  mkdirSync(at('folder/c'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

test.each([
  [[1000]],
  [[BUFFER - 1, 2]],
  [[BUFFER]],
  [[BUFFER + 1]],
  [[10, BUFFER, 10]],
  [[10, 2 * BUFFER]],
  [[1000, 0, 3, BUFFER - 1]],
  [[BUFFER - 10, 20, BUFFER + 5]],
  [[BYTES.length]],
  [[BYTES.length + 1]],
])('a file is read to its end in pieces of %j', async (sizes) => {
  const source = await files.open(at('file'));
  expect([source.name, source.size]).toEqual([at('file'), BYTES.length]);
  const pieces: Uint8Array[] = [];
  for (let turn = 0, ended = false; !ended; turn++) {
    const target = new Uint8Array(sizes[turn % sizes.length]);
    const read = await source.read(target);
    pieces.push(target.subarray(0, read));
    ended = read < target.length;
  }
  expect(Buffer.concat(pieces).equals(BYTES)).toBe(true);
  expect(await source.read(new Uint8Array(5))).toBe(0);
  await source.close();
  expect(filesIn(home)).toEqual([]);
});

test.skipIf(!POSIX)('a named pipe is read as it comes', async () => {
  execFileSync('mkfifo', [at('pipe')]);
  const written = writeFile(at('pipe'), 'through');
  const source = await files.open(at('pipe'));
  const target = new Uint8Array(20);
  expect(await source.read(target)).toBe(7);
  expect(new TextDecoder().decode(target.subarray(0, 7))).toBe('through');
  expect(source.size).toBe(undefined);
  await source.close();
  await written;
});

test('what is no file is an error that names it', async () => {
  for (const read of [files.open, files.readTextSync])
    expect((await problem('source', async () => read(at('none')))).message).toBe(`${at('none')}: expected a readable file, got ENOENT`);
  const source = await files.open(at('folder'));
  expect((await problem('source', () => source.read(new Uint8Array(1)))).message).toMatch(/folder: expected a readable file, got EISDIR/);
  await source.close();
});

test('texts are those of their bytes, by a path and by its address', async () => {
  for (const path of [at('text'), pathToFileURL(at('text')).href]) expect(files.readTextSync(path)).toBe('Größe\n');
  expect(files.readTextSync(at('empty'))).toBe('');
});

test('a directory is listed in order, with a slash behind what are directories', async () => {
  expect(await files.list(at('folder'))).toEqual(['a', 'b', 'c/', 'd', 'e', 'f', 'g']);
  expect([await files.list(at('none')), await files.list(at('text'))]).toEqual([undefined, undefined]);
});

describe('what is at a path', () => {
  test.each<[string, string | undefined]>([
    ['file', 'file'],
    ['folder', 'directory'],
    ['none', undefined],
    ['file/below', undefined],
    ['n'.repeat(5000), undefined],
    ['nul\0', undefined],
    ['circle', undefined],
  ])('%s', async (name, kind) => {
    if (name === 'circle') symlinkSync('circle', at(name));
    expect(await files.kindOf(at(name))).toBe(kind);
  });

  test('is an error where nobody can say', async () => {
    const { message } = await problem('source', () => files.kindOf('file:///%zz'));
    expect(message).toMatch(/^file:\/\/\/%zz: expected a readable file, got /);
  });
});

test('a directory is made with those that it lies in, once', async () => {
  for (const _ of [1, 2]) await files.makeFolder(at('made/in/another'));
  expect(await files.kindOf(at('made/in/another'))).toBe('directory');
  await problem('source', () => files.makeFolder(at('file/below')));
  await problem('source', () => files.makeFolder(at('file')));
});

test.skipIf(!existsSync('/proc/self'))('a directory below one that takes none is refused, in a cache too', async () => {
  for (const path of ['/proc/nothing', '/proc/nothing/below'])
    expect((await problem('source', () => files.makeFolder(path))).message).toMatch(/^\/proc\/nothing/);
  await expect(fileCache('/proc/nothing').put('https://hub.test/model/file', new Response('text'), undefined)).rejects.toThrow('ENOENT');
});

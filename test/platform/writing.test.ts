import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { jit, nn, ones } from '../../src/index.ts';
import { files } from '../../src/platform/files.ts';
import { write } from '../../src/platform/writing.ts';
import { problem } from '../support/tiny.ts';

const POSIX = process.platform !== 'win32';
const ROOT = process.getuid?.() === 0;

const all = mkdtempSync(join(tmpdir(), 'tracelet-writing-'));
afterAll(() => rmSync(all, { recursive: true, force: true }));

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(all, 'case-'));
});
const at = (...parts: string[]): string => join(home, ...parts);
const bytes = (text: string): Uint8Array[] => [...text].map((letter) => new TextEncoder().encode(letter));
const content = (name: string): string => readFileSync(at(name), 'utf8');

describe.skipIf(!POSIX)('links', () => {
  test('the file behind them is replaced, and they stay', async () => {
    mkdirSync(at('far'));
    writeFileSync(at('far/file'), 'before');
    symlinkSync('far/file', at('near'));
    symlinkSync(at('near'), at('first'));
    const { ino } = statSync(at('far/file'));
    await write(at('first'), bytes('after'));
    expect(content('far/file')).toBe('after');
    expect(statSync(at('far/file')).ino).not.toBe(ino);
    expect([readlinkSync(at('first')), readlinkSync(at('near'))]).toEqual([at('near'), 'far/file']);
    expect(readdirSync(at('far'))).toEqual(['file']);
  });

  test('a target above a linked directory is where the system finds it', async () => {
    mkdirSync(at('deep/inner'), { recursive: true });
    symlinkSync('../found', at('deep/inner/up'));
    symlinkSync('deep/inner', at('door'));
    await write(at('door/up'), bytes('here'));
    expect(content('deep/found')).toBe('here');
  });

  test('one that leads nowhere makes its file', async () => {
    symlinkSync('made', at('link'));
    await write(at('link'), bytes('new'));
    expect(content('made')).toBe('new');
    expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
  });

  test('forty of them are followed, and no more', async () => {
    writeFileSync(at('0'), 'before');
    for (let i = 1; i <= 41; i++) symlinkSync(`${i - 1}`, at(`${i}`));
    await write(at('40'), bytes('after'));
    expect(content('0')).toBe('after');
    expect((await problem('source', () => write(at('41'), bytes('x')))).message).toContain('got links that lead in a circle');
    expect(content('0')).toBe('after');
  });

  test('those that lead to no directory, to a directory or in a circle are errors', async () => {
    symlinkSync('no/where', at('lost'));
    symlinkSync('.', at('folder'));
    symlinkSync('b', at('a'));
    symlinkSync('a', at('b'));
    for (const [name, message] of [
      ['lost', /lost: expected a file in a directory that exists, got none called .*\/no$/],
      ['folder', /folder: expected a file to write, got a directory/],
      ['a', /a: expected a file to write, got links that lead in a circle/],
    ] as const)
      expect((await problem('source', () => write(at(name), bytes('x')))).message).toMatch(message);
    expect(readdirSync(home).sort()).toEqual(['a', 'b', 'folder', 'lost']);
  });
});

test.skipIf(!POSIX)('a file keeps its permissions, and one that is not to be written is an error', async () => {
  writeFileSync(at('own'), 'before');
  for (const mode of [0o640, 0o666]) {
    chmodSync(at('own'), mode);
    await write(at('own'), bytes('after'));
    expect(statSync(at('own')).mode & 0o777).toBe(mode);
  }
  if (ROOT) return;
  chmodSync(at('own'), 0o440);
  expect((await problem('source', () => write(at('own'), bytes('x')))).message).toContain('EACCES');
  expect(content('own')).toBe('after');
});

test.skipIf(!POSIX || !ROOT)('a file keeps its owner', async () => {
  writeFileSync(at('theirs'), 'before');
  chownSync(at('theirs'), 12, 34);
  await write(at('theirs'), bytes('after'));
  const { uid, gid } = statSync(at('theirs'));
  expect([content('theirs'), uid, gid]).toEqual(['after', 12, 34]);
});

test.skipIf(!POSIX)('what replaces a file that others may not read is kept from them while it is written', async () => {
  writeFileSync(at('own'), 'before');
  chmodSync(at('own'), 0o600);
  const modes: number[] = [];
  function* chunks() {
    for (const name of readdirSync(home).filter((each) => each !== 'own')) modes.push(statSync(at(name)).mode & 0o777);
    yield new Uint8Array(1);
  }
  await write(at('own'), chunks());
  expect(modes).toEqual([0o600]);
});

test.skipIf(!POSIX)('another name of a file keeps what it had', async () => {
  writeFileSync(at('one'), 'before');
  linkSync(at('one'), at('two'));
  await write(at('one'), bytes('after'));
  expect([content('one'), content('two')]).toEqual(['after', 'before']);
});

test('who reads a file while it is replaced goes on reading what was there', async () => {
  const [first, second] = await Promise.all([4, 5].map((size) => jit.trace(new nn.Linear(size, size), [ones([1, size])])));
  await jit.save(first, at('a.tracelet'));
  const source = await files.open(at('a.tracelet'));
  const begin = new Uint8Array(100);
  await source.read(begin);
  await jit.save(second, at('a.tracelet'));
  const rest = new Uint8Array(1 << 20);
  const bytesRead = await source.read(rest);
  await source.close();
  expect((await jit.load(Buffer.concat([begin, rest.subarray(0, bytesRead)]))).inputs[0].shape).toEqual([1, 4]);
  const itself = await jit.load(at('a.tracelet'));
  await jit.save(itself, at('a.tracelet'));
  expect((await jit.load(at('a.tracelet'))).inputs[0].shape).toEqual([1, 5]);
});

test('of many that write one file at once, one is there in the end, and whole', async () => {
  const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(50_000));
  await Promise.all(texts.map((text) => write(at('file'), [Buffer.from(text.slice(0, 20_000)), Buffer.from(text.slice(20_000))])));
  expect(texts).toContain(content('file'));
  expect(readdirSync(home)).toEqual(['file']);
});

describe.skipIf(process.platform !== 'linux' || !ROOT)('a file system of its own', () => {
  const mounted = (options: string): boolean => {
    mkdirSync(at('disk'));
    return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', at('disk')]).status === 0;
  };
  const unmount = () => execFileSync('umount', [at('disk')]);

  test('that is full leaves the file that was there, and no part', async ({ skip }) => {
    if (!mounted('size=64k')) skip();
    try {
      writeFileSync(at('disk/file'), 'before');
      expect((await problem('source', () => write(at('disk/file'), [new Uint8Array(40_000), new Uint8Array(40_000)]))).message).toContain(
        'ENOSPC',
      );
      expect(readdirSync(at('disk'))).toEqual(['file']);
      expect(content('disk/file')).toBe('before');
    } finally {
      unmount();
    }
  });

  test('behind a link has the part beside the file', async ({ skip }) => {
    if (!mounted('size=1m')) skip();
    try {
      writeFileSync(at('disk/file'), 'before');
      symlinkSync('disk/file', at('link'));
      await write(at('link'), bytes('after'));
      expect(content('disk/file')).toBe('after');
      expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
    } finally {
      unmount();
    }
  });

  test('that is read only is an error', async ({ skip }) => {
    if (!mounted('ro')) skip();
    try {
      expect((await problem('source', () => write(at('disk/file'), bytes('x')))).message).toContain('EROFS');
    } finally {
      unmount();
    }
  });
});

test.each([
  ['.', 'expected a file to write, got a directory'],
  ['no/where', 'expected a file in a directory that exists'],
  ['none/', 'expected the name of a file, got that of a directory'],
  ['file/below', 'expected a file that can be written, got ENOTDIR'],
])('%s is an error, and nothing is left', async (name, message) => {
  writeFileSync(at('file'), 'before');
  expect((await problem('source', () => write(at(name), bytes('x')))).message.split(': ', 2)[1]).toContain(message);
  expect(readdirSync(home)).toEqual(['file']);
  await problem('source', () => write('', bytes('x')));
  await problem('source', () => write(at('nul\0'), bytes('x')));
});

test('what fails half way leaves the file that was there', async () => {
  writeFileSync(at('kept'), 'before');
  const controller = new AbortController();
  function* broken() {
    yield new Uint8Array(5);
    controller.abort(new Error('enough'));
    yield new Uint8Array(5);
  }
  await expect(write(at('kept'), broken(), { signal: controller.signal })).rejects.toThrow('enough');
  expect(content('kept')).toBe('before');
  expect(readdirSync(home)).toEqual(['kept']);
});

describe.skipIf(!POSIX)('pipes and devices', () => {
  const MANY = new Uint8Array(1 << 20).map((_, i) => i % 251);

  test('a named pipe is written for its reader, who may come late, and stays', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const written = write(at('pipe'), [MANY, MANY.subarray(0, 3)]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const read = await readFile(at('pipe'));
    await written;
    expect(Buffer.compare(read, Buffer.concat([MANY, MANY.subarray(0, 3)]))).toBe(0);
    expect(lstatSync(at('pipe')).isFIFO()).toBe(true);
    expect(readdirSync(home)).toEqual(['pipe']);
  });

  test('waiting for a reader, or for one that is slow, ends at the signal', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const reason = new Error('enough');
    const soon = () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 50);
      return controller.signal;
    };
    await expect(write(at('pipe'), [MANY], { signal: soon() })).rejects.toBe(reason);
    const reader = await open(at('pipe'), 'r+');
    await expect(write(at('pipe'), [MANY], { signal: soon() })).rejects.toBe(reason);
    await reader.close();
  });

  test('a character device stays one', async () => {
    await write('/dev/null', [MANY]);
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
    if (!ROOT || spawnSync('mknod', [at('null'), 'c', '1', '3']).status !== 0) return;
    symlinkSync('null', at('link'));
    for (const name of ['null', 'link']) await write(at(name), [MANY]);
    expect(lstatSync(at('null')).isCharacterDevice()).toBe(true);
    expect(readdirSync(home).sort()).toEqual(['link', 'null']);
  });

  test.skipIf(process.platform !== 'linux')('a device that is full is an error', async () => {
    expect((await problem('source', () => write('/dev/full', [MANY]))).message).toContain('ENOSPC');
    expect(lstatSync('/dev/full').isCharacterDevice()).toBe(true);
  });

  test.skipIf(process.platform !== 'linux')('what another process has open stays the file that it is', async () => {
    const file = await open(at('out'), 'w');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: ['ignore', file.fd, 'ignore'] });
    try {
      await write(`/proc/${child.pid}/fd/1`, bytes('here'));
      expect([content('out'), statSync(at('out')).ino]).toEqual(['here', (await file.stat()).ino]);
    } finally {
      child.kill();
      await file.close();
    }
  });

  test('what the process has open, and what it has not', async () => {
    const file = await open(at('out'), 'w');
    await write(`/dev/fd/${file.fd}`, bytes('one '));
    await write(`/dev/fd/${file.fd}`, bytes('two'));
    await file.close();
    expect(content('out')).toBe('one two');
    expect((await problem('source', () => write('/dev/fd/987', bytes('x')))).message).toContain('EBADF');
  });
});

test.skipIf(!POSIX)('jit.save writes through a link', async () => {
  writeFileSync(at('file'), 'before');
  symlinkSync('file', at('link'));
  const traced = await jit.trace(new nn.Linear(4, 4), [ones([1, 4])]);
  await jit.save(traced, at('link'));
  expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
  expect((await jit.load(at('file'))).verify().ok).toBe(true);
});

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { HASH_HEADER, type Partial, type ResumableCache } from '../../src/platform/cache.ts';
import { fileCache } from '../../src/platform/filecache.ts';
import { ownPart } from '../../src/platform/partfiles.ts';
import { filesIn } from '../support/opened.ts';
import { problem } from '../support/tiny.ts';

const URL_ = 'https://host/owner/name/file.bin';
const BYTES = new TextEncoder().encode('all of the bytes');
const TAG = '"v.1*"';
const TAGGED = '%22v%2E1%2A%22';

const all = mkdtempSync(join(tmpdir(), 'filecache-'));
afterAll(() => rmSync(all, { recursive: true, force: true }));

let root: string;
let cache: ResumableCache;
beforeEach(() => {
  root = mkdtempSync(join(all, 'case-'));
  cache = fileCache(root);
});

const folder = (): string => join(root, 'host/owner/name');
const names = (): string[] => (existsSync(folder()) ? readdirSync(folder()).sort() : []);
const keep = (name: string, content: string | Uint8Array = 'all of', secondsAgo = 0): string => {
  const path = join(folder(), name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  const then = Date.now() / 1000 - secondsAgo;
  utimesSync(path, then, then);
  return path;
};
/** The end of the name of a part of this machine whose process has ended. */
const orphaned = (): string => ownPart().replace(/^\d+/, `${spawnSync(process.execPath, ['-e', '']).pid}`);
const elsewhere = (number: string): string => `${process.pid}_another_${number}.part`;
const textOf = async (response: Response | undefined): Promise<string | undefined> => response?.text();
const failing = (...pieces: string[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.error(new Error('cut'));
      else controller.enqueue(new TextEncoder().encode(piece));
    },
  });
const headers = { etag: TAG };

describe('an entry', () => {
  test.each([
    ['https://host/owner/name/file.bin', 'host/owner/name/file.bin.16'],
    ['https://host:8080/a%2Fb/%2A*', 'host%3A8080/a%252Fb/%252A%2A.16'],
    ['https://host/', 'host/index.16'],
    ['https://host//a//b', 'host/a/b.16'],
    ['https://host/b?key=1', `host/b-${createHash('sha256').update('?key=1').digest('hex').slice(0, 16)}.16`],
  ])('of %s is the file %s', async (key, path) => {
    expect(await cache.match(key)).toBe(undefined);
    await cache.put(key, new Response(BYTES));
    expect(readdirSync(root, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())).toHaveLength(1);
    expect(readFileSync(join(root, path))).toEqual(Buffer.from(BYTES));
    const found = await cache.match(key);
    expect([await textOf(found), found?.headers.get('content-length')]).toEqual(['all of the bytes', '16']);
  });

  test('larger than what is read at once comes whole, and the file is closed at its end', async () => {
    const large = new Uint8Array(600_000).map((_, i) => i % 251);
    await cache.put(URL_, new Response(large));
    const pieces: Uint8Array[] = [];
    for await (const piece of ((await cache.match(URL_)) as Response).body as ReadableStream<Uint8Array>) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(1);
    expect(Buffer.concat(pieces).equals(large)).toBe(true);
    expect(filesIn(root)).toEqual([]);
  });

  test('is closed where it is not wanted any more', async () => {
    await cache.put(URL_, new Response(BYTES));
    const found = await cache.match(URL_);
    await found?.body?.cancel();
    expect(filesIn(root)).toEqual([]);
  });

  test('whose size is not that of its name is removed, and one that is right is found beside it', async () => {
    keep('file.bin.3', 'four');
    keep('file.bin.4', 'four');
    expect(await textOf(await cache.match(URL_))).toBe('four');
    expect(names()).toEqual(['file.bin.4']);
  });

  test.skipIf(process.platform === 'win32')('that is a link to nothing is removed', async () => {
    symlinkSync('nothing', keep('file.bin.4').replace(/4$/, '5'));
    rmSync(join(folder(), 'file.bin.4'));
    expect(await cache.match(URL_)).toBe(undefined);
    expect(names()).toEqual([]);
  });

  test('is neither a part, nor a file of a longer name', async () => {
    for (const name of ['file.bin.4.part', 'file.bin..4', 'file.bin.4x', 'file.bin.x4', 'file.bin4', 'a.file.bin.4']) keep(name, 'four');
    expect(await cache.match(URL_)).toBe(undefined);
    expect(names()).toHaveLength(6);
  });
});

describe('a part', () => {
  test.each<[string, () => string, number, boolean]>([
    ['whose process has ended', () => orphaned(), 1, true],
    ['that this process writes', () => ownPart(), 1, false],
    ['that this process has not written to for a minute', () => ownPart(), 61, true],
    ['that another machine wrote a moment ago', () => elsewhere('a'), 50, false],
    ['that another machine wrote a minute ago', () => elsewhere('a'), 61, true],
  ])('%s', async (_, owner, secondsAgo, taken) => {
    const path = keep(`file.bin.${TAGGED}.${owner()}`, 'all of', secondsAgo);
    const partial = await cache.partial(URL_);
    if (!taken) {
      expect([partial, existsSync(path)]).toEqual([undefined, true]);
      return;
    }
    const { id, ...rest } = partial as Partial;
    expect(rest).toEqual({ etag: TAG, size: 6 });
    expect(names()).toEqual([id.slice(folder().length + 1)]);
    expect(id).toMatch(new RegExp(`/file\\.bin\\.${TAGGED}\\.${process.pid}_\\w+\\.part$`));
    expect(Date.now() - statSync(id).mtimeMs).toBeLessThan(30_000);
    expect(await cache.partial(URL_)).toBe(undefined);
  });

  test('of nothing, of no ETag, of another file and of another form is none', async () => {
    keep(`file.bin.${TAGGED}.${elsewhere('a')}`, '', 100);
    keep(`file.bin..${elsewhere('a')}`, 'all', 100);
    keep(`file.bin2.${TAGGED}.${elsewhere('a')}`, 'all', 100);
    keep(`file.bin.${TAGGED}.x.${elsewhere('a')}`, 'all', 100);
    keep(`file.bin.${TAGGED}.${elsewhere('a')}s`, 'all', 100);
    expect(await cache.partial(URL_)).toBe(undefined);
    expect(names()).toHaveLength(5);
    expect(await cache.partial('https://host/none')).toBe(undefined);
  });

  test('that cannot be had does not hide the next one', async () => {
    keep(`file.bin.%.${elsewhere('a')}`, 'all', 100);
    keep(`file.bin.${TAGGED}.${elsewhere('b')}`, 'all of', 100);
    expect(await cache.partial(URL_)).toMatchObject({ etag: TAG, size: 6 });
  });

  test('is had by one of several that ask at once', async () => {
    keep(`file.bin.${TAGGED}.${elsewhere('a')}`, 'all of', 100);
    const asked = await Promise.all(Array.from({ length: 5 }, () => cache.partial(URL_)));
    expect(asked.filter(Boolean)).toHaveLength(1);
    expect(names()).toHaveLength(1);
  });

  test('that is left is had by the next who asks', async () => {
    keep(`file.bin.${TAGGED}.${elsewhere('a')}`, 'all of', 100);
    const partial = (await cache.partial(URL_)) as Partial;
    await cache.release(partial);
    expect(await cache.partial(URL_)).toMatchObject({ etag: TAG, size: 6 });
  });

  test('that is left with nothing in it is removed', async () => {
    const id = keep(`file.bin.${TAGGED}.${ownPart()}`, '');
    await cache.release({ etag: TAG, size: 0, id });
    expect(names()).toEqual([]);
    await cache.release({ etag: TAG, size: 0, id });
  });
});

describe('what is put', () => {
  const partial = (content = 'all of'): Partial => ({
    etag: TAG,
    size: content.length,
    id: keep(`file.bin.${TAGGED}.${ownPart()}`, content),
  });
  const rest = (body: BodyInit, more: Record<string, string> = {}): Response =>
    new Response(body, { status: 206, headers: { ...headers, ...more } });

  test('goes on behind what was there', async () => {
    await cache.put(URL_, rest(' the bytes'), partial());
    expect(names()).toEqual(['file.bin.16']);
    expect(await textOf(await cache.match(URL_))).toBe('all of the bytes');
  });

  test('replaces what was there where it is all of the file', async () => {
    await cache.put(URL_, new Response('anew', { headers }), partial());
    expect(names()).toEqual(['file.bin.4']);
    expect(await textOf(await cache.match(URL_))).toBe('anew');
  });

  test('replaces what was there and is gone', async () => {
    const lost = partial();
    rmSync(lost.id);
    await cache.put(URL_, new Response('anew', { headers }), lost);
    expect(names()).toEqual(['file.bin.4']);
  });

  test('in the place of a longer part that nobody could have has no bytes of that', async () => {
    await cache.put(URL_, new Response('anew', { headers }), partial('a part that is much longer'));
    expect(await textOf(await cache.match(URL_))).toBe('anew');
  });

  test.each<[string, Record<string, string>, string[], string | undefined]>([
    ['with an ETag leaves a part', headers, ['all ', 'of'], 'all of'],
    ['without an ETag leaves nothing', {}, ['all ', 'of'], undefined],
    ['before its first byte leaves nothing', headers, [], undefined],
  ])('and fails %s', async (_, given, pieces, left) => {
    await expect(cache.put(URL_, new Response(failing(...pieces), { headers: given }))).rejects.toThrow('cut');
    expect(names()).toHaveLength(left === undefined ? 0 : 1);
    expect(filesIn(root)).toEqual([]);
    const found = await cache.partial(URL_);
    expect([found?.size, found?.etag]).toEqual([left?.length, left && TAG]);
    if (found) expect(readFileSync(found.id, 'utf8')).toBe(left);
  });

  test('and fails once more goes on later with all that came', async () => {
    await expect(cache.put(URL_, rest(failing(' the') as never), partial())).rejects.toThrow('cut');
    const found = (await cache.partial(URL_)) as Partial;
    expect(readFileSync(found.id, 'utf8')).toBe('all of the');
    await cache.put(URL_, rest(' bytes'), found);
    expect(await textOf(await cache.match(URL_))).toBe('all of the bytes');
  });

  test('where nothing can be written lets go of its body', async () => {
    const cancelled = vi.fn();
    const body = new ReadableStream({ pull: (to) => to.enqueue(BYTES), cancel: cancelled });
    const lost: Partial = { etag: TAG, size: 6, id: join(root, 'no/such/part') };
    await expect(cache.put(URL_, rest(body as never), lost)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(cancelled).toHaveBeenCalledTimes(1);
  });

  test('has the hash that it should, of all of its bytes', async () => {
    const hash = createHash('sha256').update(BYTES).digest('hex');
    await cache.put(URL_, rest(' the bytes', { [HASH_HEADER]: `"${hash}"` }), partial());
    expect(names()).toEqual(['file.bin.16']);
    const wrong = rest(' the bytez', { [HASH_HEADER]: `"${hash}"` });
    const error = await problem('integrity', () => cache.put('https://host/owner/name/other', wrong, partial()));
    expect(error.message).toMatch(new RegExp(`^https://host/owner/name/other: expected bytes with SHA-256 ${hash}, got [0-9a-f]{64}\\.`));
    expect(names()).toEqual(['file.bin.16']);
  });

  test('removes parts of the same file that nobody writes to any more, and no others', async () => {
    keep(`file.bin.${TAGGED}.${elsewhere('old')}`, 'x', 61);
    keep(`file.bin..${orphaned()}`, 'x');
    const kept = [
      keep(`file.bin.${TAGGED}.${elsewhere('young')}`, 'x', 50),
      keep(`file.bin.${TAGGED}.${ownPart()}`, 'x', 1),
      keep(`file.bin2.${TAGGED}.${elsewhere('old')}`, 'x', 61),
      keep('file.bin.notes', 'x', 61),
    ];
    await cache.put(URL_, new Response(BYTES, { headers }));
    expect(names()).toEqual([...kept.map((path) => path.slice(folder().length + 1)), 'file.bin.16'].sort());
  });
});

import { describe, expect, test, vi } from 'vitest';
import type { ByteSource } from '../../src/platform/platform.ts';
import { readText } from '../../src/sources/folder.ts';
import { isPage, withoutPointer } from '../../src/sources/head.ts';
import { type ProgressInfo, watched } from '../../src/sources/progress.ts';
import { bytesOf, fromBytes, fromResponse, fromStream } from '../../src/sources/stream.ts';
import { problem } from '../support/tiny.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const numbered = (length: number): Uint8Array => new Uint8Array(length).map((_, i) => (i * 7) % 251);

/** What is read of `source` in pieces of these sizes, until one is not filled. */
async function readIn(source: ByteSource, sizes: readonly number[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let turn = 0; ; turn++) {
    const target = new Uint8Array(sizes[turn % sizes.length]);
    const read = await source.read(target);
    pieces.push(target.subarray(0, read));
    if (read < target.length) return new Uint8Array(Buffer.concat(pieces));
  }
}

/** A stream of pieces, of bytes that are lent or not, told of what becomes of it. */
function streamOf(pieces: readonly Uint8Array[], { type, ended = () => {} }: { type?: 'bytes'; ended?: (reason: unknown) => void } = {}) {
  const rest = [...pieces];
  const pull = (controller: ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController): void => {
    const piece = rest.shift();
    if (piece) controller.enqueue(piece.slice() as never);
    else {
      controller.close();
      if (type) (controller as ReadableByteStreamController).byobRequest?.respond(0);
    }
  };
  return new ReadableStream({ type, pull, cancel: ended } as UnderlyingSource<Uint8Array>) as ReadableStream<Uint8Array>;
}

describe('a source gives what was in its stream', () => {
  const bytes = numbered(300_000);
  const cuts = [0, 1, 512, 513, 1000, 1000, 262_144, 262_145, 299_999, 300_000];
  const pieces = cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end));

  test.each([[[100]], [[1, 512, 7]], [[262_144]], [[1000, 0, 400_000]]])('in pieces of %j', async (sizes) => {
    for (const make of [
      () => fromBytes(bytes),
      () => fromStream(streamOf(pieces), 'plain'),
      () =>
        fromStream(
          streamOf(
            pieces.filter(({ length }) => length > 0),
            { type: 'bytes' },
          ),
          'lent',
        ),
      () => fromResponse(new Response(bytes as BodyInit)),
    ])
      for (const wrap of [(source: ByteSource) => source, withoutPointer, (source: ByteSource) => watched(source, () => {}, 'a', 'b')]) {
        const source = wrap(make());
        expect(Buffer.from(await readIn(source, sizes)).equals(bytes)).toBe(true);
        await source.close();
      }
  });

  test.each([0, 1, 511, 512, 513])('where it is short: %i bytes', async (length) => {
    for (const size of [1, 100, 512, 600])
      expect([...(await readIn(withoutPointer(fromBytes(bytes.subarray(0, length))), [size]))]).toEqual([...bytes.subarray(0, length)]);
  });
});

describe('the length of a response', () => {
  const response = (headers: Record<string, string>) => fromResponse(new Response(numbered(9) as BodyInit, { headers }), 'name');

  test('is that of its header, unless that counts compressed bytes', () => {
    expect([response({ 'content-length': '9' }).size, response({}).size]).toEqual([9, undefined]);
    expect(response({ 'content-length': '5', 'content-encoding': 'gzip' }).size).toBe(undefined);
    expect([response({}).name, fromResponse(new Response('x')).name]).toEqual(['name', 'response']);
  });

  test('does not matter where it is no answer, whose body is let go of', async () => {
    const ended = vi.fn();
    const refused = new Response(streamOf([numbered(9)], { ended }) as BodyInit, { status: 404, statusText: 'Not here' });
    const { message } = await problem('source', () => fromResponse(refused, 'a name'));
    expect(message).toBe('a name: expected a response with a body, got status 404 Not here');
    expect(ended).toHaveBeenCalledTimes(1);
    await problem('source', () => fromResponse(new Response(null)));
  });
});

test('a stream is closed with its source, and may be read by others then', async () => {
  const ended = vi.fn();
  const stream = streamOf([numbered(9), numbered(9)], { ended });
  const source = fromStream(stream, 'stream');
  expect(stream.locked).toBe(true);
  expect((await problem('source', () => fromStream(stream, 'again'))).message).toBe(
    'again: expected a stream not read before, got one in use',
  );
  await source.read(new Uint8Array(3));
  await source.close();
  expect([stream.locked, ended.mock.calls.length]).toEqual([false, 1]);
});

test.each([
  ['of the library', true, 'Error: broken'],
  ['of a caller', false, 'TraceletError: stream: expected a stream read to its end, got broken'],
])('the error of a stream %s', async (_, own, shown) => {
  const stream = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error('broken')) });
  await expect(fromStream(stream, 'stream', undefined, undefined, own).read(new Uint8Array(1)).catch(String)).resolves.toBe(shown);
});

test('bytes are those of a view, and all of a buffer', () => {
  const all = numbered(9);
  expect(bytesOf(all.subarray(2, 4))).toEqual(all.subarray(2, 4));
  expect(bytesOf(all.buffer as ArrayBuffer)).toEqual(all);
});

describe('a text', () => {
  test.each([0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 200_000])('comes whole, whatever is read at once: %i', async (length) => {
    const text = 'é😀x'.repeat(length / 7) + 'x'.repeat(length % 7);
    expect(encode(text)).toHaveLength(length);
    const closed = vi.fn();
    expect(await readText({ ...fromBytes(encode(text)), close: async () => closed() })).toBe(text);
    expect(closed).toHaveBeenCalledTimes(1);
  });

  test('that cannot be read closes its source', async () => {
    const closed = vi.fn();
    const read = async () => Promise.reject(new Error('broken'));
    await expect(readText({ ...fromBytes(encode('a')), read, close: async () => closed() })).rejects.toThrow('broken');
    expect(closed).toHaveBeenCalledTimes(1);
  });
});

describe('the beginning of a file tells', () => {
  test.each<[string, boolean]>([
    ['<!doctype html>', true],
    ['\ufeff <!DOCTYPE   HTML>', true],
    ['\n\n<html>', true],
    ['<HTML lang="en">', true],
    ['<htmlx>', false],
    ['<!doctypehtml>', false],
    ['{"a": "<html>"}', false],
    [`${' '.repeat(506)}<html>`, true],
    [`${' '.repeat(507)}<html>`, false],
    ['', false],
  ])('a page: %j', (text, page) => {
    expect(isPage(encode(text))).toBe(page);
  });

  test.each<[string, string | undefined]>([
    ['version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n', '12345'],
    ['version https://hawser.github.com/spec/v1\nsize 7\n', '7'],
    ['version https://git-lfs.github.com/spec/v1\next-0 x sha256:1\noid sha256:4d7a\nsize 9', '9'],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n', undefined],
    ['version https://example.com/spec/v1\nsize 7\n', undefined],
    ['xversion https://git-lfs.github.com/spec/v1\nsize 7\n', undefined],
    ['vocabulary', undefined],
  ])('a pointer of Git LFS: %j', async (text, size) => {
    const read = async () => new TextDecoder().decode(await readIn(withoutPointer({ ...fromBytes(encode(text)), name: 'file' }), [20]));
    if (size === undefined) expect(await read()).toBe(text);
    else
      expect((await problem('source', read)).message).toMatch(
        new RegExp(`^file: expected the file itself, got a Git LFS pointer, which stands for a file of ${size} bytes\\. Run git lfs pull`),
      );
  });
});

describe('progress', () => {
  const told = async (source: ByteSource, sizes: readonly number[]): Promise<ProgressInfo[]> => {
    const infos: ProgressInfo[] = [];
    await readIn(
      watched(source, (info) => void infos.push(info), 'model', 'file'),
      sizes,
    );
    return infos;
  };
  const about = { name: 'model', file: 'file' };
  const begin = [
    { status: 'initiate', ...about },
    { status: 'download', ...about },
  ];
  const at = (loaded: number, total?: number) => ({
    status: 'progress',
    ...about,
    loaded,
    total,
    progress: total && (100 * loaded) / total,
  });
  const done = { status: 'done', ...about };

  test('is told from a begin to an end, of how much there is', async () => {
    expect(await told(fromBytes(numbered(8)), [2, 6, 1])).toEqual([...begin, at(2, 8), at(8, 8), done]);
  });

  test('of a length that nobody knows is told at the end', async () => {
    const source = { ...fromBytes(numbered(5)), size: undefined };
    expect(await told(source, [4, 4])).toEqual([...begin, at(4), at(5, 5), done]);
    const even = { ...fromBytes(numbered(4)), size: undefined };
    expect(await told(even, [4, 4])).toEqual([...begin, at(4), at(4, 4), done]);
  });

  test('of an end that is read twice is told once', async () => {
    const infos: ProgressInfo[] = [];
    const source = watched({ ...fromBytes(numbered(3)), size: undefined }, (info) => void infos.push(info), 'model', 'file');
    for (let turn = 0; turn < 3; turn++) await source.read(new Uint8Array(4));
    expect(infos).toEqual([...begin, at(3, 3), done]);
  });

  test('of nothing ends as well', async () => {
    const empty = { ...fromBytes(numbered(0)), size: undefined };
    expect(await told(empty, [4])).toEqual([...begin, { status: 'progress', ...about, loaded: 0, total: 0, progress: 0 }, done]);
  });

  test('that nobody asks for leaves a source as it is', () => {
    const source = fromBytes(numbered(3));
    expect(watched(source, undefined, 'model', 'file')).toBe(source);
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../../src/formats/checkpoint.ts';
import { BertModel, jit } from '../../../src/index.ts';
import type { ProgressInfo } from '../../../src/sources/progress.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { fixture } from '../../support/fixtures.ts';
import { Counter } from '../../support/opened.ts';
import { archive, dict, pickled, strided } from '../../support/pickle.ts';
import { sourceOf } from '../../support/safetensors.ts';
import { base, config, type Reply, serving } from '../../support/served.ts';
import { fileOf, problem } from '../../support/tiny.ts';

const BERT = fixture('bin/bert');
const bytesOf = (path: string): Uint8Array => new Uint8Array(readFileSync(path));
const ZIP = bytesOf(`${BERT}/pytorch_model.bin`);
const LEGACY = bytesOf(`${BERT}/legacy.bin`);
const FORMS = [
  ['zip', ZIP],
  ['legacy', LEGACY],
] as const;
const BOOM = new Error('boom');

const seen: string[] = [];
let replies: Map<string, Reply>;
serving((path) => {
  seen.push(path);
  return replies.get(path) ?? { status: 404 };
});

let root: string;
let count = 0;
let wanted: Awaited<ReturnType<typeof openCheckpoint>>;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'bin-'));
  wanted = await openCheckpoint(`${BERT}/model.safetensors`);
});
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => {
  seen.length = 0;
  replies = new Map();
});

const plain = (tensors: ReadonlyMap<string, Tensor>) =>
  Object.fromEntries(
    [...tensors]
      .sort()
      .map(([name, { dtype, shape, data }]) => [
        name,
        `${dtype} ${shape} ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')}`,
      ]),
  );
const same = ({ tensors }: { tensors: ReadonlyMap<string, Tensor> }): void => expect(plain(tensors)).toEqual(plain(wanted.tensors));

function folder(files: Record<string, Uint8Array | string>): string {
  const path = join(root, `${count++}`);
  mkdirSync(path);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

/** A checkpoint of one tensor of that name, and the same in a folder. */
const named = (name: string): Uint8Array => archive(pickled(dict({ [name]: strided() })), { 0: new Uint8Array(64) });

describe.each(FORMS)('a %s file', (_, bytes) => {
  test('is read from wherever it comes', async () => {
    const path = folder({
      'pytorch_model.bin': bytes,
      'weights.pt': bytes,
      'weights.pth': bytes,
      'last.ckpt': bytes,
      weights: bytes,
      'config.json': '{}',
    });
    const before = bytes.slice();
    const sources = [
      path,
      `${path}/`,
      ...['pytorch_model.bin', 'weights.pt', 'weights.pth', 'last.ckpt', 'config.json', 'weights'].map((name) => join(path, name)),
      bytes,
      bytes.slice().buffer as ArrayBuffer,
      new Response(bytes.slice()),
      new Blob([bytes as BlobPart]),
      new File([bytes as BlobPart], 'x.bin'),
      sourceOf(bytes),
      sourceOf(bytes, false),
    ];
    for (const source of sources) same(await openCheckpoint(source));
    for (const shift of [1, 2, 3, 5]) {
      const around = new Uint8Array(bytes.length + 9);
      around.set(bytes, shift);
      same(await openCheckpoint(around.subarray(shift, shift + bytes.length)));
      same(await openCheckpoint(Buffer.from(around.buffer, shift, bytes.length)));
      expect(around.subarray(shift, shift + bytes.length)).toEqual(before);
    }
    expect(bytes).toEqual(before);
  });

  test('is read from a stream in pieces of any size', async () => {
    for (const size of [1, 7, 1000]) {
      let at = 0;
      const pull = (controller: ReadableStreamDefaultController) => {
        if (at < bytes.length) controller.enqueue(bytes.slice(at, at + size));
        else controller.close();
        at += size;
      };
      same(await openCheckpoint(new ReadableStream({ pull })));
    }
  });

  test('is read from an address', async () => {
    replies
      .set('x.pth?download=true', bytes)
      .set('m/pytorch_model.bin', bytes)
      .set('m/config.json', config)
      .set('x.pth', bytes)
      .set('y', bytes);
    for (const source of [`${base}/m/`, `${base}/m/pytorch_model.bin`, `${base}/x.pth?download=true`, new URL(`${base}/x.pth`)])
      same(await openCheckpoint(source, { cache: false }));
  });

  test('is read from the hub, through a cache', async () => {
    replies.set('owner/name/resolve/main/pytorch_model.bin', bytes);
    const cache = join(root, `cache${count++}`);
    for (let turn = 0; turn < 2; turn++) same(await openCheckpoint('owner/name', { endpoint: base, cache }));
    expect(seen.filter((path) => path.endsWith('.bin'))).toHaveLength(1);
    same(await openCheckpoint(`${base}/owner/name/blob/main/pytorch_model.bin`, { endpoint: base, cache }));
  });

  test('that is larger than it says, or smaller, is read to its end', async () => {
    for (const size of [0, 10, bytes.length - 1, bytes.length + 1, 10 * bytes.length])
      same(await openCheckpoint({ ...sourceOf(bytes, false), size }));
    await problem('memory', () => openCheckpoint({ ...sourceOf(bytes, false), size: 2 ** 52 }));
  });

  test('that is cut short, or longer, is an error', async () => {
    for (const wrong of [bytes.subarray(0, -1), bytes.subarray(0, 100), new Uint8Array([...bytes, 0])])
      for (const source of [wrong, sourceOf(wrong), sourceOf(wrong, false)]) await problem('format', () => openCheckpoint(source));
  });

  test('tells how far it has come', async () => {
    const heard: ProgressInfo[] = [];
    await openCheckpoint(folder({ 'pytorch_model.bin': bytes }), { progress_callback: (info) => heard.push(info) });
    expect(heard.map(({ status, file }) => `${file} ${status}`)).toEqual(
      ['initiate', 'download', 'progress', 'progress', 'done'].map((status) => `pytorch_model.bin ${status}`),
    );
    expect(heard.map(({ loaded }) => loaded)).toEqual([undefined, undefined, 8, bytes.length, undefined]);
  });

  test('that is stopped is let go of', async () => {
    const counter = new Counter(root);
    const path = folder({ 'pytorch_model.bin': bytes });
    await expect(openCheckpoint(bytes, { signal: AbortSignal.abort(BOOM) })).rejects.toBe(BOOM);
    const stop = (info: ProgressInfo) => void (info.loaded === 8 && counter.controller.abort(BOOM));
    await expect(openCheckpoint(path, { signal: counter.signal, progress_callback: stop })).rejects.toBe(BOOM);
    await counter.expectNothing();
    const other = new Counter(root);
    setTimeout(() => other.controller.abort(BOOM), 20);
    const stalled = new ReadableStream({ start: (controller) => controller.enqueue(bytes.slice(0, 100)) });
    await expect(openCheckpoint(stalled, { signal: other.signal })).rejects.toBe(BOOM);
    await other.expectNothing();
  });

  test('that is read, or broken, is let go of', async () => {
    const counter = new Counter(root);
    const { signal } = counter;
    same(await openCheckpoint(counter.stream(bytes), { signal }));
    same(await openCheckpoint(new Response(counter.stream(bytes)), { signal }));
    same(await openCheckpoint(folder({ 'pytorch_model.bin': bytes }), { signal }));
    await problem('format', () => openCheckpoint(counter.stream(bytes.subarray(0, -1)), { signal }));
    await problem('unsupported', () => openCheckpoint(counter.stream(Buffer.from(`PYTORCH1${'.'.repeat(5000)}`)), { signal }));
    await expect(
      openCheckpoint(counter.stream(bytes), {
        signal,
        progress_callback: () => {
          throw BOOM;
        },
      }),
    ).rejects.toBe(BOOM);
    await counter.expectNothing();
  });
});

describe('a folder', () => {
  const index = (weight_map: unknown) => JSON.stringify({ weight_map });

  test('has other checkpoints first', async () => {
    const trace = await fileOf(
      await jit.trace(await BertModel.from_pretrained(BERT), [
        (await openCheckpoint(`${BERT}/golden.safetensors`)).tensors.get('0.in.input_ids') as Tensor,
      ]),
    );
    const all: [string, Uint8Array | string][] = [
      ['model.safetensors', bytesOf(`${BERT}/model.safetensors`)],
      ['model.safetensors.index.json', index({})],
      ['model.tracelet', trace],
      ['pytorch_model.bin', named('bin')],
      ['pytorch_model.bin.index.json', index({ part: 'part.bin' })],
      ['part.bin', named('part')],
    ];
    const first = async (from: number) => [...(await openCheckpoint(folder(Object.fromEntries(all.slice(from))))).tensors.keys()];
    expect(await first(0)).toContain('embeddings.LayerNorm.bias');
    expect(await first(1)).toEqual([]);
    expect(await first(2)).toContain('trace.code');
    expect(await first(3)).toEqual(['bin']);
    expect(await first(4)).toEqual(['part']);
    expect(await problem('source', () => first(5))).toMatchObject({
      message: expect.stringContaining('got only part.bin. Name the file itself'),
    });
  });

  test('is asked for a pickle only where it has nothing else, in that order', async () => {
    replies
      .set('owner/name/resolve/main/model.safetensors', bytesOf(`${BERT}/model.safetensors`))
      .set('owner/name/resolve/main/pytorch_model.bin', ZIP);
    const load = async () => openCheckpoint('owner/name', { endpoint: base, cache: false });
    same(await load());
    expect(seen).toEqual(['owner/name/resolve/main/model.safetensors']);
    replies.delete('owner/name/resolve/main/model.safetensors');
    seen.length = 0;
    same(await load());
    expect(seen.map((path) => path.split('/').at(-1))).toEqual([
      'model.safetensors',
      'model.safetensors.index.json',
      'model.tracelet',
      'pytorch_model.bin',
    ]);
    seen.length = 0;
    replies.delete('owner/name/resolve/main/pytorch_model.bin');
    await problem('source', load);
    expect(seen.filter((path) => path.includes('.bin'))).toHaveLength(4);
  });

  test('may have shards', async () => {
    const path = folder({ 'pytorch_model.bin.index.json': index({ a: '1.bin', b: '2.bin' }), '1.bin': named('a'), '2.bin': named('b') });
    expect([...(await openCheckpoint(path)).tensors.keys()]).toEqual(['a', 'b']);
    expect([...(await openCheckpoint(`${path}/pytorch_model.bin.index.json`)).tensors.keys()]).toEqual(['a', 'b']);
    same(await openCheckpoint(`${BERT}/sharded`));
    const wrapped = folder({
      'pytorch_model.bin.index.json': index({ 'module.a': '1.bin', 'module.b': '2.bin' }),
      '1.bin': named('module.a'),
      '2.bin': named('module.b'),
    });
    expect([...(await openCheckpoint(wrapped)).tensors.keys()]).toEqual(['a', 'b']);
  });

  test('has shards that are there, hold what the index says and are of its kind', async () => {
    const files = { '1.bin': named('a') };
    const of = (weight_map: unknown) => openCheckpoint(folder({ ...files, 'pytorch_model.bin.index.json': index(weight_map) }));
    expect((await problem('source', () => of({ a: '2.bin' }))).message).toMatch(
      /shard .*2\.bin: expected a file, as .*index\.json lists it, got none/,
    );
    expect((await problem('checkpoint', () => of({ b: '1.bin' }))).message).toMatch(/tensor "a": expected no shard/);
    expect((await problem('checkpoint', () => of({ a: '1.bin', b: '1.bin' }))).message).toMatch(
      /tensor "b": expected "1\.bin", as .*, got no such tensor there/,
    );
    for (const shard of ['../1.bin', '/1.bin', 'a\\1.bin', 'C:1.bin', '.bin', '..', '1.safetensors', '1.bin.json', '', 1, null])
      expect((await problem('format', () => of({ a: shard }))).message).toMatch(/expected the name of a \.bin file beside it for "a"/);
  });

  test('that lies elsewhere may end as a file does', async () => {
    const path = `${folder({})}/last.ckpt`;
    mkdirSync(path);
    writeFileSync(join(path, 'pytorch_model.bin'), ZIP);
    same(await openCheckpoint(path));
    expect((await problem('source', () => openCheckpoint(join(path, 'model.pt')))).message).toMatch(
      /model\.pt: expected a file, got none beside/,
    );
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import { encodeHeader } from '../../src/formats/safetensors.ts';
import { jit } from '../../src/index.ts';
import type { ProgressInfo } from '../../src/sources/progress.ts';
import { tensor, zeros } from '../../src/tensor/creation.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { concat, entry, file, serialize, sourceOf } from '../support/safetensors.ts';
import { fileOf, tinyBert } from '../support/tiny.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'checkpoint-'));
});
afterAll(() => rm(root, { recursive: true }));

const half = (...bits: number[]) => new Tensor('float16', [bits.length], Uint16Array.from(bits));
const brain = (...bits: number[]) => new Tensor('bfloat16', [bits.length], Uint16Array.from(bits));
const pack = (tensors: Record<string, Tensor>, metadata = {}): Uint8Array => concat(serialize(Object.entries(tensors), metadata));

let folders = 0;
async function folder(files: Record<string, Uint8Array | string>): Promise<string> {
  const directory = join(root, `${folders++}`);
  await mkdir(directory);
  for (const [name, contents] of Object.entries(files)) await writeFile(join(directory, name), contents);
  return directory;
}

const index = (weight_map: unknown): string => JSON.stringify({ metadata: { total_size: 0 }, weight_map });

const mixed = {
  'odd.int8': tensor([[1, -2, 3]], { dtype: 'int8' }),
  single: tensor([[1.5, -2]], { dtype: 'float32' }),
  half: half(0x3c00, 0xc000, 0x0001),
  brain: brain(0x3f80, 0xc040),
  double: tensor([0.1, 2], { dtype: 'float64' }),
  ids: tensor([[0n, 1n]]),
  none: zeros([0, 3]),
};

const widened = {
  'odd.int8': ['int8', [1, 3], [[1, -2, 3]]],
  single: ['float32', [1, 2], [[1.5, -2]]],
  half: ['float32', [3], [1, -2, 2 ** -24]],
  brain: ['float32', [2], [1, -3]],
  double: ['float32', [2], [Math.fround(0.1), 2]],
  ids: ['int64', [1, 2], [[0n, 1n]]],
  none: ['float32', [0, 3], []],
};

const plain = (tensors: Map<string, Tensor>) => Object.fromEntries([...tensors].map(([name, t]) => [name, [t.dtype, t.shape, t.tolist()]]));

describe('a checkpoint', () => {
  const bytes = pack(mixed, { format: 'pt' });

  test('is read from a directory, a file and bytes alike', async () => {
    const beside = ['config.json', 'modules.json', 'config_sentence_transformers.json', 'README.md'];
    const files = Object.fromEntries(beside.map((name) => [name, '']));
    const directory = await folder({ 'model.safetensors': bytes, 'other.tracelet': bytes, ...files });
    const file = join(directory, 'other.tracelet');
    for (const [source, name] of [
      [directory, directory],
      [file, file],
      [bytes, 'bytes'],
      [bytes.buffer as ArrayBuffer, 'bytes'],
    ] as const) {
      const checkpoint = await openCheckpoint(source);
      expect(checkpoint.name).toBe(name);
      expect(plain(checkpoint.tensors)).toEqual(widened);
      expect({ ...checkpoint.metadata }).toEqual({ format: 'pt' });
    }
    for (const name of ['', ...beside]) expect(plain((await openCheckpoint(`${directory}/${name}`)).tensors), name).toEqual(widened);
  });

  test('in bytes is not copied where it need not be', async () => {
    const aligned = pack({ a: tensor([1, 2], { dtype: 'float32' }) });
    expect((await openCheckpoint(aligned)).tensors.get('a')?.data.buffer).toBe(aligned.buffer);
  });

  test('tells how far it has come', async () => {
    const large = pack({ a: zeros([3 << 20]), b: zeros([2]) });
    const path = join(await folder({ 'model.safetensors': large }), 'model.safetensors');
    const seen: ProgressInfo[] = [];
    await openCheckpoint(path, { progress_callback: (info) => seen.push(info) });
    expect(new Set(seen.map(({ name, file }) => `${name} ${file}`))).toEqual(new Set([`${dirname(path)}/ model.safetensors`]));
    expect(seen.map(({ status }) => status)).toEqual(['initiate', 'download', ...Array(5).fill('progress'), 'done']);
    const steps = seen.flatMap((info) => (info.status === 'progress' ? [info] : []));
    const header = large.length - (12 << 20) - 8;
    expect(steps.map(({ loaded }) => loaded)).toEqual([8, header, (8 << 20) + header, large.length - 8, large.length]);
    expect(steps.map(({ total }) => total)).toEqual(Array(5).fill(large.length));
    expect(steps[4].progress).toBe(100);
  });

  test('is not read once the signal is aborted', async () => {
    const directory = await folder({ 'model.safetensors': pack({ a: zeros([3 << 20]) }) });
    await expect(openCheckpoint(directory, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
    const controller = new AbortController();
    const midway = openCheckpoint(directory, { signal: controller.signal, progress_callback: () => controller.abort(new Error('midway')) });
    await expect(midway).rejects.toThrow('midway');
  });

  test('that is missing is named with what was looked for', async () => {
    const directory = await folder({});
    await expect(openCheckpoint(directory)).rejects.toMatchObject({
      code: 'source',
      message: expect.stringContaining(
        `expected ${directory}/model.safetensors or ${directory}/model.safetensors.index.json, got neither. Name a directory`,
      ),
    });
    await expect(openCheckpoint(join(directory, 'x.safetensors'))).rejects.toMatchObject({ code: 'source' });
    const variant = await folder({ 'pytorch_model.fp16.bin': '', 'training_args.bin': '' });
    await expect(openCheckpoint(variant)).rejects.toThrow(
      `got only pytorch_model.fp16.bin. Name the file itself: ${variant}/pytorch_model.`,
    );
    const parts = await folder({ 'pytorch_model-00001-of-00002.bin': '' });
    await expect(openCheckpoint(parts)).rejects.toThrow(/got only pytorch_model-00001-of-00002\.bin\. The index that says/);
    const pickled = await folder({ 'model.pt': '' });
    await expect(openCheckpoint(pickled)).rejects.toThrow(`got only model.pt. Name the file itself: ${pickled}/model.pt`);
    await expect(openCheckpoint(await folder({ 'optimizer.pt': '' }))).rejects.toThrow(/got neither among "optimizer\.pt"/);
    const many = ['1', '2', '3', '4', '5'].map((part) => [`${part}.onnx`, ''] as const);
    await expect(openCheckpoint(await folder(Object.fromEntries(many.slice(0, 3))))).rejects.toThrow(
      /got only 1\.onnx, 2\.onnx, 3\.onnx\. ONNX/,
    );
    await expect(openCheckpoint(await folder(Object.fromEntries(many)))).rejects.toThrow(
      /got only 1\.onnx, 2\.onnx, 3\.onnx and 2 more\. ONNX/,
    );
    await expect(openCheckpoint(await folder({ 'a.txt': '', 'model.gguf': '' }))).rejects.toThrow(/got only model\.gguf\. GGUF/);
    const other = await folder({ 'model.fp16.safetensors': '' });
    await expect(openCheckpoint(other)).rejects.toThrow(
      `got only model.fp16.safetensors. Name the file itself: ${other}/model.fp16.safetensors`,
    );
    await expect(openCheckpoint(await folder({ 'notes.txt': '' }))).rejects.toThrow(/got neither among "notes\.txt"/);
  });

  test('is read from a stream of unknown size, which is closed', async () => {
    let closed = 0;
    const stream = (contents: Uint8Array) => ({ ...sourceOf(contents, false), close: async () => void closed++ });
    expect(plain((await openCheckpoint(stream(bytes))).tensors)).toEqual(widened);
    const wrong = { code: 'format', message: expect.stringMatching(/^tensor "ids" of stream: expected 16 bytes, got 15/) };
    await expect(openCheckpoint(stream(bytes.subarray(0, -1)))).rejects.toMatchObject(wrong);
    const longer = { code: 'format', message: `stream: expected ${bytes.length} bytes, got trailing bytes behind the last tensor` };
    await expect(openCheckpoint(stream(concat([bytes, new Uint8Array(1)])))).rejects.toMatchObject(longer);
    const vast = { name: 'a', dtype: 'uint8', shape: [2 ** 52] } as const;
    await expect(openCheckpoint(stream(encodeHeader([vast]).bytes))).rejects.toMatchObject({ code: 'memory' });
    expect(closed).toBe(4);
  });

  test('may hold tensors that nothing computes with, which are passed over', async () => {
    const long = (8 << 20) + 2;
    const json = JSON.stringify({
      __metadata__: null,
      odd: entry('I16', [(4 << 20) + 1], [0, long]),
      a: entry('F32', [1], [long, long + 4]),
      small: entry('F8_E4M3', [2], [long + 4, long + 6]),
    });
    const data = new Uint8Array(long + 6);
    data.set(new Uint8Array(new Float32Array([1.5]).buffer), long);
    const bytes = file(json, data);
    const directory = await folder({ 'model.safetensors': bytes });
    for (const source of [bytes, directory, sourceOf(bytes, false)]) {
      const { tensors, foreign } = await openCheckpoint(source);
      expect(plain(tensors)).toEqual({ a: ['float32', [1], [1.5]] });
      expect(foreign).toEqual(
        new Map([
          ['odd', { dtype: 'I16', shape: [(4 << 20) + 1] }],
          ['small', { dtype: 'F8_E4M3', shape: [2] }],
        ]),
      );
    }
    await expect(openCheckpoint(sourceOf(bytes.subarray(0, 1 << 20), false))).rejects.toThrow(
      /tensor "odd" of stream: expected 8388610 bytes/,
    );
    const shards = { a: '1.safetensors', odd: '1.safetensors', small: '1.safetensors' };
    const sharded = await folder({ 'model.safetensors.index.json': index(shards), '1.safetensors': bytes });
    expect((await openCheckpoint(sharded)).foreign?.size).toBe(2);
    expect((await openCheckpoint(pack({ a: tensor([1]) }))).foreign).toBeUndefined();
  });

  test('is named by what is wrong with it, as are options', async () => {
    const pointer = new TextEncoder().encode(`version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 9\n`);
    for (const [source, message] of [
      [bytes.subarray(0, -1), /^tensor "ids" of bytes: /],
      [pointer, /^bytes: /],
    ] as const)
      await expect(openCheckpoint(source)).rejects.toThrow(message);
    const nameless = { read: async () => 0, close: async () => {} };
    await expect(openCheckpoint(nameless as never)).rejects.toThrow(/^source: expected a path, a URL, a hub id/);
    await expect(openCheckpoint(bytes, { sginal: 1 } as never)).rejects.toThrow(/^openCheckpoint: option "sginal"/);
  });

  test('may be a trace, whose names and hashes count', async () => {
    const traced = await jit.trace(tinyBert(), { input_ids: tensor([[1, 2, 3]]) });
    const trace = await fileOf(traced);
    traced.dispose();
    const damaged = trace.slice();
    damaged[damaged.length - 1] ^= 1;
    const { tensors } = await openCheckpoint(trace);
    expect([...tensors.keys()]).toContain('embeddings.word_embeddings.weight');
    for (const name of tensors.keys()) expect(name).toMatch(/^(embeddings|encoder|pooler|trace|golden)\./);
    expect(plain((await openCheckpoint(sourceOf(trace))).tensors)).toEqual(plain(tensors));
    for (const source of [damaged, sourceOf(damaged)]) await expect(openCheckpoint(source)).rejects.toMatchObject({ code: 'integrity' });
    const beside = await openCheckpoint(await folder({ 'model.tracelet': trace }));
    expect(plain(beside.tensors)).toEqual(plain(tensors));
  });

  test('that is broken is a format error', async () => {
    await expect(openCheckpoint(bytes.subarray(0, bytes.length - 1))).rejects.toMatchObject({ code: 'format' });
    const directory = await folder({ 'model.safetensors': bytes.subarray(0, bytes.length - 1), 'empty.safetensors': '' });
    await expect(openCheckpoint(directory)).rejects.toMatchObject({ code: 'format', message: expect.stringContaining('cut short') });
    await expect(openCheckpoint(join(directory, 'empty.safetensors'))).rejects.toMatchObject({ code: 'format' });
  });
});

describe('shards', () => {
  const one = pack({ a: tensor([1]), b: half(0x3c00) }, { format: 'pt' });
  const two = pack({ c: tensor([3]) }, { format: 'pt' });
  const map = { a: '1.safetensors', b: '1.safetensors', c: '2.safetensors' };

  const opened = async (weight_map: unknown, files: Record<string, Uint8Array>) =>
    openCheckpoint(await folder({ 'model.safetensors.index.json': index(weight_map), ...files }));

  test('make one checkpoint', async () => {
    const files = { '1.safetensors': one, '2.safetensors': two };
    const { tensors, metadata } = await opened(map, files);
    expect(Object.fromEntries([...tensors].map(([name, t]) => [name, t.tolist()]))).toEqual({ a: [1], b: [1], c: [3] });
    expect({ ...metadata }).toEqual({ format: 'pt' });
    const directory = await folder({ 'model.safetensors.index.json': index(map), ...files });
    const named = await openCheckpoint(`${directory}/model.safetensors.index.json`);
    expect([named.tensors.size, named.foreign]).toEqual([3, undefined]);
  });

  test('are read in the order of their names, in which the last says what metadata is', async () => {
    const parts = ['x-1.safetensors', 'x-2.safetensors'] as const;
    const files = { [parts[0]]: pack({ a: tensor([1]) }, { k: 'first' }), [parts[1]]: pack({ b: tensor([2]) }, { k: 'last' }) };
    expect((await opened({ b: parts[1], a: parts[0] }, files)).metadata.k).toBe('last');
  });

  test('are all there', async () => {
    await expect(opened(map, { '1.safetensors': one })).rejects.toMatchObject({
      code: 'source',
      message: expect.stringMatching(/shard .*2\.safetensors: expected a file, as .*index\.json lists it, got none/),
    });
  });

  test('hold what the index says, and no more', async () => {
    const files = { '1.safetensors': one, '2.safetensors': two };
    for (const [weight_map, message] of [
      [{ ...map, c: '1.safetensors', d: '2.safetensors' }, /tensor "c": expected "1\.safetensors", as .* says, got it in "2\.safetensors"/],
      [{ ...map, d: '2.safetensors' }, /tensor "d": expected "2\.safetensors", as .* says, got no such tensor there/],
      [{ a: '1.safetensors', c: '2.safetensors' }, /tensor "b": expected no shard, as .* says, got it in "1\.safetensors"/],
    ] as const)
      await expect(opened(weight_map, files)).rejects.toMatchObject({ code: 'checkpoint', message: expect.stringMatching(message) });
  });

  test('are files beside the index', async () => {
    for (const shard of [
      '../1.safetensors',
      '/etc/1.safetensors',
      'a\\1.safetensors',
      'C:1.safetensors',
      '..',
      '.safetensors/..',
      '',
      'x.bin',
      '1.safetensors.bin',
      ['1.safetensors'],
      1,
      null,
    ])
      await expect(opened({ a: shard }, {})).rejects.toMatchObject({
        code: 'format',
        message: expect.stringMatching(/weight_map of .*: expected the name of a \.safetensors file beside it for "a", got/),
      });
  });

  test('have an index that is sound', async () => {
    const broken = { '{': /expected JSON/, '[]': /a JSON object/, '{}': /weight_map of .*: expected an object, got undefined/ };
    for (const [text, message] of Object.entries(broken)) {
      const directory = await folder({ 'model.safetensors.index.json': text });
      await expect(openCheckpoint(directory)).rejects.toMatchObject({ code: 'format', message: expect.stringMatching(message) });
    }
  });
});

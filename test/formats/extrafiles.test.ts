import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readExtraFiles } from '../../src/formats/beside.ts';
import { BertForMaskedLM, type ErrorCode, jit, type TracedModule, tensor } from '../../src/index.ts';
import { fromBytes } from '../../src/sources/stream.ts';
import { fileOf, problem, tinyBert, tinyConfig } from '../support/tiny.ts';

const ids = tensor([[1, 2, 3, 4, 5]]);
let traced: TracedModule;
let file: Uint8Array;
let directory: string;
const at = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trace-'));
  traced = await jit.trace(tinyBert(), [ids]);
  file = await fileOf(traced);
});
afterAll(() => rm(directory, { recursive: true }));

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(Buffer.from(b));

describe('extra files', () => {
  test('travel in the trace', async () => {
    await jit.save(traced, at('b.tracelet'), { _extra_files: { 'notes.txt': 'Größe', 'raw/x.bin': new Uint8Array([0, 255]) } });
    const wanted = { 'notes.txt': '', 'config.json': '' };
    const loaded = await jit.load(at('b.tracelet'), { _extra_files: wanted });
    expect(wanted['notes.txt']).toBe('Größe');
    expect(JSON.parse(wanted['config.json']).hidden_size).toBe(16);
    expect(loaded.files.get('raw/x.bin')).toEqual(new Uint8Array([0, 255]));
    expect(sameBytes(await fileOf(loaded), await readFile(at('b.tracelet')))).toBe(true);
    const replaced = new Uint8Array(Buffer.concat([...(await jit.serialize(loaded, { _extra_files: { 'notes.txt': 'new' } }))]));
    expect(new TextDecoder().decode((await jit.load(replaced)).files.get('notes.txt'))).toBe('new');
  });

  test('of equal bytes keep their order in the file', async () => {
    const _extra_files = { s: 'A', r: 'B', q: 'B', p: 'A' };
    const first = new Uint8Array(Buffer.concat([...(await jit.serialize(traced, { _extra_files }))]));
    expect(sameBytes(await fileOf(await jit.load(first)), first)).toBe(true);
  });

  test('that are not there are named', async () => {
    const error = await problem('value', () => jit.load(file, { _extra_files: { 'vocab.txt': '' } }));
    expect(error.message).toMatch(/"vocab\.txt": expected one of config\.json/);
  });
});

describe('extra files alone', () => {
  const _extra_files = { 'a.txt': 'A', 'b.txt': 'B', 'c.txt': 'A' };
  const wide = { vocab_size: 40_000 };
  let bytes: Uint8Array;
  let closed: number;
  const sourceOf = (read: Uint8Array) => {
    const source = fromBytes(read);
    return { ...source, close: async () => void closed++ };
  };

  beforeAll(async () => {
    const made = await jit.trace(new BertForMaskedLM(tinyConfig({ torchscript: true, ...wide })), [ids]);
    bytes = new Uint8Array(Buffer.concat([...(await jit.serialize(made, { _extra_files }))]));
  });
  beforeEach(() => {
    closed = 0;
  });

  test('are read past weights larger than what is read at once', async () => {
    const files = await readExtraFiles(sourceOf(bytes));
    expect([...files.keys()].sort()).toEqual(['a.txt', 'b.txt', 'c.txt', 'config.json']);
    for (const [name, text] of Object.entries(_extra_files)) expect(new TextDecoder().decode(files.get(name))).toBe(text);
    expect(closed).toBe(1);
  });

  test.each<[string, ErrorCode, (bytes: Uint8Array) => Uint8Array]>([
    ['is cut in its weights', 'format', (bytes) => bytes.slice(0, 100_000)],
    ['has another letter in a file', 'integrity', (bytes) => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte))],
    ['is no trace', 'format', () => new Uint8Array(100)],
  ])('of what %s are refused, and the source is closed', async (_, code, damage) => {
    const source = { ...sourceOf(damage(bytes)), size: undefined };
    await problem(code, () => readExtraFiles(source));
    expect(closed).toBe(1);
  });

  test('end at the signal, and the source is closed', async () => {
    const controller = new AbortController();
    const source = sourceOf(bytes);
    let reads = 0;
    const read = async (target: Uint8Array) => {
      if (++reads === 2) controller.abort(new Error('enough'));
      return source.read(target);
    };
    await expect(readExtraFiles({ ...source, read }, { signal: controller.signal })).rejects.toThrow('enough');
    expect([closed, reads]).toEqual([1, 2]);
  });
});

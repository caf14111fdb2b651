import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BertConfig, BertModel, BertTokenizer, jit, openCheckpoint, type SourceOptions, type Tensor, tensor } from '../../src/index.ts';
import { flattenOutputs } from '../../src/nn/outputs.ts';
import { Counter } from '../support/opened.ts';
import { fileOf, problem, tinyBert } from '../support/tiny.ts';

const ZOO = new URL('../fixtures/zoo/bert-BertModel/', import.meta.url).pathname;
const WORDS = '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n';
const ids = tensor([[1, 2, 3, 4, 5]]);
const BOOM = new Error('enough');

let home: string;
let trace: Uint8Array;
/** One in which a tokenizer travels. */
let wordy: Uint8Array;
let counter: Counter;
const at = (name: string): string => join(home, name);
const pipe = (name: string): string => {
  rmSync(at(name), { force: true });
  execFileSync('mkfifo', [at(name)]);
  return at(name);
};

beforeAll(async () => {
  const traced = await jit.trace(tinyBert(), [ids]);
  trace = await fileOf(traced);
  wordy = Buffer.concat([...(await jit.serialize(traced, { _extra_files: { 'vocab.txt': WORDS } }))]);
});
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pipes-'));
  for (const name of ['model', 'config', 'words']) {
    cpSync(ZOO, at(name), { recursive: true });
    writeFileSync(at(`${name}/vocab.txt`), WORDS);
  }
  counter = new Counter(home);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Calls that read a pipe, and what comes through it when all is well. */
const CALLS: [what: string, name: string, content: () => Uint8Array | string, call: (options: SourceOptions) => Promise<unknown>][] = [
  ['jit.load', 'pipe', () => trace, (options) => jit.load(at('pipe'), options)],
  ['jit.load in workers', 'pipe', () => trace, (options) => jit.load(at('pipe'), { ...options, workers: 1 })],
  ['openCheckpoint', 'pipe', () => trace, (options) => openCheckpoint(at('pipe'), options)],
  ['openCheckpoint of an address', 'pipe', () => trace, (options) => openCheckpoint(pathToFileURL(at('pipe')), options)],
  ['openCheckpoint of a folder', 'model/model.safetensors', weights, (options) => openCheckpoint(at('model'), options)],
  ['a model', 'model/model.safetensors', weights, (options) => BertModel.from_pretrained(at('model'), options)],
  ['a model whose config comes late', 'config/config.json', config, (options) => BertModel.from_pretrained(at('config'), options)],
  ['a config', 'config/config.json', config, (options) => BertConfig.from_pretrained(at('config'), options)],
  ['a tokenizer', 'words/vocab.txt', () => WORDS, (options) => BertTokenizer.from_pretrained(at('words'), options)],
  ['a tokenizer by its file', 'pipe.txt', () => WORDS, (options) => BertTokenizer.from_pretrained(at('pipe.txt'), options)],
  ['a tokenizer in a trace', 'pipe', () => wordy, (options) => BertTokenizer.from_pretrained(at('pipe'), options)],
];
function weights(): Uint8Array {
  return readFileSync(join(ZOO, 'model.safetensors'));
}
function config(): Uint8Array {
  return readFileSync(join(ZOO, 'config.json'));
}

/** What a call gave, in values to compare. */
function shown(loaded: unknown): unknown {
  const { tensors, files, config } = loaded as { tensors?: Map<string, Tensor>; files?: unknown; config?: unknown };
  if (tensors) return [...tensors].map(([name, tensor]) => [name, tensor.tolist()]);
  if (typeof files === 'function') return (loaded as BertTokenizer).files();
  if (!files && !config) return (loaded as BertConfig).to_dict();
  return flattenOutputs((loaded as BertModel)(ids)).tensors.map(({ tensor }) => tensor.tolist());
}

describe.skipIf(process.platform === 'win32')('a pipe', () => {
  test.each(CALLS)('to which nobody writes is waited for until the signal: %s', async (_, name, __, call) => {
    pipe(name);
    for (const wait of [0, 5, 30]) {
      const controller = new AbortController();
      const work = expect(call({ signal: controller.signal })).rejects.toBe(BOOM);
      setTimeout(() => controller.abort(BOOM), wait);
      await work;
    }
    await counter.expectNothing();
  });

  test.each(CALLS)('that stops half way is waited for until the signal: %s', async (_, name, content, call) => {
    const writer = open(pipe(name), 'w');
    const work = expect(call({ signal: counter.signal })).rejects.toBe(BOOM);
    const file = await writer;
    await file.write(Buffer.from(content()).subarray(0, 20));
    counter.controller.abort(BOOM);
    await work;
    await file.close();
    await counter.expectNothing();
  });

  test.each(CALLS.filter(([what]) => !what.includes('workers')))('is read as a file is: %s', async (_, name, content, call) => {
    const written = writeFile(pipe(name), content());
    const got = shown(await call({ signal: counter.signal }));
    await written;
    rmSync(at(name));
    writeFileSync(at(name), content());
    expect(got).toEqual(shown(await call({})));
    await counter.expectNothing();
  });

  test('whose writer goes without a word is an error', async () => {
    for (const load of [jit.load, openCheckpoint]) {
      const written = writeFile(pipe('pipe'), '');
      expect((await problem('format', () => load(at('pipe')))).message).toMatch(/pipe: expected a header length of 8 bytes, got 0 bytes/);
      await written;
    }
    await counter.expectNothing();
  });

  test('is one of many: all end at the signal, more than there are threads to wait', async () => {
    const all = Array.from({ length: 12 }, (_, i) => openCheckpoint(pipe(`pipe${i}`), { signal: counter.signal }));
    const settled = Promise.allSettled(all);
    counter.controller.abort(BOOM);
    for (const result of await settled) expect(result).toMatchObject({ status: 'rejected', reason: BOOM });
    await counter.expectNothing();
  });
});

test.skipIf(process.platform === 'win32')('devices are read as they are', async () => {
  expect((await problem('format', () => jit.load('/dev/null'))).message).toMatch(
    /^\/dev\/null: expected a header length of 8 bytes, got 0 bytes/,
  );
  expect((await problem('format', () => openCheckpoint('/dev/zero'))).message).toMatch(
    /^\/dev\/zero: expected a header of at least 2 bytes/,
  );
});

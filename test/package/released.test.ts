import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  BertModel,
  BertTokenizer,
  F,
  jit,
  type ModelCache,
  openCheckpoint,
  type ProgressInfo,
  SentenceEmbedder,
  type SourceOptions,
  type TracedModule,
  TraceletError,
  tensor,
} from '../../src/index.ts';
import { write } from '../../src/platform/writing.ts';
import { quantize } from '../../src/quantize/index.ts';
import { Counter } from '../support/opened.ts';
import { serialize } from '../support/safetensors.ts';
import { embedderOf, FOLDERS, folderOf, TEXTS } from '../support/sentence.ts';
import { Computed, expectSameBits, fileOf, floats, problem, tinyBert } from '../support/tiny.ts';

const ZOO = new URL('../fixtures/zoo/bert-BertModel/', import.meta.url).pathname;
const BOOM = new Error('boom');
const ids = tensor([[1, 2, 3, 4, 5]]);

const boom = (): never => {
  throw BOOM;
};
/** A callback that throws when it hears of this. */
const at =
  (wanted: ProgressInfo['status']) =>
  ({ status }: ProgressInfo): void => {
    if (status === wanted) throw BOOM;
  };

let home: string;
let path: string;
let file: Uint8Array;
let embedder: TracedModule;
let counter: Counter;
const inHome = (name: string): string => join(home, name);

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'released-'));
  path = inHome('a.tracelet');
  const traced = await jit.trace(tinyBert(), [ids]);
  await jit.save(traced, path, { _extra_files: { 'notes.txt': 'hello' } });
  file = await fileOf(traced);
  cpSync(ZOO, inHome('bert'), { recursive: true });
  writeFileSync(inHome('bert/vocab.txt'), '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n');
  cpSync(ZOO, inHome('more'), { recursive: true });
  const { tensors } = await openCheckpoint(inHome('more'));
  writeFileSync(inHome('more/model.safetensors'), Buffer.concat([...serialize([...tensors, ['unused', floats([2])]])]));
  const weight_map = Object.fromEntries([...tensors.keys()].map((name) => [name, 'shard.safetensors']));
  cpSync(inHome('bert'), inHome('shards'), { recursive: true });
  cpSync(inHome('bert/model.safetensors'), inHome('shards/shard.safetensors'));
  rmSync(inHome('shards/model.safetensors'));
  writeFileSync(inHome('shards/model.safetensors.index.json'), JSON.stringify({ weight_map }));
  embedder = await embedderOf(folderOf(FOLDERS[0]));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));
beforeEach(() => {
  counter = new Counter(home);
});
afterEach(() => vi.restoreAllMocks());

describe('the error of a callback comes to the caller, and nothing stays open', () => {
  const callback = at('progress');
  const options = (more: SourceOptions = {}): SourceOptions => ({ signal: counter.signal, progress_callback: callback, ...more });
  const drain = async <T>(each: AsyncIterable<T>, body: (value: T) => void = () => {}) => {
    for await (const value of each) body(value);
  };

  test.each<[string, () => unknown]>([
    ['a trace in a file, as it begins', () => jit.load(path, options({ progress_callback: at('initiate') }))],
    ['a trace in a file, as it is found', () => jit.load(path, options({ progress_callback: at('download') }))],
    ['a trace in a file, half way', () => jit.load(path, options())],
    ['a trace in a file, at its end', () => jit.load(path, options({ progress_callback: at('done') }))],
    ['a model', () => BertModel.from_pretrained(inHome('bert'), options())],
    ['a model in shards', () => BertModel.from_pretrained(inHome('shards'), options())],
    ['an embedder', () => SentenceEmbedder.from_pretrained(inHome('bert'), options())],
    ['a checkpoint', () => openCheckpoint(inHome('bert/model.safetensors'), options())],
    ['a tokenizer', () => BertTokenizer.from_pretrained(inHome('bert'), options())],
    ['a tokenizer in a trace', () => BertTokenizer.from_pretrained(path, options())],
    ['a stream', () => jit.load(counter.stream(file), options())],
    ['a stream, as it begins', () => jit.load(counter.stream(file), options({ progress_callback: at('initiate') }))],
    ['a stream of a checkpoint', () => openCheckpoint(counter.stream(file), options({ progress_callback: at('initiate') }))],
    ['a response', () => jit.load(new Response(counter.stream(file)), options())],
    ['a warning', () => BertModel.from_pretrained(inHome('more'), { signal: counter.signal, onwarn: boom })],
    ['extra files', () => jit.load(path, { _extra_files: Object.defineProperty({}, 'notes.txt', { enumerable: true, set: boom }) })],
    ['a cache that is asked', () => jit.load('http://127.0.0.1:1/x.tracelet', options({ cache: { match: boom, put: boom } }))],
    ['what a cache had', () => jit.load('http://127.0.0.1:1/x.tracelet', options({ cache: kept() }))],
    ['a forward pass', () => jit.trace(new Computed(boom), [ids], { signal: counter.signal })],
    ['the progress of quantising', () => quantize(embedder, { progress: boom, signal: counter.signal })],
    [
      'chunks to be written',
      () =>
        write(
          inHome('out'),
          (function* () {
            yield new Uint8Array(9);
            throw BOOM;
          })(),
          { signal: counter.signal },
        ),
    ],
    ['the progress of embedding', () => embedder.embed(counter.iterable(TEXTS), { progress_callback: boom, signal: counter.signal })],
    ['the progress of embedding one by one', () => drain(embedder.embedEach(counter.iterable(TEXTS), { progress_callback: boom }))],
    ['a loop over vectors', () => drain(embedder.embedEach(counter.iterable(TEXTS, true), { signal: counter.signal }), boom)],
  ])('%s', async (_, act) => {
    for (let turn = 0; turn < 5; turn++) await expect((async () => act())()).rejects.toBe(BOOM);
    await counter.expectNothing();
    expectSameBits((await jit.load(path, { signal: counter.signal }))(ids), tinyBert()(ids));
    expect(F.add(ids, ids).tolist()).toEqual([[2, 4, 6, 8, 10]]);
    await counter.expectNothing();
  });

  const kept = (): ModelCache => ({
    match: async () => new Response(counter.stream(file), { headers: { 'content-length': `${file.length}` } }),
    put: async () => {},
  });

  test.each<[string, (address: string) => unknown]>([
    ['without a cache', (address) => jit.load(address, options({ cache: false }))],
    ['into a directory', (address) => jit.load(address, options({ cache: inHome('cache') }))],
    [
      'into a cache of the caller',
      (address) =>
        jit.load(
          address,
          options({ cache: { match: async () => undefined, put: async (_, response) => void (await response.arrayBuffer()) } }),
        ),
    ],
    [
      'into one that reads half of it and keeps hold of the rest',
      (address) => {
        const put: ModelCache['put'] = async (_, response) => {
          await response.body?.getReader().read();
          throw new TraceletError('source', { what: 'cache' });
        };
        return jit
          .load(address, { signal: counter.signal, cache: { match: async () => undefined, put } })
          .catch(({ what }) => Promise.reject(what === 'cache' ? BOOM : what));
      },
    ],
    [
      'into one that reads nothing',
      (address) => {
        const put = async () => Promise.reject(new TraceletError('source', { what: 'cache' }));
        return jit
          .load(address, { signal: counter.signal, cache: { match: async () => undefined, put } })
          .catch(({ what }) => Promise.reject(what === 'cache' ? BOOM : what));
      },
    ],
  ])('a download %s', async (_, act) => {
    const { address, stop } = await counter.server(file);
    try {
      for (let turn = 0; turn < 3; turn++) await expect((async () => act(`${address}/x.tracelet`))()).rejects.toBe(BOOM);
      expect(counter.seen.answers).toBe(3);
      await counter.expectNothing();
    } finally {
      stop();
    }
  });
});

describe('a signal ends it, and nothing stays open', () => {
  const signal = () => counter.signal;
  const abortAt = (status: ProgressInfo['status']) => (info: ProgressInfo) =>
    void (info.status === status && counter.controller.abort(BOOM));
  const soon = (): AbortSignal => {
    setTimeout(() => counter.controller.abort(BOOM), 20);
    return counter.signal;
  };

  test.each<[string, () => unknown]>([
    ['a file', () => jit.load(path, { signal: signal(), progress_callback: abortAt('progress') })],
    ['a model', () => BertModel.from_pretrained(inHome('bert'), { signal: signal(), progress_callback: abortAt('progress') })],
    ['a checkpoint', () => openCheckpoint(inHome('bert'), { signal: signal(), progress_callback: abortAt('progress') })],
    ['a tokenizer in a trace', () => BertTokenizer.from_pretrained(path, { signal: signal(), progress_callback: abortAt('progress') })],
    ['a stream that gives nothing', () => jit.load(new ReadableStream(), { signal: soon() })],
    ['a list of texts that stalls', () => embedder.embed(counter.iterable(TEXTS, true), { signal: soon() })],
    [
      'a save',
      () => {
        function* chunks() {
          yield new Uint8Array(9);
          counter.controller.abort(BOOM);
          yield new Uint8Array(9);
        }
        return write(inHome('out'), chunks(), { signal: signal() });
      },
    ],
    [
      'a save after its last chunk',
      () => {
        function* chunks() {
          yield new Uint8Array(9);
          counter.controller.abort(BOOM);
        }
        return write(inHome('out'), chunks(), { signal: signal() });
      },
    ],
  ])('%s', async (_, act) => {
    await expect((async () => act())()).rejects.toBe(BOOM);
    await counter.expectNothing();
  });
});

test('what loads leaves nothing open, whatever it came from', async () => {
  const options = { signal: counter.signal };
  for (const source of [path, file, counter.stream(file), new Response(counter.stream(file)), new Blob([file as BlobPart])])
    expectSameBits((await jit.load(source, options))(ids), tinyBert()(ids));
  for (const folder of ['bert', 'shards', 'more']) await BertModel.from_pretrained(inHome(folder), { ...options, onwarn: () => {} });
  await embedder.embed(counter.iterable(TEXTS), options);
  await embedder.run(TEXTS, options);
  expect(counter.now).toEqual({ files: 0, listeners: 0, locks: 0, streams: 0, answers: 0, workers: 0 });
});

test('a source that is no trace is let go of', async () => {
  for (const bytes of [
    new Uint8Array(9000),
    new Uint8Array(3),
    file.slice(0, -1),
    file.map((byte, i) => (i === file.length - 1 ? byte ^ 1 : byte)),
  ])
    for (const load of [jit.load, openCheckpoint])
      await expect(load(counter.stream(bytes), { signal: counter.signal })).rejects.toBeInstanceOf(TraceletError);
  const refused = new Response(counter.stream(file), { status: 404 });
  await problem('source', () => jit.load(refused, { signal: counter.signal }));
  expect(
    (await problem('source', () => jit.load(new ReadableStream({ pull: () => Promise.reject(null), cancel: boom })))).message,
  ).toContain('null');
  await counter.expectNothing();
});

describe.each([{ threads: 3 }, { workers: 2 }])('workers of %o end', (asked) => {
  test('with a load that fails behind them', async () => {
    counter.watchWorkers();
    for (let turn = 0; turn < 2; turn++) {
      const { message } = await problem('value', () => jit.load(path, { ...asked, signal: counter.signal, _extra_files: { none: '' } }));
      expect(message).toMatch(/^extra file "none": expected one of config.json, notes.txt, got no such file/);
    }
    expect(counter.seen.workers).toBe(4);
    await counter.expectNothing();
  });

  test('with a load whose signal comes while they start', async () => {
    counter.watchWorkers((number) => number === 2 && counter.controller.abort(BOOM));
    await expect(jit.load(path, { ...asked, signal: counter.signal })).rejects.toBe(BOOM);
    expect(counter.seen.workers).toBe(2);
    await counter.expectNothing();
  });

  test('where one of them may not start, and calls run without', async () => {
    counter.watchWorkers((number) => {
      if (number === 2) throw new Error('no second one');
    });
    const traced = await jit.load(path, { ...asked, signal: counter.signal });
    expect(traced.explain()).toMatch(/(1 thread|no workers, so that calls run in place): .*no second one/);
    expectSameBits(await traced.run([ids]), tinyBert()(ids));
    expect(counter.seen.workers).toBe(1);
    await counter.expectNothing();
  });
});

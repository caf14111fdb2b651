import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import { BertConfig, BertModel, BertTokenizer, jit, type SourceOptions, tensor } from '../../src/index.ts';
import { expectSameBits, fileOf, problem, tinyBert } from '../support/tiny.ts';

const ZOO = new URL('../fixtures/zoo/bert-BertModel/', import.meta.url);
const ids = tensor([[1, 2, 3, 4, 5]]);
const POINTER = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 90868376\n';

/** What a server says to a path: a file, or a status with headers and a body. */
type Reply = Uint8Array | { status: number; headers?: Record<string, string>; body?: string };

let server: Server;
let base: string;
let replies: Map<string, Reply>;
let fallback: Reply;
let seen: string[];
let folder: string;
let options: SourceOptions;
let config: Uint8Array;
let weights: Uint8Array;
let trace: Uint8Array;

const path = (request: IncomingMessage): string => decodeURIComponent(request.url ?? '').slice(1);

function answer(request: IncomingMessage, response: ServerResponse): void {
  seen.push(path(request));
  const reply = replies.get(path(request)) ?? fallback;
  if (reply instanceof Uint8Array) response.end(reply);
  else response.writeHead(reply.status, reply.headers).end(reply.body);
}

beforeAll(async () => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  config = await readFile(new URL('config.json', ZOO));
  weights = await readFile(new URL('model.safetensors', ZOO));
  trace = await fileOf(await jit.trace(tinyBert(), [ids]));
});
afterAll(() => server.close());
beforeEach(async () => {
  replies = new Map();
  seen = [];
  fallback = { status: 404 };
  folder = await mkdtemp(join(tmpdir(), 'sources-'));
  options = { endpoint: base, cache: false };
});
afterEach(() => rm(folder, { recursive: true }));

const serve = (at: string, files: Record<string, Reply> = { 'config.json': config, 'model.safetensors': weights }): void => {
  for (const [name, reply] of Object.entries(files)) replies.set(`${at}${name}`, reply);
};
const keep = async (files: Record<string, Uint8Array | string>): Promise<string> => {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
};
const withEnvironment = async <T>(variables: Record<string, string>, body: () => Promise<T>): Promise<T> => {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    return await body();
  } finally {
    for (const name of Object.keys(variables))
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
  }
};
const loads = async (source: string | URL, more: SourceOptions = {}): Promise<void> => {
  const model = await BertModel.from_pretrained(source, { ...options, ...more });
  expectSameBits(model(ids), (await BertModel.from_pretrained(ZOO.pathname))(ids));
};
const messageOf = async (source: string, more: SourceOptions = {}): Promise<string> =>
  (await problem('source', () => BertModel.from_pretrained(source, { ...options, ...more }))).message;

describe('an optional file is absent', () => {
  const page: Reply = { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<!doctype html><title>App</title>' };

  test.each<[string, Reply]>([
    ['a page of HTML', page],
    ['a page in capitals', { status: 200, headers: { 'content-type': 'Text/HTML' }, body: 'hello' }],
    ['a page of XHTML', { status: 200, headers: { 'content-type': 'application/xhtml+xml' }, body: '<html/>' }],
    ['a page without a type', { status: 200, body: '\ufeff\n  <!DOCTYPE html>\n<html>' }],
    ['a page of another type', { status: 200, headers: { 'content-type': 'application/json' }, body: '<html lang="en">' }],
    ['status 404', { status: 404 }],
    ['status 404 with a page', { ...page, status: 404 }],
    ['status 410', { status: 410 }],
    ['status 403, as stores of objects say', { status: 403, headers: { 'content-type': 'application/xml' }, body: '<Error/>' }],
  ])('where a server answers %s', async (_, reply) => {
    fallback = reply;
    serve('m/', { 'config.json': config, 'shard.safetensors': weights });
    const { tensors } = await openCheckpoint(weights);
    const weight_map = Object.fromEntries([...tensors.keys()].map((name) => [name, 'shard.safetensors']));
    serve('m/', { 'model.safetensors.index.json': new TextEncoder().encode(JSON.stringify({ weight_map })) });
    await loads(`${base}/m/`);
    await loads(`${base}/m/`, { cache: folder });
    await problem('source', () => BertTokenizer.from_pretrained(`${base}/m/`));
  });

  test('where a directory has its name', async () => {
    await keep({ 'config.json': config, 'model.safetensors': weights, 'tokenizer.json/x': '', 'modules.json/x': '' });
    await loads(folder);
    expect((await problem('source', () => jit.load(join(folder, 'modules.json')))).message).toMatch(
      /modules\.json: expected a file, got a directory beside "config\.json"/,
    );
  });

  test('and a required one is an error that says what came', async () => {
    fallback = page;
    const { message } = await problem('source', () => jit.load(`${base}/m/`));
    expect(message).toBe(
      `${base}/m/model.tracelet: expected a file, got a page of HTML. Check the address: servers answer so in place of files that they lack`,
    );
    fallback = { status: 403 };
    expect((await problem('source', () => jit.load(`${base}/m/`))).message).toMatch(
      /expected a file, got status 403 Forbidden\. The server asks/,
    );
    fallback = { status: 200, body: '<html><body>' };
    expect((await problem('source', () => jit.load(`${base}/x.tracelet`, { cache: folder }))).message).toMatch(/got a page of HTML/);
    fallback = { status: 500 };
    expect(await messageOf(`${base}/m/`)).toMatch(/got status 500/);
  });

  test('but not where the hub refuses it', async () => {
    serve('owner/name/resolve/main/');
    replies.set('owner/name/resolve/main/config.json', { status: 403, headers: { 'x-error-code': 'GatedRepo' } });
    expect(await messageOf('owner/name')).toMatch(/expected leave to read it, got status 403 GatedRepo\. Check its name, accept its terms/);
  });
});

describe('a pointer of Git LFS', () => {
  const says = /: expected the file itself, got a Git LFS pointer, which stands for a file of 90868376 bytes\. Run git lfs pull/;

  test.each(['model.safetensors', 'config.json', 'model.safetensors.index.json'])('in place of %s', async (name) => {
    const files: Record<string, Uint8Array | string> = { 'config.json': config, 'model.safetensors': weights, [name]: POINTER };
    if (name.endsWith('index.json')) delete files['model.safetensors'];
    expect(await messageOf(await keep(files))).toMatch(says);
    serve('m/', Object.fromEntries(Object.entries(files).map(([file, content]) => [file, Buffer.from(content)])));
    expect(await messageOf(`${base}/m/`, { cache: join(folder, 'cache') })).toMatch(says);
    serve('m/', { [name]: Buffer.from(name === 'config.json' ? config : weights) });
    if (!name.endsWith('index.json')) await loads(`${base}/m/`, { cache: join(folder, 'cache') });
  });

  test.each(['tokenizer.json', 'vocab.txt', 'tokenizer_config.json'])('in place of %s', async (name) => {
    await keep({ 'vocab.txt': '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n', [name]: POINTER });
    expect((await problem('source', () => BertTokenizer.from_pretrained(folder))).message).toMatch(says);
  });

  test('in place of a configuration that is read at once', async () => {
    await keep({ 'config.json': POINTER });
    for (const read of [(path: string) => BertConfig.from_json_file(path), (path: string) => new BertConfig(path)])
      expect((await problem('source', () => read(join(folder, 'config.json')))).message).toMatch(says);
  });

  test('in place of a trace, however that comes', async () => {
    const bytes = new TextEncoder().encode(POINTER);
    await keep({ 'model.tracelet': POINTER });
    const sources = [
      folder,
      join(folder, 'model.tracelet'),
      bytes,
      bytes.buffer,
      new Response(bytes),
      new Blob([bytes]),
      new Response(bytes).body,
    ];
    for (const source of sources) {
      expect((await problem('source', () => jit.load(source as Uint8Array))).message).toMatch(says);
      if (!(source instanceof Response) && !(source instanceof ReadableStream))
        expect((await problem('source', () => openCheckpoint(source as Uint8Array))).message).toMatch(says);
    }
  });

  test('is no text that begins as one does', async () => {
    await keep({ 'model.tracelet': 'version 1 of something else' });
    await problem('format', () => jit.load(folder));
  });
});

describe('a name', () => {
  test('without an owner is asked of the hub, which leads to where the model is', async () => {
    serve('google-bert/bert-base-uncased/resolve/main/');
    for (const file of ['config.json', 'model.safetensors'])
      replies.set(`bert-base-uncased/resolve/main/${file}`, {
        status: 307,
        headers: { location: `/google-bert/bert-base-uncased/resolve/main/${file}` },
      });
    await loads('bert-base-uncased');
  });

  test('that nobody knows is named with both readings', async () => {
    fallback = { status: 401, headers: { 'x-error-code': 'RepoNotFound' } };
    const url = `${base}/bert-base-uncased/resolve/main/model.safetensors`;
    const start =
      'bert-base-uncased: expected a directory or file that exists, or a hub id owner/name, got neither: no such directory here, and ';
    expect(await messageOf('bert-base-uncased')).toMatch(
      `${start}status 401 RepoNotFound for ${url}. Check the path, or write the full name, owner/name. Check its name, `,
    );
    expect(await messageOf('bert-base-uncased', { endpoint: 'http://127.0.0.1:1' })).toContain(start);
    fallback = { status: 404, headers: { 'x-error-code': 'RepoNotFound' } };
    expect(await messageOf('bert-base-uncased')).toContain(`${start}status 404 RepoNotFound`);
    expect(await messageOf('owner/bert')).toMatch(
      /expected a model, got status 404 RepoNotFound, and no such directory here\. Check its name/,
    );
    fallback = { status: 404, headers: { 'x-error-code': 'RevisionNotFound' } };
    expect(await messageOf('owner/bert')).toMatch(/expected a model, got status 404 RevisionNotFound\. Check its name and the revision$/);
    fallback = { status: 404 };
    expect(await messageOf('bert-base-uncased')).toMatch(
      /got neither\. As a path: no such directory here\. Models on the hub are called owner\/name$/,
    );
  });

  test.skipIf(!isMainThread)('that is a mistyped path is named with what is near it', async () => {
    const home = process.cwd();
    await keep({ 'models/minilm-l6/config.json': config, 'models/other/x': '' });
    process.chdir(folder);
    try {
      fallback = { status: 401 };
      expect(await messageOf('models/minilm-l5')).toMatch(
        /got status 401 .*, and no such directory here \(did you mean models\/minilm-l6\?\)\. .*HF_TOKEN$/,
      );
      expect(await messageOf('models/bert')).toMatch(/and no such directory here \(models\/ holds "minilm-l6", "other"\)/);
      expect(await messageOf('./models/minilm-l7')).toBe(
        './models/minilm-l7: expected a directory or file that exists, or a hub id owner/name, got neither: ' +
          'no such directory here (did you mean ./models/minilm-l6?). Check the path, or write an address that begins with https://',
      );
      fallback = { status: 404 };
      expect(await messageOf('models/minilm-l5')).toMatch(
        /got neither\. As a path: no such directory here \(did you mean models\/minilm-l6\?\)/,
      );
      const away = { endpoint: 'http://127.0.0.1:1' };
      expect(await messageOf('models/minilm-l5', away)).toMatch(/expected an answer, got .*, and no such directory here/);
      serve('models/minilm-l5/resolve/main/');
      await loads('models/minilm-l5');
    } finally {
      process.chdir(home);
    }
  });

  test('of a file that is not there is named with those that are', async () => {
    await keep({ 'model.tracelet': trace, 'readme.md': '' });
    expect((await problem('source', () => jit.load(join(folder, 'modle.tracelet')))).message).toMatch(
      /modle\.tracelet: expected a file, got none beside "model\.tracelet"\. Did you mean model\.tracelet\?$/,
    );
    expect((await problem('source', () => jit.load(join(folder, 'none', 'x.tracelet')))).message).toMatch(/got no directory .*none\/?$/);
  });
});

test('a folder with a model that is no trace is told so', async () => {
  await keep({ 'config.json': config, 'model.safetensors': weights });
  expect((await problem('source', () => jit.load(folder))).message).toMatch(
    /model\.tracelet: expected a file, got none beside "config\.json", "model\.safetensors"\. Trace the model first: /,
  );
});

describe('a page of the hub', () => {
  test.each([
    ['', 'main', ''],
    ['?library=transformers#usage', 'main', ''],
    ['/tree/main', 'main', ''],
    ['/tree/v1.0/', 'v1.0', ''],
    ['/tree/refs%2Fpr%2F7', 'refs/pr/7', ''],
    ['/tree/refs/pr/7', 'refs/pr/7', ''],
    ['/tree/main/sub%20folder/deep', 'main', 'sub folder/deep/'],
    ['/blob/main/config.json', 'main', ''],
    ['/blob/dev/sub/model.safetensors?download=true', 'dev', 'sub/'],
    ['/resolve/dev/model.safetensors', 'dev', ''],
    ['/raw/dev/README.md', 'dev', ''],
    ['/commits/main', 'main', ''],
    ['/discussions/3', 'main', ''],
  ])('stands for what it shows: owner/name%s', async (page, revision, sub) => {
    serve(`owner/name/resolve/${revision}/${sub}`);
    await loads(`${base}/owner/name${page}`);
    await loads(new URL(`${base}/owner/name${page}`));
  });

  test('may be under any endpoint, of a model without an owner, and of a trace', async () => {
    serve('hf/bert-tiny/resolve/main/');
    await withEnvironment({ HF_ENDPOINT: `${base}/hf/` }, () => loads(`${base}/hf/bert-tiny/tree/main`, { endpoint: undefined }));
    replies.set('owner/name/resolve/main/model.tracelet', trace);
    for (const page of ['', '/blob/main/model.tracelet', '/tree/main'])
      expectSameBits((await jit.load(`${base}/owner/name${page}`, options))(ids), tinyBert()(ids));
  });

  test('may have segments that are no sound escapes', async () => {
    serve('owner/name/resolve/main/%zz/');
    await loads(`${base}/owner/name/tree/main/%25zz`);
    await loads(`${base}/owner/name/tree/main/%zz`);
  });

  test('has one revision, and a model', async () => {
    expect(await messageOf(`${base}/owner/name/tree/v1`, { revision: 'v2' })).toMatch(
      /expected revision v1, as it says, got \{ revision: 'v2' \}/,
    );
    expect(await messageOf(`${base}/datasets/owner/name`)).toMatch(/expected a model, got a data set/);
    serve('owner/name/resolve/v2/');
    await loads(`${base}/owner/name`, { revision: 'v2' });
  });

  test('of the hub itself needs no scheme, and is no path', async () => {
    const offline = { local_files_only: true, endpoint: undefined, cache: join(folder, 'cache') };
    for (const address of [
      'https://huggingface.co/owner/name',
      'https://huggingface.co/owner/name/',
      'huggingface.co/owner/name/tree/main',
      'hf.co/owner/name',
    ])
      expect(await messageOf(address, offline)).toMatch(
        /^checkpoint owner\/name: expected https:\/\/huggingface\.co\/owner\/name\/resolve\/main\/model/,
      );
  });

  test('is no other address of that server', async () => {
    serve('owner/name/files/');
    serve('owner/plain/');
    await loads(`${base}/owner/plain/`);
    await loads(`${base}/owner/name/files/`);
    await loads(`${base}/owner/name/files/model.safetensors`);
  });
});

test('an endpoint is an address', async () => {
  serve('m/');
  for (const endpoint of ['hf-mirror.com', 'https://']) {
    expect(await messageOf('owner/name', { endpoint })).toMatch(/^endpoint: expected an address that begins with https:\/\/, got "/);
    await withEnvironment({ HF_ENDPOINT: endpoint }, async () => {
      expect(await messageOf('owner/name', { endpoint: undefined })).toMatch(/^HF_ENDPOINT: expected an address/);
      await loads(`${base}/m/`, { endpoint: undefined });
    });
  }
});

describe('offline', () => {
  test.each(['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'])('by %s, nothing is asked of the hub', async (variable) => {
    serve('owner/name/resolve/main/');
    const cached = { cache: join(folder, 'cache') };
    await loads('owner/name', cached);
    seen = [];
    for (const value of ['1', 'true', 'ON', 'yes'])
      await withEnvironment({ [variable]: value }, async () => {
        await loads('owner/name', cached);
        await loads(`${base}/owner/name`, cached);
        expect(await messageOf('owner/other', cached)).toMatch(new RegExp(`got neither\\. ${variable} is set: load it once without that$`));
        expect((await problem('source', () => jit.load('owner/other', options))).message).toMatch(new RegExp(`${variable} is set`));
        expect(await messageOf('other', { ...cached, local_files_only: false })).toMatch(new RegExp(`${variable} is set`));
      });
    expect(seen).toEqual([]);
    await withEnvironment({ [variable]: '0' }, () => loads('owner/name'));
    expect(seen).not.toEqual([]);
  });
});

describe('a model in other formats', () => {
  const cases: [files: string[], says: RegExp][] = [
    [['pytorch_model.bin'], /got only pytorch_model\.bin\. Save the model once more with safe_serialization/],
    [
      ['pytorch_model-00001-of-00002.bin', 'pytorch_model.bin.index.json'],
      /got only .*\. Save the model once more with safe_serialization/,
    ],
    [['onnx/model.onnx', 'onnx/model_quantized.onnx'], /got only onnx\/model\.onnx, .*\. ONNX graphs are not read: load it in Python/],
    [['tf_model.h5'], /got only tf_model\.h5\. Weights of TensorFlow, .*save_pretrained/],
    [['flax_model.msgpack'], /got only flax_model\.msgpack\. Weights of TensorFlow, Flax/],
    [['model.fp16.safetensors'], /got only model\.fp16\.safetensors\. Name the file itself: .*\/model\.fp16\.safetensors$/],
    [['weights.safetensors'], /got only weights\.safetensors\. Name the file itself: /],
    [['model-Q8_0.gguf'], /got only model-Q8_0\.gguf\. GGUF is not read/],
    [['adapter_model.safetensors'], /got only adapter_model\.safetensors\. These are adapters: merge them/],
    [['model-00001-of-00002.safetensors'], /got only model-00001-of-00002\.safetensors/],
    [['my-model/model.tracelet'], /got only my-model\/model\.tracelet\. Name the folder in which it is, or the file itself/],
    [['README.md', 'model.py'], /got neither among "README\.md", "model\.py"|got neither among "model\.py", "README\.md"/],
  ];

  test.each(cases)('is named: %s', async (files, says) => {
    await keep(Object.fromEntries(files.map((name) => [name, 'x'])));
    expect(await messageOf(folder)).toMatch(says);
    const siblings = [...files, 'config.json'].map((rfilename) => ({ rfilename }));
    const listing = new TextEncoder().encode(JSON.stringify({ siblings }));
    for (const revision of ['main', 'v1']) {
      replies = new Map([[`api/models/owner/name/revision/${revision}`, listing]]);
      if (!files.includes('README.md')) expect(await messageOf('owner/name', { revision })).toMatch(says);
    }
  });

  test('is looked for in some of the folders below, not in all', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `folder${10 + i}/model.onnx`);
    await keep(Object.fromEntries(names.map((name) => [name, 'x'])));
    expect(await messageOf(folder)).toMatch(/got only folder10\/model\.onnx, folder11\/model\.onnx, folder12\/model\.onnx and 13 more\. /);
  });

  test('is named within a folder of a repository, of what is there', async () => {
    const siblings = ['sub/model.onnx', 'subtle/tf_model.h5', 'model.gguf'].map((rfilename) => ({ rfilename }));
    replies.set('api/models/owner/name/revision/main', new TextEncoder().encode(JSON.stringify({ siblings })));
    expect(await messageOf(`${base}/owner/name/tree/main/sub`)).toMatch(/got only model\.onnx\. ONNX/);
    expect(await messageOf(`${base}/owner/name/tree/main/none`)).toMatch(/got neither\.?/);
  });

  test.each<[string, Reply]>([
    ['is busy', { status: 503, headers: { 'retry-after': '50' } }],
    ['says nothing of files', new TextEncoder().encode('{"siblings": 5}')],
    ['says what is no JSON', new TextEncoder().encode('{')],
    ['says a list', new TextEncoder().encode('[]')],
  ])('is asked for by name where the hub %s', async (_, reply) => {
    replies.set('api/models/owner/name/revision/main', reply);
    serve('owner/name/resolve/main/', { 'tf_model.h5': Buffer.from('x') });
    expect(await messageOf('owner/name')).toMatch(/got only tf_model\.h5\. /);
    expect(seen.filter((path) => path.startsWith('api/'))).toHaveLength(1);
  });

  test('is found where a server does not list what it has, without being read', async () => {
    for (const [file, says] of cases.slice(0, 1).map(([[name], pattern]) => [name, pattern] as const)) {
      serve('m/', { [file]: Buffer.from('x') });
      serve('owner/name/resolve/main/', { [file]: Buffer.from('x') });
      for (const source of [`${base}/m/`, 'owner/name']) expect(await messageOf(source, { cache: join(folder, 'c') })).toMatch(says);
    }
    fallback = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' };
    expect(await messageOf(`${base}/none/`)).toMatch(/got neither\./);
  });

  test('is not what a server answers in place of any file, whatever that is called', async () => {
    for (const type of ['text/plain', 'application/octet-stream']) {
      fallback = { status: 200, headers: { 'content-type': type }, body: '<!doctype html><title>app</title>' };
      expect(await messageOf(`${base}/none/`)).toMatch(/got neither\./);
      expect((await problem('source', () => jit.load(`${base}/none/`))).message).toMatch(/got a page of HTML\. /);
    }
  });
});

describe('a Blob', () => {
  test('is a source, by its name if it has one', async () => {
    const expected = tinyBert()(ids);
    for (const source of [new Blob([trace as BlobPart]), new File([trace as BlobPart], 'my.tracelet')])
      expectSameBits((await jit.load(source))(ids), expected);
    const own = await BertConfig.from_pretrained(ZOO.pathname);
    const model = await BertModel.from_pretrained(new Blob([weights as BlobPart]), { config: own });
    expectSameBits(model(ids), (await BertModel.from_pretrained(ZOO.pathname))(ids));
    expect((await problem('format', () => jit.load(new File(['12345678'], 'my.tracelet')))).message).toMatch(/^my\.tracelet: /);
  });

  test('and what is no source is named', async () => {
    for (const source of [5, null, undefined, {}, [1], { read() {}, close() {} }])
      for (const load of [jit.load, openCheckpoint])
        expect((await problem('source', () => load(source as never))).message).toMatch(/^source: expected a path, a URL, a hub id, bytes/);
  });
});

describe('a signal of another realm', () => {
  /** As those of vm contexts and of imitated pages, which fetch does not take. */
  class ForeignSignal extends EventTarget {
    aborted = false;
    reason: unknown;
    throwIfAborted(): void {
      if (this.aborted) throw this.reason;
    }
    abort(reason: unknown): void {
      this.aborted = true;
      this.reason = reason;
      this.dispatchEvent(new Event('abort'));
    }
  }
  const foreign = () => {
    const signal = new ForeignSignal();
    return { signal: signal as unknown as AbortSignal, abort: (reason: unknown) => signal.abort(reason) };
  };

  test('lets a load go its way', async () => {
    serve('owner/name/resolve/main/');
    for (const cache of [false, join(folder, 'cache')] as const) await loads('owner/name', { signal: foreign().signal, cache });
  });

  test.each(['no answer', 'half an answer'])('ends it while a server gives %s', async (how) => {
    const slow = createServer((_, response) => {
      if (how === 'no answer') return;
      response.writeHead(200, { 'content-length': trace.length });
      response.write(trace.subarray(0, trace.length >> 1));
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/x.tracelet`;
    try {
      for (const cache of [false, join(folder, 'cache')] as const) {
        const { signal, abort } = foreign();
        setTimeout(() => abort(new Error('enough')), 50);
        await expect(jit.load(address, { signal, cache })).rejects.toThrow('enough');
      }
    } finally {
      slow.closeAllConnections();
      slow.close();
    }
  });

  test('that was aborted before ends it at once', async () => {
    const { signal, abort } = foreign();
    abort(new Error('before'));
    await expect(jit.load(`${base}/x.tracelet`, { signal })).rejects.toThrow('before');
    expect(seen).toEqual([]);
  });
});

describe('a runtime without fetch, as jsdom is', () => {
  afterEach(() => vi.unstubAllGlobals());

  const says = /: expected a runtime with fetch, got no .*\. jsdom has none: hand it the globals of Node/;

  test('is told from a server that does not answer', async () => {
    vi.stubGlobal('fetch', undefined);
    for (const source of [`${base}/m/`, `${base}/m/model.safetensors`, 'owner/name']) expect(await messageOf(source)).toMatch(says);
    for (const source of [`${base}/m/`, `${base}/model.tracelet`, 'data:,x'])
      expect((await problem('source', () => jit.load(source))).message).toMatch(says);
    await keep({ 'config.json': config, 'model.safetensors': weights });
    await loads(folder);
  });

  test('may have one of its own, but keeps nothing without the rest', async () => {
    const cache = join(folder, 'cache');
    serve('owner/name/resolve/main/');
    await loads('owner/name', { cache });
    serve('m/');
    for (const name of ['Headers', 'Response', 'Request']) vi.stubGlobal(name, undefined);
    expect(await messageOf('owner/name', { cache })).toMatch(/got no Headers, Response\. /);
    await loads(`${base}/m/`);
  });
});

test('an address may hold the bytes themselves, or stand for them', async () => {
  const expected = tinyBert()(ids);
  expectSameBits((await jit.load(`data:application/octet-stream;base64,${Buffer.from(trace).toString('base64')}`))(ids), expected);
  const address = URL.createObjectURL(new Blob([trace as BlobPart]));
  expectSameBits((await jit.load(address))(ids), expected);
  URL.revokeObjectURL(address);
});

test('the address of a folder may have more slashes than one, a query and a fragment', async () => {
  serve('m/');
  for (const end of ['', '/', '//', '?x=1', '/?x=a/b#c', '#c']) await loads(`${base}/m${end}`, { endpoint: 'https://hub.invalid' });
  expect(new Set(seen.map((path) => path.replace(/[^/]*$/, '')))).toEqual(new Set(['m/']));
});

test('a directory behind a link is one', async () => {
  await keep({ 'real/config.json': config, 'real/model.safetensors': weights });
  await symlink(join(folder, 'real'), join(folder, 'link'));
  await loads(join(folder, 'link'));
});

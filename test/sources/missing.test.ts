import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import { BertConfig, BertTokenizer, jit } from '../../src/index.ts';
import { base, config, folder, keep, loads, messageOf, type Reply, serving, weights } from '../support/served.ts';
import { problem } from '../support/tiny.ts';

const POINTER = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 90868376\n';

let replies: Map<string, Reply>;
let fallback: Reply;
let seen: string[];
serving((path) => {
  seen.push(path);
  return replies.get(path) ?? fallback;
});
beforeEach(() => {
  replies = new Map();
  seen = [];
  fallback = { status: 404 };
});

const serve = (at: string, files: Record<string, Reply> = { 'config.json': config, 'model.safetensors': weights }): void => {
  for (const [name, reply] of Object.entries(files)) replies.set(`${at}${name}`, reply);
};

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

test('a folder with a model that is no trace is told so', async () => {
  await keep({ 'config.json': config, 'model.safetensors': weights });
  expect((await problem('source', () => jit.load(folder))).message).toMatch(
    /model\.tracelet: expected a file, got none beside "config\.json", "model\.safetensors"\. Trace the model first: /,
  );
});

describe('a model in other formats', () => {
  const cases: [files: string[], says: RegExp][] = [
    [['tf_model.h5'], /got only tf_model\.h5\. Weights of TensorFlow, .*save_pretrained/],
    [['pytorch_model.fp16.bin'], /got only pytorch_model\.fp16\.bin\. Name the file itself: .*\/pytorch_model\.fp16\.bin$/],
    [['pytorch_model-00001-of-00002.bin'], /got only pytorch_model-00001-of-00002\.bin\. The index that says/],
    [['part/pytorch_model.bin'], /got only part\/pytorch_model\.bin\. Name the folder in which it is, or the file itself/],
    [['onnx/model.onnx', 'onnx/model_quantized.onnx'], /got only onnx\/model\.onnx, .*\. ONNX graphs are not read: load it in Python/],
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

import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { beforeEach, describe, expect, test } from 'vitest';
import { jit } from '../../src/index.ts';
import { base, config, folder, ids, keep, loads, messageOf, options, type Reply, serving, trace, weights } from '../support/served.ts';
import { expectSameBits, problem, tinyBert } from '../support/tiny.ts';

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

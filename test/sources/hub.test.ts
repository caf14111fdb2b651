import { createHash } from 'node:crypto';
import { mkdir, readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import { BertConfig, BertModel, BertTokenizer, jit, type ModelCache, type ProgressInfo } from '../../src/index.ts';
import type { Partial, ResumableCache } from '../../src/platform/cache.ts';
import { isHubId } from '../../src/sources/hub.ts';
import { Hub } from '../support/hub.ts';
import { endpoint, entry, folder, hub, ids, kept, loads, options, startHub, TRACE, trace, ZOO } from '../support/hubmodels.ts';
import { expectSameBits, problem, tinyBert } from '../support/tiny.ts';

startHub();

describe('a model comes', () => {
  test('from the hub, all of its parts', async () => {
    const model = await BertModel.from_pretrained('owner/bert', options);
    const local = await BertModel.from_pretrained(ZOO.pathname);
    expectSameBits(model(ids), local(ids));
    expect((await BertConfig.from_pretrained('owner/bert', options)).hidden_size).toBe(model.config.hidden_size);
    expect((await BertTokenizer.from_pretrained('owner/bert', options)).encode('jim').length).toBeGreaterThan(2);
    await loads('owner/traced');
  });

  test('from an address, as a folder and as a file', async () => {
    const base = `${endpoint}/owner/bert`;
    for (const source of [base, `${base}/`, new URL(base), `${base}/model.safetensors`])
      expect(await BertModel.from_pretrained(source)).toBeInstanceOf(BertModel);
    await loads(`${endpoint}/owner/traced/`, { cache: undefined });
    await loads(new URL(`${endpoint}/${TRACE}?download=true`), { cache: undefined });
    expect(await kept()).toEqual([]);
    await loads(`${endpoint}/${TRACE}`);
    expect(await kept()).toEqual([entry()]);
  });

  test('once, and then from the cache, without a request', async () => {
    await loads('owner/traced');
    expect(await kept()).toEqual([entry()]);
    hub.seen.length = 0;
    await loads('owner/traced', { local_files_only: true });
    await loads('owner/traced');
    expect(hub.seen).toEqual([]);
  });

  test('from a signed address, whose signature no name of a file has', async () => {
    const [signed, other] = ['X-Signature=secret', 'X-Signature=other'].map((query) => `${endpoint}/${TRACE}?${query}`);
    await loads(signed);
    hub.seen.length = 0;
    await loads(signed, { local_files_only: true });
    expect(hub.seen).toEqual([]);
    expect((await kept()).join()).toMatch(/^model\.tracelet-[0-9a-f]{16}\.\d+$/);
    await problem('source', () => loads(other, { local_files_only: true }));
  });

  test('through any cache with match and put, and without one', async () => {
    const held = new Map<string, Uint8Array<ArrayBuffer>>();
    const cache: ModelCache = {
      match: async (key) => (held.has(key) ? new Response(held.get(key)) : undefined),
      put: async (key, response) => void held.set(key, new Uint8Array(await response.arrayBuffer())),
    };
    for (let turn = 0; turn < 2; turn++) await loads('owner/traced', { cache });
    expect([...held.keys()]).toEqual([`${endpoint}/owner/traced/resolve/main/model.tracelet`]);
    expect(hub.asked(TRACE)).toHaveLength(1);
    await loads('owner/traced', { cache: false });
    const full: ModelCache = { match: async () => undefined, put: () => Promise.reject(new Error('quota')) };
    const told: string[] = [];
    await loads('owner/traced', { cache: full, onwarn: (message) => told.push(message) });
    expect(told).toEqual(['what was downloaded could not be kept: quota']);
    expect(await kept()).toEqual([]);
  });

  test('to a cache that is told how large it is, where it begins, and what its bytes have to be', async () => {
    const given: { status: number; headers: Record<string, string>; bytes: Uint8Array }[] = [];
    const cache = (partial?: Partial): ResumableCache => ({
      match: async () => undefined,
      partial: async () => partial,
      release: async () => {},
      put: async (_, response) => {
        const { status, headers } = response;
        given.push({ status, headers: Object.fromEntries(headers), bytes: new Uint8Array(await response.arrayBuffer()) });
      },
    });
    const etag = `"v-${createHash('sha1').update(trace).digest('hex')}"`;
    const both = { 'content-type': 'application/octet-stream', 'x-linked-etag': `"${createHash('sha256').update(trace).digest('hex')}"` };
    const size = trace.length;
    await loads('owner/traced', { cache: cache() });
    await loads('owner/traced', { cache: cache({ etag, size: 100, id: 'part' }) });
    await loads('owner/traced', { cache: cache({ etag: '"another"', size: 100, id: 'part' }) });
    hub.about = () => ({ etag: 'W/"weak"' });
    await loads('owner/traced', { cache: cache() });
    const whole = { status: 200, headers: { ...both, etag, 'content-length': `${size}` }, bytes: trace };
    const { etag: _, ...untagged } = whole.headers;
    const range = { 'content-length': `${size - 100}`, 'content-range': `bytes 100-${size - 1}/${size}` };
    expect(given).toEqual([
      whole,
      { status: 206, headers: { ...both, etag, ...range }, bytes: trace.slice(100) },
      whole,
      { ...whole, headers: untagged },
    ]);
  });

  test('to two that load it at once', async () => {
    await Promise.all([loads('owner/traced'), loads('owner/traced')]);
    expect(await kept()).toEqual([entry()]);
  });

  test('anew where the entry in the cache is damaged', async () => {
    await loads('owner/traced');
    const [file] = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(entry()));
    await truncate(join(folder, file), 100);
    await loads('owner/traced');
    expect(hub.asked(TRACE)).toHaveLength(2);
  });

  test('with the token that the caller has', async () => {
    await loads('owner/traced', { token: 'secret' });
    expect(hub.seen[0].authorization).toBe('Bearer secret');
  });

  test('from where the environment says', async () => {
    for (const [name, value] of [['HF_ENDPOINT', `${endpoint}//`], ['HF_TOKEN', 'from outside'], ['TRACELET_CACHE', folder]]) vi.stubEnv(name, value); // biome-ignore format: one row
    expectSameBits((await jit.load('owner/traced'))(ids), tinyBert().eval()(ids));
    expect(hub.seen[0].authorization).toBe('Bearer from outside');
    expect(await kept()).toEqual([entry()]);
  });

  test.skipIf(!isMainThread)('from a directory rather than from the hub', async () => {
    const home = process.cwd();
    await mkdir(join(folder, 'owner/bert'), { recursive: true });
    process.chdir(folder);
    try {
      const { message } = await problem('source', () => BertModel.from_pretrained('owner/bert', { endpoint }));
      expect(message).toMatch(/^checkpoint owner\/bert: expected owner\/bert\/model\.safetensors or /);
    } finally {
      process.chdir(home);
    }
  });

  test('from another server, which is told no token', async () => {
    const other = new Hub();
    const address = await other.start();
    try {
      other.files.set('there/model.tracelet', trace);
      hub.turns.set(TRACE, [{ status: 302, headers: { location: `${address}/there/model.tracelet` } }]);
      await loads('owner/traced', { token: 'secret' });
      expect([hub.seen[0].authorization, other.seen[0].authorization]).toEqual(['Bearer secret', undefined]);
    } finally {
      other.stop();
    }
  });

  test('telling how far it is', async () => {
    const seen: ProgressInfo[] = [];
    await jit.load('owner/traced', { ...options, progress_callback: (info) => seen.push(info) });
    const about = { name: 'owner/traced', file: 'model.tracelet' };
    expect(seen.slice(0, 2)).toEqual([
      { status: 'initiate', ...about },
      { status: 'download', ...about },
    ]);
    const total = trace.length;
    expect(seen.slice(-2)).toEqual([
      { status: 'progress', ...about, loaded: total, total, progress: 100 },
      { status: 'done', ...about },
    ]);
    expect(seen.filter(({ status }) => status === 'done')).toHaveLength(1);
    const address = `${endpoint}/${TRACE}`;
    for (let turn = 0; turn < 2; turn++) {
      seen.length = 0;
      await jit.load(address, { ...options, progress_callback: (info) => seen.push(info) });
      expect([seen[0], seen.at(-1)]).toEqual(['initiate', 'done'].map((status) => ({ status, name: address, file: 'model.tracelet' })));
    }
    expect(hub.asked(TRACE)).toHaveLength(2);
  });
});

test.each<[string, boolean]>([
  ['owner/name', true],
  ['name', true],
  ['o', true],
  ['o/n', true],
  ['Owner_1/name-1.0', true],
  [`${'x'.repeat(96)}/name`, true],
  [`${'x'.repeat(97)}/name`, false],
  ['a/b/c', false],
  ['own--er/name', false],
  ['owner/na..me', false],
  ['owner/name.git', false],
  ['owner/name.github', true],
  ['owner/.name', false],
  ['owner/name-', false],
  ['owner/', false],
  ['/name', false],
  ['own er/name', false],
  ['', false],
])('is %j a hub id: %s', (text, is) => {
  expect(isHubId(text)).toBe(is);
});

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  BertConfig,
  BertModel,
  BertTokenizer,
  jit,
  type ModelCache,
  type ProgressInfo,
  type SourceOptions,
  tensor,
} from '../../src/index.ts';
import type { Partial, ResumableCache } from '../../src/platform/cache.ts';
import { isHubId } from '../../src/sources/hub.ts';
import { Hub } from '../support/hub.ts';
import { expectSameBits, fileOf, problem, tinyBert } from '../support/tiny.ts';

const ids = tensor([[1, 2, 3, 4, 5]]);
const ZOO = new URL('../fixtures/zoo/bert-BertModel/', import.meta.url);
const TRACE = 'owner/traced/model.tracelet';
const hub = new Hub();
let endpoint: string;
let folder: string;
let trace: Uint8Array;
let options: SourceOptions;

beforeAll(async () => {
  endpoint = await hub.start();
  trace = await fileOf(await jit.trace(tinyBert(), [ids]));
  for (const file of ['config.json', 'model.safetensors']) hub.files.set(`owner/bert/${file}`, await readFile(new URL(file, ZOO)));
  hub.files.set('owner/bert/vocab.txt', await readFile(new URL('../tokenizer/vocab.txt', new URL('../fixtures/zoo/', import.meta.url))));
  hub.files.set(TRACE, trace);
});
afterAll(() => hub.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-'));
  options = { endpoint, cache: folder };
});
afterEach(async () => {
  hub.reset();
  await rm(folder, { recursive: true });
});

const kept = async (): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);
const entry = (): string => `model.tracelet.${trace.length}`;
const loads = async (source: string | URL, more: SourceOptions = {}): Promise<void> => {
  expectSameBits((await jit.load(source, { ...options, ...more }))(ids), tinyBert().eval()(ids));
};

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

describe('a server that', () => {
  test.each([
    [429, '0'],
    [429, '1'],
    [503, '0'],
  ])('is busy is waited for: %i, Retry-After %s', async (status, after) => {
    hub.turns.set(TRACE, [{ status, headers: { 'retry-after': after } }, 'serve']);
    const begin = performance.now();
    await loads('owner/traced');
    expect(hub.asked(TRACE)).toHaveLength(2);
    expect(performance.now() - begin).toBeGreaterThan(Number(after) * 990);
  });

  test.each(['cut', 'short'] as const)('ends too early is asked for the rest: %s', async (turn) => {
    hub.turns.set(TRACE, [turn, 'serve']);
    await loads('owner/traced');
    expect(hub.asked(TRACE)).toEqual([undefined, expect.stringMatching(/^bytes=\d{3,}-$/)]);
    expect(await kept()).toEqual([entry()]);
  });

  test('goes away for a moment is asked again, but not for ever', async () => {
    hub.turns.set(TRACE, ['cut', 'drop', 'drop', 'serve']);
    await loads('owner/traced');
    expect(hub.asked(TRACE)).toHaveLength(4);
    hub.turns.set(TRACE, ['cut', 'drop']);
    const { message } = await problem('source', () => loads('owner/traced', { cache: join(folder, 'other') }));
    expect(message).toMatch(/expected an answer, got fetch failed.*\. Check the address and the network$/);
    hub.turns.set(TRACE, ['cut']);
    const short = await problem('source', () => loads('owner/traced', { cache: false }));
    expect(short.message).toMatch(new RegExp(`expected ${trace.length} bytes, got \\d+: .*\\. Load it again$`));
  });

  test('keeps ending too early leaves a part, with which the next download goes on', async () => {
    hub.turns.set(TRACE, ['cut', { status: 500 }]);
    await problem('source', () => loads('owner/traced'));
    expect(await kept()).toEqual([expect.stringMatching(/^model\.tracelet\.%22v-[0-9a-f]+%22\.\w+\.part$/)]);
    hub.reset();
    await loads('owner/traced');
    expect(hub.asked(TRACE)).toEqual([expect.stringMatching(/^bytes=\d{3,}-$/)]);
    expect(await kept()).toEqual([entry()]);
  });

  test('gives no ranges is asked for the whole once more', async () => {
    hub.turns.set(TRACE, ['cut', { status: 500 }]);
    await problem('source', () => loads('owner/traced'));
    hub.reset();
    hub.ranges = false;
    await loads('owner/traced');
    expect(await kept()).toEqual([entry()]);
  });
});

describe('an error says what to do', () => {
  const url = () => `${endpoint}/owner/traced/resolve/main/model.tracelet`;
  const fails = async (...turns: NonNullable<ReturnType<typeof hub.turns.get>>) => {
    hub.turns.set(TRACE, turns);
    const { message } = await problem('source', () => jit.load('owner/traced', options));
    expect((await kept()).filter((name) => !name.endsWith('.part'))).toEqual([]);
    return message;
  };

  test('where the server refuses', async () => {
    for (const status of [401, 403])
      expect(await fails({ status })).toMatch(
        new RegExp(
          `^${url()}: expected leave to read it, got status ${status} .*a token that may read it as \\{ token \\} or in HF_TOKEN$`,
        ),
      );
    expect(await fails({ status: 500 })).toBe(`${url()}: expected a response with a body, got status 500 Internal Server Error`);
    expect(await fails('html')).toBe(
      `${url()}: expected a file of a model, got a page of HTML. Check the address: servers answer so in place of files that they lack`,
    );
    expect(await fails({ status: 404, headers: { 'x-error-code': 'RevisionNotFound' } })).toBe(
      `${url()}: expected a model, got status 404 RevisionNotFound. Check its name and the revision`,
    );
    expect(await fails({ status: 429, headers: { 'retry-after': '3600' } })).toBe(
      `${url()}: expected a wait of at most 60 seconds, got status 429 with Retry-After: 3600. Try again then`,
    );
    expect(await fails({ status: 503, headers: { 'retry-after': '0' } })).toMatch(
      /expected a server with time for it, got status 503 Service Unavailable 5 times\. Try again later$/,
    );
  });

  test('where an address refuses', async () => {
    hub.turns.set(TRACE, [{ status: 401 }]);
    expect((await problem('source', () => jit.load(`${endpoint}/${TRACE}`))).message).toMatch(
      /expected leave to read it, got status 401 .*\. The server asks who you are: fetch the file yourself and pass the Response$/,
    );
  });

  test('where the file changes, or ranges end', async () => {
    hub.turns.set(TRACE, ['cut', 'serve']);
    const changing: SourceOptions = {
      ...options,
      progress_callback: ({ status }) => void (status === 'progress' && hub.files.set(TRACE, trace.slice(1))),
    };
    const { message } = await problem('source', () => jit.load('owner/traced', changing));
    hub.files.set(TRACE, trace);
    expect(message).toMatch(/expected the file with ETag "v-.*" that was begun, got another, status 200 with ETag "v-.*"\. Load it again$/);
    await rm(join(folder), { recursive: true });
    hub.ranges = false;
    expect(await fails('cut', 'serve')).toMatch(
      /expected its bytes from \d+ on, got all of them: the server gives no ranges\. Load it again$/,
    );
  });

  test('where bytes have another hash', async () => {
    hub.hash = '0'.repeat(64);
    const { message } = await problem('integrity', () => loads('owner/traced'));
    expect(message).toMatch(/expected bytes with SHA-256 0{64}, got [0-9a-f]{64}\. Load it again/);
    expect(await kept()).toEqual([]);
  });

  test('where nothing is', async () => {
    const { message } = await problem('source', () => jit.load('no/such/model', options));
    expect(message).toBe(
      'no/such/model: expected a directory or file that exists, or a hub id owner/name, got neither. ' +
        'Check the path, or write an address that begins with https://',
    );
    for (const id of ['owner', 'own--er/name', 'owner/.name', 'owner/name.git', ''])
      await problem('source', () => BertModel.from_pretrained(id, options));
    expect(hub.seen).toEqual([]);
    expect((await problem('source', () => jit.load('owner/none', options))).message).toMatch(/model\.tracelet: expected a file, got none$/);
    const offline = { ...options, local_files_only: true };
    for (const load of [() => jit.load('owner/traced', offline), () => BertModel.from_pretrained('owner/bert', offline)])
      expect((await problem('source', load)).message).toMatch(/got (none|neither)\. Load it once without local_files_only$/);
    expect(hub.seen).toEqual([]);
    const gone = await problem('source', () => jit.load('owner/traced', { ...options, endpoint: 'http://127.0.0.1:1' }));
    expect(gone.message).toMatch(/expected an answer, got .+\. Check the address and the network$/);
  });
});

describe('aborting', () => {
  test('ends a download, of which a part stays', async () => {
    hub.turns.set(TRACE, ['hang']);
    const controller = new AbortController();
    const progress_callback = ({ status }: ProgressInfo) => void (status === 'progress' && controller.abort(new Error('enough')));
    await expect(jit.load('owner/traced', { ...options, signal: controller.signal, progress_callback })).rejects.toThrow('enough');
    expect(await kept()).toEqual([expect.stringMatching(/\.part$/)]);
    hub.reset();
    await loads('owner/traced');
    expect(hub.asked(TRACE)).toEqual([expect.stringMatching(/^bytes=/)]);
  });

  test('ends a wait', async () => {
    hub.turns.set(TRACE, [{ status: 429, headers: { 'retry-after': '50' } }]);
    const begin = performance.now();
    const signal = AbortSignal.timeout(100);
    await expect(jit.load('owner/traced', { ...options, signal })).rejects.toThrow(/timeout/i);
    expect(performance.now() - begin).toBeLessThan(50_000);
  });

  test('ends the reading of a stream that gives nothing', async () => {
    const signal = AbortSignal.timeout(50);
    await expect(jit.load(new ReadableStream(), { signal })).rejects.toThrow(/timeout/i);
  });
});

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { jit, type SourceOptions, tensor } from '../src/index.ts';
import { pause } from '../src/sources/http.ts';
import { Hub } from './hub.ts';
import { expectSameBits, fileOf, problem, tinyBert } from './tiny.ts';

const ids = tensor([[1, 2, 3, 4, 5]]);
const BOOM = new Error('enough');
const TRACE = 'owner/traced/model.tracelet';
let trace: Uint8Array;
let folder: string;
beforeAll(async () => {
  trace = await fileOf(await jit.trace(tinyBert(), [ids]));
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'transfers-'));
});
afterEach(() => {
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true });
});

describe('a download that is cut', () => {
  const hub = new Hub();
  let options: SourceOptions;
  beforeAll(async () => {
    const endpoint = await hub.start();
    options = { endpoint };
    hub.files.set(TRACE, trace);
  });
  afterAll(() => hub.stop());
  beforeEach(() => {
    hub.reset();
    options.cache = folder;
  });

  test.each([
    ['a weak ETag', (etag: string) => ({ etag: `W/${etag}` })],
    ['an ETag of compressed bytes', (etag: string) => ({ etag, 'content-encoding': 'identity' })],
    ['an ETag without quotes', (etag: string) => ({ etag: etag.replaceAll('"', '') })],
    ['no ETag', () => ({})],
  ])('is not gone on with by %s, which may stand for other bytes', async (_, about: (etag: string) => Record<string, string>) => {
    hub.about = about;
    hub.turns.set(TRACE, ['cut', 'serve']);
    expect((await problem('source', () => jit.load('owner/traced', options))).message).toMatch(/got \d+(: .*)?\. Load it again$/);
    expect(hub.asked(TRACE)).toEqual([undefined]);
    expect(readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.part'))).toEqual([]);
    expectSameBits((await jit.load('owner/traced', options))(ids), tinyBert()(ids));
    expect(hub.asked(TRACE)).toEqual([undefined, undefined]);
  });

  test('and waits to be gone on with ends at the signal, without that time', async () => {
    hub.turns.set(TRACE, ['cut', 'drop']);
    const controller = new AbortController();
    const { setTimeout } = globalThis;
    vi.stubGlobal('setTimeout', (work: () => void, ms: number) => {
      if (ms !== 200) return setTimeout(work, ms);
      setImmediate(() => controller.abort(BOOM));
      return setTimeout(() => {}, 0);
    });
    await expect(jit.load('owner/traced', { ...options, signal: controller.signal })).rejects.toBe(BOOM);
    expect(hub.asked(TRACE)).toHaveLength(2);
  });
});

test.each([0, 50_000])('a wait of %i ms whose signal came before it ends at once', async (ms) => {
  await expect(pause(ms, AbortSignal.abort(BOOM))).rejects.toBe(BOOM);
});

describe('a server', () => {
  let server: Server;
  let base: string;
  let seen: string[];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(request.url as string);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  beforeEach(() => {
    seen = [];
  });
  const to = (location: string) => (_: IncomingMessage, response: ServerResponse) => void response.writeHead(302, { location }).end();
  const messageOf = async (address = `${base}/0`) => (await problem('source', () => jit.load(address, { cache: false }))).message;

  test('that leads on is followed twenty times, and no more', async () => {
    answer = ({ url }, response) => {
      const turn = Number(url?.slice(1));
      if (turn < 20) to(`/${turn + 1}`)({} as IncomingMessage, response);
      else response.end(trace);
    };
    expectSameBits((await jit.load(`${base}/0`))(ids), tinyBert()(ids));
    expect(seen).toHaveLength(21);
    seen = [];
    answer = to('/0');
    expect(await messageOf()).toBe(`${base}/0: expected a file, got more than 20 redirects`);
    expect(seen).toHaveLength(21);
  });

  test('that leads to no address is an error', async () => {
    answer = to('http://[');
    expect(await messageOf()).toBe(`${base}/0: expected a redirect to an address, got "http://["`);
    answer = to(`http://[${'x'.repeat(5000)}`);
    expect((await messageOf()).length).toBeLessThan(400);
  });

  test.each([412, 416])('that answers %i to who asks for the whole is an error', async (status) => {
    answer = (_, response) => void response.writeHead(status).end('no');
    expect(await messageOf()).toMatch(new RegExp(`expected a response with a body, got status ${status}`));
  });

  test('of the hub is asked for the revision, whose slashes are no folders', async () => {
    answer = (_, response) => void response.end(trace);
    for (const revision of [undefined, 'v1.0', 'refs/pr/7', 'a b#c']) {
      await jit.load('owner/name', { endpoint: base, cache: false, revision });
      expect(seen.pop()).toBe(`/owner/name/resolve/${encodeURIComponent(revision ?? 'main')}/model.tracelet`);
    }
  });
});

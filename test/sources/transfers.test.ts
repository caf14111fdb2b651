import { createHash } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { jit, type ProgressInfo, type SourceOptions, tensor } from '../../src/index.ts';
import type { Partial, ResumableCache } from '../../src/platform/cache.ts';
import { OTHER_FORMATS } from '../../src/sources/address.ts';
import { pause } from '../../src/sources/http.ts';
import { Hub } from '../support/hub.ts';
import { expectSameBits, fileOf, problem, tinyBert } from '../support/tiny.ts';

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

  /** How long is waited from now on, in milliseconds: no time passes. */
  function waits(): number[] {
    const asked: number[] = [];
    const { setTimeout } = globalThis;
    vi.stubGlobal('setTimeout', (work: () => void, ms: number) => {
      if (!new Error().stack?.includes('src/sources/')) return setTimeout(work, ms);
      asked.push(ms);
      return setTimeout(work, 0);
    });
    return asked;
  }
  /** Answers with each of these in turn, and then with the trace. */
  const turns = (...turns: ((response: ServerResponse, request: IncomingMessage) => void)[]): void => {
    answer = (request, response) => {
      const turn = turns.shift();
      if (turn) turn(response, request);
      else response.end(trace);
    };
  };
  const status =
    (code: number, headers: Record<string, string> = {}) =>
    (response: ServerResponse): void =>
      void response.writeHead(code, headers).end('no');
  const loads = async (source: string, options: SourceOptions = { cache: false }): Promise<void> =>
    expectSameBits((await jit.load(source, options))(ids), tinyBert()(ids));
  const inSeconds = (seconds: number): string => new Date(Date.now() + 1000 * seconds).toUTCString();

  test('that is busy and says no time is asked four times more, each time later', async () => {
    const asked = waits();
    turns(status(429), status(502), status(503), status(504));
    await loads(`${base}/0`);
    expect(asked).toEqual([500, 1000, 2000, 4000]);
    expect(seen).toHaveLength(5);
    answer = (_, response) => status(504)(response);
    expect(await messageOf()).toMatch(/expected a server with time for it, got status 504 Gateway Timeout 5 times\. Try again later$/);
    expect(seen).toHaveLength(10);
  });

  test.each<[string, string, (ms: number) => boolean]>([
    ['a number of seconds', '7', (ms) => ms === 7000],
    ['the longest that is waited', '60', (ms) => ms === 60_000],
    ['a date', inSeconds(40), (ms) => ms > 1000 && ms <= 40_000],
    ['a date that is past', inSeconds(-40), (ms) => ms === 0],
  ])('that is busy is waited for as it says: %s', async (_, after, right) => {
    const asked = waits();
    turns(status(503, { 'retry-after': after }));
    await loads(`${base}/0`);
    expect(asked).toHaveLength(1);
    expect(asked.every(right), `${asked}`).toBe(true);
  });

  test.each(['61', inSeconds(4000), 'soon', '7 s'])(
    'that is busy for long or for nobody knows how long is not waited for: %s',
    async (after) => {
      turns(status(503, { 'retry-after': after }));
      expect(await messageOf()).toBe(
        `${base}/0: expected a wait of at most 60 seconds, got status 503 with Retry-After: ${after}. Try again then`,
      );
    },
  );

  test('that answers other than it was asked is not followed', async () => {
    turns((response) => response.writeHead(200, { location: '/1' }).end(trace));
    await loads(`${base}/0`);
    turns(status(400, { location: '/1' }));
    expect(await messageOf()).toMatch(/\/0: expected a response with a body, got status 400 Bad Request$/);
    turns(status(300));
    expect(await messageOf()).toMatch(/got status 300 Multiple Choices$/);
    turns((response) => response.writeHead(599, '').end('no'));
    expect(await messageOf()).toMatch(/got status 599$/);
    turns(status(500, { 'x-error-code': 'Oops' }));
    expect(await messageOf()).toMatch(/got status 500 Oops$/);
    expect(seen).toEqual(['/0', '/0', '/0', '/0', '/0']);
    answer = (_, response) => status(404, { 'x-error-code': 'EntryNotFound' })(response);
    expect(await messageOf()).toMatch(/\/0: expected a file, got none$/);
  });

  test('is told what is read', async () => {
    const accepts: unknown[] = [];
    turns((response, { headers }) => {
      accepts.push(headers.accept, headers.range);
      response.end(trace);
    });
    await loads(`${base}/0`);
    expect(accepts).toEqual(['application/octet-stream, application/json, text/plain', undefined]);
  });

  test('whose redirects a page may not see is followed by the page', async () => {
    const asked: unknown[] = [];
    const { fetch } = globalThis;
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
      asked.push(init.redirect);
      return init.redirect === 'manual' ? Promise.resolve({ type: 'opaqueredirect', headers: new Headers() }) : fetch(url, init);
    });
    answer = ({ url }, response) => (url === '/0' ? to('/1')({} as IncomingMessage, response) : response.end(trace));
    await loads(`${base}/0`);
    expect([asked, seen]).toEqual([
      ['manual', 'follow'],
      ['/0', '/1'],
    ]);
  });

  test('that lacks a file and answers no more has no others', async () => {
    answer = ({ url }, response) => (url?.endsWith('.tracelet') ? status(404)(response) : response.destroy());
    expect(await messageOf(`${base}/m/`)).toMatch(/m\/model\.tracelet: expected a file, got none$/);
    expect(seen).toHaveLength(1 + OTHER_FORMATS.length);
  });

  test('that is asked for others hears of the signal', async () => {
    const controller = new AbortController();
    answer = ({ url }, response) => {
      if (url?.endsWith('.tracelet')) status(404)(response);
      else if (seen.length === 1 + OTHER_FORMATS.length) controller.abort(BOOM);
    };
    await expect(jit.load(`${base}/m/`, { cache: false, signal: controller.signal })).rejects.toBe(BOOM);
  });

  test('is followed with any status of redirects', async () => {
    turns(...[300, 301, 307, 308, 399].map((code) => status(code, { location: '/1' })));
    await loads(`${base}/0`);
    expect(seen).toHaveLength(6);
  });

  test('that cannot be reached is said so, with what is known of why', async () => {
    const end = 'Check the address and the network';
    expect(await messageOf('http://127.0.0.1:1/x')).toMatch(
      new RegExp(`^http://127\\.0\\.0\\.1:1/x: expected an answer, got fetch failed: \\w.*\\. ${end}$`),
    );
    vi.stubGlobal('fetch', () => Promise.reject(new Error('down')));
    expect(await messageOf()).toBe(`${base}/0: expected an answer, got down. ${end}`);
  });

  test('that does not answer is let go of at the signal', async () => {
    const controller = new AbortController();
    const left = new Promise<void>((resolve) => {
      turns((response) => {
        response.on('close', resolve);
        controller.abort(BOOM);
      });
    });
    await expect(jit.load(`${base}/0`, { cache: false, signal: controller.signal })).rejects.toBe(BOOM);
    await left;
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test.each([100, 511, 512])('may send %i bytes first', async (count) => {
    turns((response) => {
      response.writeHead(200, { 'content-length': trace.length });
      response.write(trace.subarray(0, count), () => setTimeout(() => response.end(trace.subarray(count)), 20));
    });
    await loads(`${base}/0`);
  });

  test.each([100, 1000])('that is cut after %i bytes is asked for the rest', async (count) => {
    const asked: unknown[] = [];
    turns(
      (response) => {
        response.writeHead(200, { 'content-length': trace.length, etag: '"tag"' });
        response.write(trace.subarray(0, count), () => setTimeout(() => response.destroy(), 20));
      },
      (response, { headers }) => {
        asked.push(headers.range, headers['if-range']);
        response.writeHead(206, { etag: '"tag"', 'content-range': `bytes ${count}-${trace.length - 1}/${trace.length}` });
        response.end(trace.subarray(count));
      },
    );
    await loads(`${base}/0`);
    expect(asked).toEqual([`bytes=${count}-`, '"tag"']);
  });

  test('that is cut time and again is asked five times more, each time later', async () => {
    const asked = waits();
    answer = ({ headers }, response) => {
      const from = Number(/\d+/.exec(headers.range ?? '0')?.[0]);
      const range = { 'content-range': `bytes ${from}-${trace.length - 1}/${trace.length}` };
      response.writeHead(from > 0 ? 206 : 200, { etag: '"tag"', 'content-length': trace.length - from, ...(from > 0 && range) });
      response.write(trace.subarray(from, from + 600), () => setTimeout(() => response.destroy(), 20));
    };
    expect(await messageOf()).toMatch(new RegExp(`expected ${trace.length} bytes, got 3600: .*\\. Load it again$`));
    expect(asked).toEqual([0, 200, 400, 600, 800]);
    expect(seen).toHaveLength(6);
  });

  test('that is cut is not asked for the rest where nobody knows how much that is', async () => {
    turns((response) => {
      response.writeHead(200, { etag: '"tag"' });
      response.write(trace.subarray(0, 600), () => setTimeout(() => response.destroy(), 20));
    });
    expect(await messageOf()).toMatch(/expected all of its bytes, got 600: .*\. Load it again$/);
    expect(seen).toHaveLength(1);
  });

  test.each([100, 1000])('that stops after %i bytes is left at the signal', async (count) => {
    const controller = new AbortController();
    const left = new Promise<void>((resolve) => {
      turns((response) => {
        response.on('close', resolve);
        response.writeHead(200, { 'content-length': trace.length });
        response.write(trace.subarray(0, count), () => setTimeout(() => controller.abort(BOOM), 20));
      });
    });
    await expect(jit.load(`${base}/0`, { cache: false, signal: controller.signal })).rejects.toBe(BOOM);
    await left;
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('that compresses is read, though nobody knows how long the file is', async () => {
    const packed = gzipSync(trace);
    turns((response) => response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed));
    const told: ProgressInfo[] = [];
    await loads(`${base}/0`, { cache: false, progress_callback: (info) => void told.push(info) });
    expect(told.slice(-2)).toMatchObject([
      { status: 'progress', loaded: trace.length, total: trace.length, progress: 100 },
      { status: 'done' },
    ]);
    expect(told.slice(2, -2).every(({ total }) => total === undefined)).toBe(true);
  });

  describe('that gives a hash', () => {
    const [right, wrong] = [createHash('sha256').update('x').digest('hex'), 'f'.repeat(64)];
    const tagged = (etag: string) => (response: ServerResponse) => void response.writeHead(200, { etag }).end(trace);
    const cached = (): SourceOptions => ({ endpoint: base, cache: folder });

    test.each([`"${wrong}"`, wrong])('as the ETag of the hub has to have those bytes: %s', async (etag) => {
      turns(tagged(etag));
      expect((await problem('integrity', () => jit.load('owner/name', cached()))).message).toContain(
        `expected bytes with SHA-256 ${wrong}`,
      );
    });

    test.each([`"${wrong}0"`, `"x${wrong}"`, `"${wrong.toUpperCase()}"`, `"${right.slice(1)}"`])(
      'may give what is none: %s',
      async (etag) => {
        turns(tagged(etag));
        await loads('owner/name', cached());
      },
    );

    test('need not have it where it is not the hub, or leads elsewhere', async () => {
      turns(tagged(`"${wrong}"`));
      await loads(`${base}/0`, cached());
      const other = createServer((_, response) => tagged(`"${wrong}"`)(response));
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      turns((response, request) => to(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`)(request, response));
      await loads('owner/name', cached()).finally(() => other.close());
    });
  });

  describe('whose download was begun before', () => {
    const begun: Partial = { etag: '"tag"', size: 1000, id: 'part' };
    let told: string[];
    const cache: ResumableCache = {
      match: async () => undefined,
      partial: async () => begun,
      release: async (partial) => void told.push(partial === begun ? 'released' : 'another released'),
      put: async (_, response, partial) => {
        const bytes = new Uint8Array(await response.arrayBuffer());
        told.push(`${response.status} ${bytes.length} ${partial === begun}`);
      },
    };
    /** The file from there on, and one byte more if it is `longer`. */
    const part =
      (from: number, longer = false) =>
      (response: ServerResponse): void => {
        response.writeHead(206, { etag: '"tag"', 'content-range': `bytes ${from}-${trace.length - 1}/${trace.length}` });
        response.end(longer ? new Uint8Array([...trace.subarray(from), 0]) : trace.subarray(from));
      };
    beforeEach(() => {
      told = [];
    });

    test('is asked for the rest, if the file is the same', async () => {
      const asked: unknown[] = [];
      turns((response, { headers }) => {
        asked.push(headers.range, headers['if-range']);
        part(1000)(response);
      });
      await loads(`${base}/0`, { cache });
      expect(asked).toEqual(['bytes=1000-', '"tag"']);
      expect(told).toEqual([`206 ${trace.length - 1000} true`]);
    });

    test.each<[string, (response: ServerResponse) => void]>([
      ['412', status(412)],
      ['416', status(416)],
      ['another part', part(0)],
      ['a part that it does not name', (response) => void response.writeHead(206, { etag: '"tag"' }).end(trace)],
    ])('and answers %s is asked for the whole', async (_, turn) => {
      turns(turn);
      await loads(`${base}/0`, { cache });
      expect(told).toEqual([`200 ${trace.length} true`]);
      expect(seen).toHaveLength(3);
    });

    test('and answers all of it is not asked again', async () => {
      answer = (_, response) => response.end(trace);
      await loads(`${base}/0`, { cache });
      expect(told).toEqual([`200 ${trace.length} true`]);
      expect(seen).toHaveLength(2);
    });

    test.each([
      [404, /expected a file, got none$/],
      [410, /expected a file, got status 410 Gone$/],
      [500, /expected a response with a body, got status 500/],
    ])('and has none now leaves it to the next: %i', async (code, message) => {
      answer = (_, response) => status(code)(response);
      expect((await problem('source', () => jit.load(`${base}/0`, { cache }))).message).toMatch(message);
      expect(told).toEqual(['released']);
    });

    test('and whose rest begins as a page does gives the file all the same', async () => {
      turns((response) => {
        response.writeHead(206, { etag: '"tag"', 'content-range': 'bytes 1000-1099/1100' });
        response.end('<!doctype html>'.padEnd(100));
      });
      await loads(`${base}/0`, { cache });
      expect(told).toEqual(['206 100 true']);
    });

    test('and ends before its end, without a word, is asked for what is missing', async () => {
      const half = trace.length >> 1;
      const asked: unknown[] = [];
      turns(
        (response) => {
          response.writeHead(206, { etag: '"tag"', 'content-range': `bytes 1000-${trace.length - 1}/${trace.length}` });
          response.end(trace.subarray(1000, half));
        },
        (response, { headers }) => {
          asked.push(headers.range);
          part(half)(response);
        },
      );
      await loads(`${base}/0`, { cache });
      expect([asked, told]).toEqual([[`bytes=${half}-`], [`206 ${trace.length - 1000} true`]]);
    });

    test('and sends more than there is fails', async () => {
      turns(part(1000, true));
      expect((await problem('source', () => jit.load(`${base}/0`, { cache }))).message).toMatch(
        new RegExp(`expected ${trace.length} bytes, got ${trace.length + 1}\\. Load it again$`),
      );
    });
  });
});

test('a wait that is over listens no more, and one that was ended has no timer', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const controller = new AbortController();
  await pause(0, controller.signal);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  const before = timers();
  const waiting = pause(50_000, controller.signal);
  expect(timers()).toBe(before + 1);
  controller.abort(BOOM);
  await expect(waiting).rejects.toBe(BOOM);
  expect(timers()).toBe(before);
});

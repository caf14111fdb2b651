import { createHash } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { jit, type ProgressInfo, type SourceOptions } from '../../src/index.ts';
import type { Partial, ResumableCache } from '../../src/platform/cache.ts';
import { type Answer, answering, base, ids, inTurn, loads, messageOf, status, to, trace, tracing, waits } from '../support/answers.ts';
import { Hub } from '../support/hub.ts';
import { expectSameBits, problem, tinyBert } from '../support/tiny.ts';

const BOOM = new Error('enough');
const TRACE = 'owner/traced/model.tracelet';

let folder: string;
tracing();
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

describe('a server', () => {
  let seen: string[];
  let answer: Answer;
  answering((request, response) => {
    seen.push(request.url as string);
    answer(request, response);
  });
  beforeEach(() => {
    seen = [];
  });
  const turns = (...turns: Parameters<typeof inTurn>[0]): void => {
    answer = inTurn(turns);
  };

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

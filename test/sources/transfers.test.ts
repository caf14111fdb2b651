import { getEventListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { jit } from '../../src/index.ts';
import { OTHER_FORMATS } from '../../src/sources/address.ts';
import { pause } from '../../src/sources/http.ts';
import { type Answer, answering, base, ids, inTurn, loads, messageOf, status, to, trace, tracing, waits } from '../support/answers.ts';
import { expectSameBits, tinyBert } from '../support/tiny.ts';

const BOOM = new Error('enough');

tracing();
afterEach(() => {
  vi.unstubAllGlobals();
});

test.each([0, 50_000])('a wait of %i ms whose signal came before it ends at once', async (ms) => {
  await expect(pause(ms, AbortSignal.abort(BOOM))).rejects.toBe(BOOM);
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

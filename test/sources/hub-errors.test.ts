import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BertModel, jit, type ProgressInfo, type SourceOptions } from '../../src/index.ts';
import { endpoint, entry, folder, hub, kept, loads, options, startHub, TRACE, trace } from '../support/hubmodels.ts';
import { problem } from '../support/tiny.ts';

startHub();

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

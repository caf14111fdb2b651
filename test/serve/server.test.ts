import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { jit, type SentenceTransformer } from '../../src/index.ts';
import { type ServeOptions, type Server, type Sources, serve } from '../../src/serve/index.ts';
import { closeAll, head, raw } from '../support/rawhttp.ts';
import { embedder, heldBack } from '../support/serving.ts';
import { problem } from '../support/tiny.ts';
import { until } from '../support/until.ts';

let model: SentenceTransformer;
let folder: string;
beforeAll(async () => {
  model = await embedder();
  folder = mkdtempSync(join(tmpdir(), 'tracelet-serve-'));
  await model.save(join(folder, 'tiny.tracelet'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const servers: Server[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  closeAll();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(models: Sources = { tiny: model }, options: ServeOptions = {}): Promise<Server> {
  const server = await serve(models, { port: 0, drain_timeout: 200, ...options });
  servers.push(server);
  return server;
}

const embed = async ({ url }: Server, inputs: unknown = 'Hello'): Promise<number[][]> => {
  const response = await fetch(`${url}embed`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs }),
  });
  expect(response.status).toBe(200);
  return response.json();
};

describe('serve()', () => {
  test('opens what lies somewhere, and answers as what is loaded does', async () => {
    const [loaded, opened] = [await start(), await start(join(folder, 'tiny.tracelet'))];
    expect(await embed(opened)).toEqual(await embed(loaded));
    expect(opened.models).toEqual({ tiny: ['embed', 'embed_all', 'tokenize'] });
    expect(opened.examples.length).toBeGreaterThan(4);
    for (const line of opened.examples)
      expect(line).toMatch(/^curl http:\/\/127\.0\.0\.1:\d+\/\S+ -H 'Content-Type: application\/json' -d '.*'$/);
    await serveInWorkers(await embed(loaded));
  });

  async function serveInWorkers(want: unknown): Promise<void> {
    const server = await start({ pool: join(folder, 'tiny.tracelet') }, { workers: 1 });
    expect(await embed(server)).toEqual(want);
  }

  test('reads a body that comes in pieces, and says how long its answer is', async () => {
    const server = await start();
    const [first, ...rest] = [...Buffer.from(JSON.stringify({ inputs: 'Grüße 😀' }))].map((byte) => Buffer.of(byte).toString('latin1'));
    const { socket, said } = await raw(server, head(rest.length + 1, 'Connection: close\r\n'));
    for (const byte of [first, ...rest]) {
      socket.write(byte, 'latin1');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => expect(said()).toMatch(/\]\]$/));
    const [headers, answer] = said().split('\r\n\r\n');
    expect(headers).toMatch(new RegExp(`^content-length: ${answer.length}\r?$`, 'im'));
    expect(JSON.parse(answer)).toEqual(await embed(server, 'Grüße 😀'));
  });

  test('serves one thing by itself', async () => {
    for (const one of [model, model.traced]) expect(Object.keys((await start(one)).models)).toEqual(['model']);
  });

  test('throws what opening throws, and where it cannot listen', async () => {
    await problem('source', () => serve(join(folder, 'none.tracelet'), { port: 0 }));
    await problem('value', () => serve({ tiny: 1 } as unknown as Sources, { port: 0 }));
    await problem('value', () => serve({ tiny: model }, { port: 70_000 }));
    const { url } = await start();
    const error = await problem('source', () => serve({ tiny: model }, { port: Number(new URL(url).port) }));
    expect(error.message).toContain('EADDRINUSE');
  });

  test('gives back what it has opened where it fails later', async () => {
    copyFileSync(join(folder, 'tiny.tracelet'), join(folder, 'copy.tracelet'));
    writeFileSync(join(folder, 'broken.tracelet'), 'no trace');
    const load = vi.spyOn(jit, 'load').mockName('load');
    await problem('format', () => serve({ a: join(folder, 'copy.tracelet'), b: join(folder, 'broken.tracelet') }, { port: 0 }));
    load.mockRestore();
    expect(await embed(await start(join(folder, 'copy.tracelet')))).toBeDefined();
  });

  test('ends the opening when its signal comes', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(serve(join(folder, 'tiny.tracelet'), { port: 0, signal: stop.signal })).rejects.toThrow('enough');
  });
});

describe('closing', () => {
  test('answers what is under way, and takes no more', async () => {
    const server = await start({ tiny: model }, { drain_timeout: 60_000 });
    const { running, go } = heldBack(model);
    const answer = embed(server);
    await until(() => expect(running).toHaveBeenCalled());
    const closed = server.close();
    await until(() => expect(embed(server)).rejects.toThrow());
    go();
    expect((await answer).length).toBe(1);
    await closed;
    expect(await server.close()).toBeUndefined();
  });

  test('waits no longer than it may', async () => {
    const server = await start({ tiny: model }, { drain_timeout: 10 });
    const running = vi.spyOn(model.traced.runner, 'run').mockImplementation(() => new Promise(() => {}));
    const answer = embed(server).catch((error: Error) => error);
    await until(() => expect(running).toHaveBeenCalled());
    await server.close();
    expect(await answer).toBeInstanceOf(Error);
  });

  test('is what a signal asks for', async () => {
    const stop = new AbortController();
    const server = await start({ tiny: model }, { signal: stop.signal });
    await embed(server);
    stop.abort();
    await until(() => expect(embed(server)).rejects.toThrow());
  });
});

describe('clients that behave badly', () => {
  const body = JSON.stringify({ inputs: 'Hello' });
  const isWell = async (server: Server): Promise<void> => {
    expect((await fetch(`${server.url}health`)).status).toBe(200);
    await embed(server);
  };

  test('headers that come too slowly end the connection', async () => {
    const server = await start(undefined, { header_timeout: 500 });
    const { said, isClosed } = await raw(server, 'POST /embed HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    await until(() => expect(isClosed()).toBe(true));
    expect(said()).toMatch(/^HTTP\/1\.1 408 /);
    await isWell(server);
  });

  test('a client that does not take its answer ends its connection', async () => {
    const server = await start(undefined, { answer_timeout: 200 });
    const inputs = JSON.stringify({ inputs: 'a '.repeat(400_000) });
    const theirs: Socket[] = [];
    const told = (message: unknown): void => void theirs.push((message as { socket: Socket }).socket);
    subscribe('net.server.socket', told);
    const { socket, said, isClosed } = await raw(server);
    socket.pause();
    socket.write(head(inputs.length).replace('/embed', '/tokenize') + inputs);
    await until(() => expect(theirs[0]?.destroyed).toBe(true));
    unsubscribe('net.server.socket', told);
    socket.resume();
    await until(() => expect(isClosed()).toBe(true));
    const length = Number(/content-length: (\d+)/i.exec(said())?.[1]);
    expect(length).toBeGreaterThan(16_000_000);
    expect(said().length).toBeLessThan(length);
    await isWell(server);
  });

  test('a body that comes too slowly is 408', async () => {
    const server = await start(undefined, { body_timeout: 500 });
    const { said } = await raw(server, head(100), '{"inputs":');
    await until(() => expect(said()).toMatch(/^HTTP\/1\.1 408 /));
    await isWell(server);
  });

  test('a connection that ends in the middle of a body is forgotten', async () => {
    const lines: number[] = [];
    const server = await start(undefined, { log: ({ status }) => lines.push(status) });
    const { socket } = await raw(server, head(body.length), body.slice(0, 5));
    socket.destroy();
    await until(() => expect(lines).toEqual([499]));
    await isWell(server);
  });

  test('a connection of which one half is closed is one that has left', async () => {
    const lines: number[] = [];
    const server = await start(undefined, { log: ({ status }) => lines.push(status) });
    const { socket, isClosed } = await raw(server);
    socket.end(head(body.length) + body.slice(0, 5));
    await until(() => expect(lines).toEqual([499]));
    await until(() => expect(isClosed()).toBe(true));
    await isWell(server);
  });

  test('a client that leaves before its answer costs no more', async () => {
    const lines: number[] = [];
    const server = await start(undefined, { log: ({ status }) => lines.push(status) });
    const running = vi
      .spyOn(model.traced.runner, 'run')
      .mockImplementation(
        ((_: unknown, { signal }: { signal: AbortSignal }) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))) as never,
      );
    const { socket } = await raw(server, head(body.length) + body);
    await until(() => expect(running).toHaveBeenCalled());
    socket.destroy();
    await until(() => expect(lines).toEqual([499]));
    running.mockRestore();
    await isWell(server);
  });

  test('what is no HTTP is refused', async () => {
    const server = await start();
    for (const junk of [
      '\x16\x03\x01\x02\x00',
      'GET\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: ${'a'.repeat(70_000)}\r\n\r\n`,
      'POST /embed HTTP/1.1\r\nContent-Length: -5\r\n\r\n',
    ]) {
      const { said, isClosed } = await raw(server, junk);
      await until(() => expect(said() !== '' || isClosed()).toBe(true));
      expect(said()).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
    }
    const { said } = await raw(server, 'GET http://[::bad/ HTTP/1.1\r\nHost: [::::\r\nConnection: close\r\n\r\n');
    await until(() => expect(said()).toMatch(/^HTTP\/1\.1 /));
    await isWell(server);
  });

  test('pieces without a length that go on without an end are 413', async () => {
    const server = await start(undefined, { payload_limit: 1000 });
    const chunk = `400\r\n${' '.repeat(0x400)}\r\n`;
    const { said } = await raw(
      server,
      'POST /embed HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
      chunk,
      chunk,
    );
    await until(() => expect(said()).toMatch(/^HTTP\/1\.1 413 /));
    await isWell(server);
  });
});

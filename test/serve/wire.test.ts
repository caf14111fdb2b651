import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Server, serve } from '../../src/serve/index.ts';
import { closeAll, head, raw } from '../support/rawhttp.ts';
import { embedder } from '../support/serving.ts';
import { until } from '../support/until.ts';

const BODY = JSON.stringify({ inputs: 'Hello' });
const CLOSE = 'Connection: close\r\n';

let server: Server;
let want: string;
beforeAll(async () => {
  server = await serve({ tiny: await embedder() }, { port: 0, drain_timeout: 200 });
  want = await (await fetch(`${server.url}embed`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: BODY })).text();
});
afterEach(closeAll);
afterAll(() => server.close());

/** What comes back until the connection is closed: status, headers in lower case and body of each answer. */
async function answers(...pieces: string[]): Promise<{ status: number; headers: string; body: string }[]> {
  const { said, isClosed } = await raw(server, ...pieces);
  await until(() => expect(isClosed()).toBe(true));
  const found: { status: number; headers: string; body: string }[] = [];
  for (let rest = said(); rest; ) {
    const [headers] = rest.split('\r\n\r\n', 1);
    const length = Number(/^content-length: (\d+)/im.exec(headers)?.[1] ?? 0);
    const start = headers.length + 4;
    found.push({ status: Number(headers.split(' ', 2)[1]), headers: headers.toLowerCase(), body: rest.slice(start, start + length) });
    rest = rest.slice(start + length);
  }
  return found;
}

describe('a request is answered', () => {
  test.each([
    ['with a query and a slash behind its path', `POST /embed/?a=1&b=%ff HTTP/1.1\r\nHost: a\r\n`],
    ['by its whole address', `POST http://another:1/embed HTTP/1.1\r\nHost: a\r\n`],
    ['of a host that is none', 'POST /embed HTTP/1.1\r\nHost: [::::\r\n'],
    ['of HTTP/1.0, without a host', 'POST /embed HTTP/1.0\r\n'],
    ['with a type that says its characters', 'POST /embed HTTP/1.1\r\nHost: a\r\n', 'Content-Type: Application/JSON;charset="utf-8"\r\n'],
    ['with a type that is a kind of JSON', 'POST /embed HTTP/1.1\r\nHost: a\r\n', 'Content-Type: application/vnd.api+json\r\n'],
    [
      'whose body says that it is as it is',
      'POST /embed HTTP/1.1\r\nHost: a\r\n',
      'Content-Type: application/json\r\nContent-Encoding: identity\r\n',
    ],
  ])('%s', async (_, line, type = 'Content-Type: application/json\r\n') => {
    const [answer] = await answers(`${line}${type}${CLOSE}Content-Length: ${BODY.length}\r\n\r\n${BODY}`);
    expect([answer.status, answer.body]).toEqual([200, want]);
  });

  test('once it may send its body', async () => {
    const { said, socket } = await raw(server, head(BODY.length, `Expect: 100-continue\r\n${CLOSE}`));
    await until(() => expect(said()).toBe('HTTP/1.1 100 Continue\r\n\r\n'));
    socket.write(BODY);
    await until(() => expect(said().endsWith(want)).toBe(true));
  });

  test('in pieces, with what may stand behind and beside them', async () => {
    const chunked = 'POST /embed HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n';
    const pieces = [...BODY].map((byte) => `1;name=value\r\n${byte}\r\n`).join('');
    const [answer] = await answers(`${chunked}${CLOSE}\r\n${pieces}0\r\nX: y\r\n\r\n`);
    expect(answer.body).toBe(want);
  });

  test('in its turn where several are sent at once', async () => {
    const request = head(BODY.length) + BODY;
    const bad = `${head(2)}{}`;
    const all = await answers(request + bad + request + head(BODY.length, CLOSE) + BODY);
    expect(all.map(({ status }) => status)).toEqual([200, 422, 200, 200]);
    expect([all[0].body, all[2].body, all[3].body]).toEqual([want, want, want]);
  });

  test('without a body where its method is HEAD', async () => {
    for (const path of ['/health', '/info', '/docs']) {
      const [answer] = await answers(`HEAD ${path} HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n`);
      expect([answer.status, answer.headers.endsWith(answer.body)], path).toEqual([200, true]);
    }
  });
});

describe('a request is refused', () => {
  test.each([
    ['405', `OPTIONS /embed HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n`],
    ['405', `HEAD /embed HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n`],
    ['405', `TRACE /embed HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n`],
    ['400', `POST /embed HTTP/1.1\r\n${CLOSE}Content-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`],
    ['400', `${head(4, `Transfer-Encoding: chunked\r\n${CLOSE}`)}0\r\n\r\n`],
    ['415', `POST /embed HTTP/1.1\r\nHost: a\r\n${CLOSE}Content-Length: 2\r\n\r\n{}`],
    ['417', `${head(BODY.length, `Expect: a miracle\r\n${CLOSE}`)}${BODY}`],
    ['431', `GET /health HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`],
  ])('%s', async (status, request) => {
    const [answer] = await answers(request);
    expect(`${answer.status}`, request.slice(0, 200)).toBe(status);
  });

  test('that brings a compressed body, in words', async () => {
    const response = await fetch(`${server.url}v1/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(JSON.stringify({ input: 'Hello' })),
    });
    expect([response.status, response.headers.get('accept-encoding')]).toEqual([415, 'identity']);
    expect((await response.json()).error.message).toBe('Expected a body as it is, got one with `Content-Encoding: gzip`');
  });
});

import { beforeAll, describe, expect, test, vi } from 'vitest';
import { jit, type SentenceTransformer, tensor } from '../../src/index.ts';
import { type HandlerOptions, handler, type LogLine, type Models } from '../../src/serve/index.ts';
import { asking, embedder, got, posted, reranker } from '../support/serving.ts';
import { problem } from '../support/tiny.ts';

let model: SentenceTransformer;
let served: ReturnType<typeof asking>;
beforeAll(async () => {
  model = await embedder();
  served = asking({ model });
});

/** What each interface says of a wrong body: its status, and where the message stands. */
const DIALECTS: readonly [path: string, good: object, status: number, message: (body: Record<string, unknown>) => unknown][] = [
  ['/embed', { inputs: 'Hello' }, 422, (body) => body.error],
  ['/embed_all', { inputs: 'Hello' }, 422, (body) => body.error],
  ['/similarity', { inputs: { source_sentence: 'a', sentences: ['b'] } }, 422, (body) => body.error],
  ['/tokenize', { inputs: 'Hello' }, 422, (body) => body.error],
  ['/decode', { ids: [1] }, 422, (body) => body.error],
  ['/predict', { inputs: 'Hello' }, 422, (body) => body.error],
  ['/rerank', { query: 'a', texts: ['b'] }, 422, (body) => body.error],
  ['/embed_sparse', { inputs: 'Hello' }, 422, (body) => body.error],
  ['/v1/embeddings', { model: 'x', input: 'Hello' }, 400, (body) => (body.error as Record<string, unknown> | undefined)?.message],
  ['/v1/rerank', { model: 'x', query: 'a', documents: ['b'] }, 422, (body) => body.detail],
  ['/v2/rerank', { model: 'x', query: 'a', documents: ['b'] }, 400, (body) => body.message],
  ['/api/embed', { model: 'x', input: 'Hello' }, 400, (body) => body.error],
  ['/ai/run/x', { text: 'Hello' }, 400, (body) => (body.errors as { message: string }[])[0]?.message],
];

describe.each(DIALECTS)('%s', (path, good, invalid, messageIn) => {
  const fail = async (body: unknown, init?: RequestInit): Promise<[number, unknown]> => {
    const { status, body: answer } = await served.fail(path, body, init);
    return [status, messageIn(answer)];
  };

  test('what is no JSON, or no UTF-8', async () => {
    for (const body of ['', '{', '{"inputs": NaN}', '[1,]', '\u0000', `${'['.repeat(100_000)}`]) expect((await fail(body))[0]).toBe(400);
    const bytes = Uint8Array.from([...Buffer.from('{"inputs":"'), 0xff, 0xfe, ...Buffer.from('"}')]);
    const response = await served.answer(posted(path, '', { body: bytes }));
    expect(response.status).toBe(400);
    expect(messageIn(await response.json())).toBe('The body is not UTF-8');
  });

  test('what is JSON of another form', async () => {
    const deep = `${'[['.repeat(5000)}${']]'.repeat(5000)}`;
    for (const body of ['null', '1', '"text"', '[]', '{}', deep, `{"inputs":${deep},"input":${deep},"query":${deep}}`]) {
      const [status, message] = await fail(body);
      expect([invalid, 400]).toContain(status);
      expect(message).toMatch(/^`.*`(: expected|.* cannot be empty)/);
    }
    for (const [name, value] of Object.entries(good))
      for (const wrong of [null, true, -1.5, {}, [{}], [[]], [''], '', [null], { __proto__: 1 }, Array.isArray(value) ? 'a' : [1.5]]) {
        const [status, message] = await fail({ ...good, [name]: wrong });
        if (status === 200 || (name === 'model' && wrong === '')) continue;
        expect([invalid, 400, 424], JSON.stringify([name, wrong])?.slice(0, 99)).toContain(status);
        expect(typeof message).toBe('string');
      }
  });

  test('halves of characters, which no text has', async () => {
    const [status, message] = await fail(
      JSON.stringify(good)
        .replace(/"(Hello|a|b)"/, '"a \\ud800 b"')
        .replace('[1]', '["\\ud800"]'),
    );
    expect(status).toBe(invalid);
    expect(message).toMatch(/whole characters|whole numbers?|integer/);
  });

  test('another type than JSON, and another method', async () => {
    const ofPage = { origin: 'https://elsewhere.example', 'content-type': 'text/plain' };
    const typed = await served.answer(posted(path, good, { headers: ofPage }));
    expect(typed.status).toBe(415);
    expect(typeof messageIn(await typed.json())).toBe('string');
    const asCurl = await served.answer(posted(path, good, { headers: { 'content-type': 'application/x-www-form-urlencoded' } }));
    expect(asCurl.status).toBe(path.startsWith('/api/') ? 200 : 415);
    const other = await served.answer(got(path, { method: 'DELETE' }));
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('a body that is too large, said or not', async () => {
    const small = asking({ model }, { payload_limit: 100 });
    expect((await small.fail(path, { ...good, more: 'x'.repeat(100) })).status).toBe(413);
    const pieces = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(64).fill(32));
      },
    });
    const endless = await small.answer(posted(path, '', { body: pieces, duplex: 'half' } as RequestInit));
    expect(endless.status).toBe(413);
  });

  test('a body that does not come', async () => {
    const impatient = asking({ model }, { body_timeout: 5 });
    let cancelled = false;
    const stuck = new ReadableStream({
      cancel() {
        cancelled = true;
      },
    });
    const response = await impatient.answer(posted(path, '', { body: stuck, duplex: 'half' } as RequestInit));
    expect(response.status).toBe(408);
    expect(messageIn(await response.json())).toBe('The body was not there after 5 ms');
    expect(cancelled).toBe(true);
  });

  test('more texts than a request may have', async () => {
    const few = asking({ model, ranks: await reranker() }, { max_client_batch_size: 1 });
    const doubled = JSON.parse(JSON.stringify(good), (key, value) => {
      if (['inputs', 'input', 'text'].includes(key) && typeof value === 'string')
        return path === '/predict' ? [[value], [value]] : [value, value];
      if (['sentences', 'texts', 'documents'].includes(key)) return [...value, ...value];
      return key === 'ids' ? [value, value] : value;
    });
    const { status, body } = await few.fail(path, doubled);
    if (path === '/embed_sparse') return expect(status).toBe(424);
    expect(messageIn(body)).toBe('batch size 2 > maximum allowed batch size 1');
    expect(status).toBe(invalid);
  });
});

test('what a model cannot be asked', async () => {
  for (const [path, body, kind] of [
    ['/rerank', { query: 'a', texts: ['b'] }, 'a re-ranker model'],
    ['/predict', { inputs: 'a' }, 'a classifier model'],
    ['/embed_sparse', { inputs: 'a' }, 'a SPLADE model'],
  ] as const)
    expect(await served.fail(path, body)).toMatchObject({ status: 424, body: { error: `model is not ${kind}`, error_type: 'Backend' } });
  const { status, body } = await asking({ model: await reranker() }).fail('/v1/embeddings', { model: 'x', input: 'a' });
  expect([status, body.error.message]).toEqual([424, 'model is not an embedding model']);
});

test('dimensions, prompts and ids that there are none of', async () => {
  expect((await served.fail('/embed', { inputs: 'a', dimensions: 10_000 })).status).toBe(422);
  expect((await served.fail('/v1/embeddings', { input: 'a', model: 'x', dimensions: 10_000 })).status).toBe(400);
  expect((await served.fail('/embed', { inputs: 'a', prompt_name: 'nonsense' })).body.error).toContain('prompt_name');
  expect((await served.fail('/embed', { inputs: [2 ** 30] })).body.error).toContain('ids below');
});

test('paths that are none', async () => {
  expect((await served.answer(got('/nothing'))).status).toBe(404);
  expect((await served.answer(got('/v1/models/%ff'))).status).toBe(400);
  expect(await (await served.answer(got('/v1/nothing'))).json()).toMatchObject({ error: { code: 'unknown_url' } });
  expect((await served.answer(got('//embed'))).status).toBe(404);
});

describe('keys', () => {
  const ask = async (authorization?: string, path = '/embed'): Promise<Response> =>
    asking({ model }, { api_keys: ['first', 'the second'.replace(' ', '-')] }).answer(
      posted(path, { inputs: 'Hello' }, { headers: authorization === undefined ? {} : { authorization } }),
    );

  test('let in whoever has one', async () => {
    for (const key of ['Bearer first', 'bearer the-second', 'Bearer  first ']) expect((await ask(key)).status).toBe(200);
  });

  test('and nobody else', async () => {
    for (const key of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      'Bearer firs',
      'Bearer firstt',
      'Basic first',
      'first',
      'Bearer FIRST',
      'Bearer firstfirst',
    ]) {
      const response = await ask(key);
      expect([response.status, response.headers.get('www-authenticate')], key).toEqual([401, 'Bearer']);
    }
    expect(await (await ask('Bearer x', '/v1/embeddings')).json()).toMatchObject({ error: { code: 'invalid_api_key' } });
  });

  test('are not asked for where only health is', async () => {
    const { answer } = asking({ model }, { api_keys: ['first'] });
    for (const path of ['/health', '/ping', '/']) expect((await answer(got(path))).status).toBe(200);
    for (const path of ['/info', '/metrics', '/v1/models', '/docs', '/openapi.json'])
      expect((await answer(got(path))).status, path).toBe(401);
  });
});

describe('pages of other origins', () => {
  const preflight = (origin: string, options?: HandlerOptions): Promise<Response> =>
    asking({ model }, options).answer(
      got('/embed', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
      }),
    );

  test('may not ask unless they are named', async () => {
    for (const options of [undefined, { cors: 'https://a.example' }, { cors: ['https://a.example', 'https://b.example'] }])
      expect((await preflight('https://c.example', options)).headers.get('access-control-allow-origin')).toBeNull();
    for (const options of [{ cors: 'https://a.example' }, { cors: ['https://a.example', 'https://b.example'] }])
      expect((await preflight('https://a.example', options)).headers.get('access-control-allow-origin')).toBe('https://a.example');
    const any = await preflight('https://c.example', { cors: '*' });
    expect([any.status, any.headers.get('access-control-allow-origin'), any.headers.get('access-control-allow-headers')]).toEqual([
      204,
      '*',
      'content-type',
    ]);
  });

  test('get their headers with errors as well', async () => {
    const { answer } = asking({ model }, { cors: 'https://a.example' });
    const response = await answer(posted('/embed', {}, { headers: { origin: 'https://a.example' } }));
    expect([response.status, response.headers.get('access-control-allow-origin'), response.headers.get('vary')]).toEqual([
      422,
      'https://a.example',
      'origin',
    ]);
  });
});

describe('log lines', () => {
  test('tell of each request, and never what an answer hides', async () => {
    const lines: LogLine[] = [];
    const { ask, fail } = asking({ model }, { log: (line) => lines.push(line) });
    await ask('/embed', { inputs: ['Hello', 'there'] }, { headers: { 'x-request-id': 'one' } });
    await fail('/embed', { inputs: '' }, { headers: { 'x-request-id': 'two' } });
    vi.spyOn(model.traced.runner, 'run').mockRejectedValueOnce(new Error('at /home/secret/model.bin'));
    const { status, body } = await fail('/embed', { inputs: 'a' }, { headers: { 'x-request-id': 'three' } });
    expect([status, body.error]).toEqual([500, 'Something unforeseen happened; the log of the server says what']);
    expect(lines).toMatchObject([
      { level: 'info', request_id: 'one', method: 'POST', path: '/embed', status: 200, texts: 2 },
      { level: 'warn', request_id: 'two', status: 400, error: '`inputs` cannot be empty' },
      { level: 'error', request_id: 'three', status: 500, error: 'at /home/secret/model.bin' },
    ]);
    expect(() => JSON.stringify(lines)).not.toThrow();
  });
});

describe('what cannot be served', () => {
  test('is an error when the handler is made', async () => {
    const plain = await jit.trace((x: ReturnType<typeof tensor>) => x, [tensor([[1, 2]])]).catch(() => undefined);
    for (const models of [undefined, null, 1, 'model.tracelet', {}, [], { model: 1 }, { model: null }, plain && { plain }].filter(
      (each) => each !== undefined,
    ))
      await problem('value', () => handler(models as unknown as Models));
    await problem('value', () => handler({ model, other: 1 } as unknown as Models));
    await problem('value', () => handler({ model }, { api_key: 'x' } as HandlerOptions));
    await problem('value', () => handler({ model, other: 1 } as unknown as Models));
    await problem('value', () => handler({ model }, { api_keys: [''] }));
    await problem('value', () => handler({ model }, { max_batch_tokens: 0 }));
  });
});

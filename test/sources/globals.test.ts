import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import { BertConfig, BertModel, jit } from '../../src/index.ts';
import { base, config, folder, ids, keep, loads, messageOf, type Reply, serving, trace, weights, ZOO } from '../support/served.ts';
import { expectSameBits, problem, tinyBert } from '../support/tiny.ts';

let replies: Map<string, Reply>;
let seen: string[];
serving((path) => {
  seen.push(path);
  return replies.get(path) ?? { status: 404 };
});
beforeEach(() => {
  replies = new Map();
  seen = [];
});

const serve = (at: string, files: Record<string, Reply> = { 'config.json': config, 'model.safetensors': weights }): void => {
  for (const [name, reply] of Object.entries(files)) replies.set(`${at}${name}`, reply);
};

describe('a Blob', () => {
  test('is a source, by its name if it has one', async () => {
    const expected = tinyBert()(ids);
    for (const source of [new Blob([trace as BlobPart]), new File([trace as BlobPart], 'my.tracelet')])
      expectSameBits((await jit.load(source))(ids), expected);
    const own = await BertConfig.from_pretrained(ZOO.pathname);
    const model = await BertModel.from_pretrained(new Blob([weights as BlobPart]), { config: own });
    expectSameBits(model(ids), (await BertModel.from_pretrained(ZOO.pathname))(ids));
    expect((await problem('format', () => jit.load(new File(['12345678'], 'my.tracelet')))).message).toMatch(/^my\.tracelet: /);
  });

  test('and what is no source is named', async () => {
    for (const source of [5, null, undefined, {}, [1], { read() {}, close() {} }])
      for (const load of [jit.load, openCheckpoint])
        expect((await problem('source', () => load(source as never))).message).toMatch(/^source: expected a path, a URL, a hub id, bytes/);
  });
});

describe('a signal of another realm', () => {
  /** As those of vm contexts and of imitated pages, which fetch does not take. */
  class ForeignSignal extends EventTarget {
    aborted = false;
    reason: unknown;
    throwIfAborted(): void {
      if (this.aborted) throw this.reason;
    }
    abort(reason: unknown): void {
      this.aborted = true;
      this.reason = reason;
      this.dispatchEvent(new Event('abort'));
    }
  }
  const foreign = () => {
    const signal = new ForeignSignal();
    return { signal: signal as unknown as AbortSignal, abort: (reason: unknown) => signal.abort(reason) };
  };

  test('lets a load go its way', async () => {
    serve('owner/name/resolve/main/');
    for (const cache of [false, join(folder, 'cache')] as const) await loads('owner/name', { signal: foreign().signal, cache });
  });

  test.each(['no answer', 'half an answer'])('ends it while a server gives %s', async (how) => {
    const slow = createServer((_, response) => {
      if (how === 'no answer') return;
      response.writeHead(200, { 'content-length': trace.length });
      response.write(trace.subarray(0, trace.length >> 1));
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/x.tracelet`;
    try {
      for (const cache of [false, join(folder, 'cache')] as const) {
        const { signal, abort } = foreign();
        setTimeout(() => abort(new Error('enough')), 50);
        await expect(jit.load(address, { signal, cache })).rejects.toThrow('enough');
      }
    } finally {
      slow.closeAllConnections();
      slow.close();
    }
  });

  test('that was aborted before ends it at once', async () => {
    const { signal, abort } = foreign();
    abort(new Error('before'));
    await expect(jit.load(`${base}/x.tracelet`, { signal })).rejects.toThrow('before');
    expect(seen).toEqual([]);
  });
});

describe('a runtime without fetch, as jsdom is', () => {
  afterEach(() => vi.unstubAllGlobals());

  const says = /: expected a runtime with fetch, got no .*\. jsdom has none: hand it the globals of Node/;

  test('is told from a server that does not answer', async () => {
    vi.stubGlobal('fetch', undefined);
    for (const source of [`${base}/m/`, `${base}/m/model.safetensors`, 'owner/name']) expect(await messageOf(source)).toMatch(says);
    for (const source of [`${base}/m/`, `${base}/model.tracelet`, 'data:,x'])
      expect((await problem('source', () => jit.load(source))).message).toMatch(says);
    await keep({ 'config.json': config, 'model.safetensors': weights });
    await loads(folder);
  });

  test('may have one of its own, but keeps nothing without the rest', async () => {
    const cache = join(folder, 'cache');
    serve('owner/name/resolve/main/');
    await loads('owner/name', { cache });
    serve('m/');
    for (const name of ['Headers', 'Response', 'Request']) vi.stubGlobal(name, undefined);
    expect(await messageOf('owner/name', { cache })).toMatch(/got no Headers, Response\. /);
    await loads(`${base}/m/`);
  });
});

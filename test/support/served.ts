import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { BertModel, jit, type SourceOptions, tensor } from '../../src/index.ts';
import { expectSameBits, fileOf, problem, tinyBert } from './tiny.ts';

export const ZOO = new URL('../fixtures/zoo/bert-BertModel/', import.meta.url);
export const ids = tensor([[1, 2, 3, 4, 5]]);

/** What a server says to a path: a file, or a status with headers and a body. */
export type Reply = Uint8Array | { status: number; headers?: Record<string, string>; body?: string };

export let base: string;
/** An empty folder for each test. */
export let folder: string;
export let options: SourceOptions;
export let config: Uint8Array;
export let weights: Uint8Array;
export let trace: Uint8Array;

const path = (request: IncomingMessage): string => decodeURIComponent(request.url ?? '').slice(1);

/** Starts a server for the tests of a file, which says to each path what `replyTo` does. */
export function serving(replyTo: (path: string) => Reply): void {
  const server = createServer((request, response) => {
    const reply = replyTo(path(request));
    if (reply instanceof Uint8Array) response.end(reply);
    else response.writeHead(reply.status, reply.headers).end(reply.body);
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    config = await readFile(new URL('config.json', ZOO));
    weights = await readFile(new URL('model.safetensors', ZOO));
    trace = await fileOf(await jit.trace(tinyBert(), [ids]));
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sources-'));
    options = { endpoint: base, cache: false };
  });
  afterEach(() => rm(folder, { recursive: true }));
}

export const keep = async (files: Record<string, Uint8Array | string>): Promise<string> => {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
};
export const loads = async (source: string | URL, more: SourceOptions = {}): Promise<void> => {
  const model = await BertModel.from_pretrained(source, { ...options, ...more });
  expectSameBits(model(ids), (await BertModel.from_pretrained(ZOO.pathname))(ids));
};
export const messageOf = async (source: string, more: SourceOptions = {}): Promise<string> =>
  (await problem('source', () => BertModel.from_pretrained(source, { ...options, ...more }))).message;

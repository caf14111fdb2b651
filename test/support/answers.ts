import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, vi } from 'vitest';
import { jit, type SourceOptions, tensor } from '../../src/index.ts';
import { expectSameBits, fileOf, problem, tinyBert } from './tiny.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export const ids = tensor([[1, 2, 3, 4, 5]]);
export let base: string;
export let trace: Uint8Array;

/** Makes the trace that servers have, for the tests of a file. */
export function tracing(): void {
  beforeAll(async () => {
    trace = await fileOf(await jit.trace(tinyBert(), [ids]));
  });
}

/** Starts a server at `base` that answers so. */
export function answering(answer: Answer): void {
  const server = createServer(answer);
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
}

export const to = (location: string) => (_: IncomingMessage, response: ServerResponse) => void response.writeHead(302, { location }).end();
export const messageOf = async (address = `${base}/0`) => (await problem('source', () => jit.load(address, { cache: false }))).message;

/** How long is waited from now on, in milliseconds: no time passes. */
export function waits(): number[] {
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
export const inTurn =
  (turns: ((response: ServerResponse, request: IncomingMessage) => void)[]): Answer =>
  (request, response) => {
    const turn = turns.shift();
    if (turn) turn(response, request);
    else response.end(trace);
  };

export const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(code, headers).end('no');

export const loads = async (source: string, options: SourceOptions = { cache: false }): Promise<void> =>
  expectSameBits((await jit.load(source, options))(ids), tinyBert()(ids));

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a server does with the requests for one file, one after another; the last goes on for ever. */
export type Turn = 'serve' | 'cut' | 'short' | 'html' | 'hang' | 'drop' | { status: number; headers?: Record<string, string> };

/** A server that behaves as the hub does: files are behind a redirect that tells their hash, and come in ranges. */
export class Hub {
  readonly files = new Map<string, Uint8Array>();
  readonly turns = new Map<string, Turn[]>();
  readonly seen: { file: string; range?: string; authorization?: string }[] = [];
  /** Instead of the hashes of the files. */
  hash: string | undefined;
  ranges = true;
  /** What the hub says of the bytes of a file, beside their length. */
  about = (etag: string): Record<string, string> => ({ etag });
  #server: Server = createServer((request, response) => this.#answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Requests for the bytes of a file. */
  asked(file: string): (string | undefined)[] {
    return this.seen.filter((request) => request.file === file).map(({ range }) => range);
  }

  reset(): void {
    this.turns.clear();
    this.seen.length = 0;
    this.hash = undefined;
    this.ranges = true;
    this.about = (etag) => ({ etag });
  }

  #answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
    const file = url
      .replace(/^\/cdn/, '')
      .replace('/resolve/main/', '/')
      .replace(/\?.*/, '')
      .slice(1);
    const bytes = this.files.get(file);
    if (!bytes) return void response.writeHead(404).end();
    const tag = this.hash ?? createHash('sha256').update(bytes).digest('hex');
    if (!url.startsWith('/cdn') && url.includes('/resolve/'))
      return void response.writeHead(302, { location: `/cdn${url}`, 'x-linked-etag': `"${tag}"` }).end();
    this.seen.push({ file, range: headers.range, authorization: headers.authorization });
    const turns = this.turns.get(file) ?? [];
    const turn = (turns.length > 1 ? turns.shift() : turns[0]) ?? 'serve';
    if (typeof turn === 'object') return void response.writeHead(turn.status, turn.headers).end();
    if (turn === 'drop') return void response.destroy();
    if (turn === 'html') return void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>');
    this.#send(bytes, headers, turn, response);
  }

  #send(bytes: Uint8Array, headers: IncomingMessage['headers'], turn: Turn, response: ServerResponse): void {
    const etag = `"v-${createHash('sha1').update(bytes).digest('hex')}"`;
    const ranged = this.ranges && headers.range && headers['if-range'] === etag;
    const begin = ranged ? Number(/\d+/.exec(headers.range as string)?.[0]) : 0;
    const rest = bytes.subarray(begin);
    const range = ranged ? { 'content-range': `bytes ${begin}-${bytes.length - 1}/${bytes.length}` } : undefined;
    response.writeHead(ranged ? 206 : 200, { ...this.about(etag), 'content-length': rest.length, ...range });
    if (turn === 'serve') return void response.end(rest);
    response.write(rest.subarray(0, rest.length >> 1), () => {
      if (turn === 'cut') setTimeout(() => response.destroy(), 20);
      if (turn === 'short') setTimeout(() => response.socket?.end(), 20);
    });
  }
}

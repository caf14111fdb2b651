import { TraceletError } from '../base/error.ts';
import type { Incoming } from './body.ts';
import type { Reply } from './serving.ts';

/** Where a server listens. */
export interface Listening {
  port: number;
  hostname: string;
  /** Milliseconds in which the headers of a request have to be there. */
  header_timeout: number;
  /** Milliseconds after which a connection ends whose client takes nothing of an answer. */
  answer_timeout: number;
}

/** What listens. */
export interface Listener {
  readonly url: string;
  /** Takes no more requests, and waits for those under way; with `now`, for none. */
  close(now?: boolean): Promise<void>;
}

/** What answers a request, and where Node has the body of it, which costs less to read than a stream of fetch. */
export type Answering = (request: Request, incoming: Incoming | undefined) => Promise<Reply>;

/** Listens in Node, Bun or Deno. Throws a `source` error where the port cannot be had. */
export async function listen(answer: Answering, { port, hostname, header_timeout, answer_timeout }: Listening): Promise<Listener> {
  const { FastResponse, serve } = await import('srvx');
  const server = serve({
    async fetch(request) {
      const node = request.runtime?.node;
      const { body, ...init } = await answer(request, node?.req as Incoming | undefined);
      node?.res?.setTimeout(answer_timeout);
      return new FastResponse(body as BodyInit | null, init);
    },
    port,
    hostname,
    silent: true,
    gracefulShutdown: false,
    node: { headersTimeout: header_timeout, requestTimeout: 0, connectionsCheckingInterval: Math.min(header_timeout, 5000) },
  });
  try {
    await server.ready();
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    throw new TraceletError('source', { what: `port ${port} of ${hostname}`, expected: 'one that is free', got: code ?? message, cause });
  }
  return { url: server.url as string, close: (now = false) => server.close(now) };
}

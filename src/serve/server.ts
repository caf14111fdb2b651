import { TraceletError } from '../base/error.ts';

/** Where a server listens. */
export interface Listening {
  port: number;
  hostname: string;
  /** Milliseconds in which the headers of a request have to be there. */
  header_timeout: number;
}

/** What listens. */
export interface Listener {
  readonly url: string;
  /** Takes no more requests, and waits for those under way; with `now`, for none. */
  close(now?: boolean): Promise<void>;
}

/** A request, and the address that it comes from. */
export type Addressed = Request & { ip?: string };

/** Listens in Node, Bun or Deno. Throws a `source` error where the port cannot be had. */
export async function listen(
  fetch: (request: Addressed) => Promise<Response>,
  { port, hostname, header_timeout }: Listening,
): Promise<Listener> {
  const { serve } = await import('srvx');
  const server = serve({
    fetch,
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

import { TraceletError } from '../../base/error.ts';
import type { Store } from './store.ts';

/** `fetch`, or one that signs what it sends. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const ABSENT = [404, 403];

/** Files under an address that takes PUT and HEAD, as S3 and its kin do, which show a file when it is whole. */
export function httpStore(address: string, send: Fetch): Store {
  const base = address.replace(/\/*$/, '/');
  async function ask(path: string, init: RequestInit, allowed: readonly number[] = []): Promise<Response> {
    const url = `${base}${path}`;
    const response = await send(url, init).catch((cause) => {
      init.signal?.throwIfAborted();
      throw refused(url, (cause as Error).message, cause);
    });
    if (response.ok || allowed.includes(response.status)) return response;
    throw refused(url, `status ${response.status}: ${(await response.text()).slice(0, MOST_SAID)}`);
  }
  return {
    open: async () => {},
    has: async (path, { signal }) => (await ask(path, { method: 'HEAD', signal }, ABSENT)).ok,
    async put(path, pieces, { signal }) {
      const response = await ask(path, { method: 'PUT', body: Buffer.concat([...pieces]), signal });
      await response.body?.cancel();
    },
  };
}

const MOST_SAID = 200;

const refused = (what: string, got: string, cause?: unknown): TraceletError =>
  new TraceletError('source', { what, expected: 'a store that takes files', got, cause });

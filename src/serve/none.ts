import { TraceletError } from '../base/error.ts';
import type { Answering, Listener, Listening } from './server.ts';

/** Runtimes that call the handler themselves. */
export async function listen(_answer: Answering, _listening: Listening): Promise<Listener> {
  throw new TraceletError('unsupported', {
    what: 'serve()',
    expected: 'a runtime that listens: Node, Bun or Deno',
    got: 'another one',
    cure: 'Export the handler: export default { fetch: handler(models) }',
  });
}

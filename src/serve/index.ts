export type { Holder } from '../traced/holder.ts';

import type { Models } from './models.ts';
import { type HandlerOptions, optionsOf } from './options.ts';
import { Serving } from './serving.ts';

export type { LogLine } from './log.ts';
export type { Models } from './models.ts';
export type { HandlerOptions } from './options.ts';
export { type ServeOptions, type Server, type Sources, serve } from './start.ts';

/**
 * What answers requests about models, as servers of fetch take it (Bun, Deno, edge and service workers, hono, srvx): the routes of Text Embeddings
 * Inference, OpenAI, Cohere, Jina, Ollama and Workers AI that the models can answer, which `/docs` lists. Requests that come together run
 * together; no answer depends on what ran beside it. `models` are traces, or what runs one, by the names that requests give; or one alone. Throws
 * `value` errors for what cannot be served, and for options that are not known. What it answers with never rejects.
 */
export function handler(models: Models, options?: HandlerOptions): (request: Request) => Promise<Response> {
  const serving = new Serving(models, optionsOf(options));
  return async (request) => {
    const { body, ...init } = await serving.answer(request);
    return new Response(body as BodyInit | null, init);
  };
}

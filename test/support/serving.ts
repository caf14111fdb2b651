import { expect, vi } from 'vitest';
import { CrossEncoder, jit, MultiVectorEncoder, pipeline, SentenceTransformer, SparseEncoder } from '../../src/index.ts';
import type { HandlerOptions, Models } from '../../src/serve/index.ts';
import { handler } from '../../src/serve/index.ts';
import { encoderFolder } from './encoders.ts';
import { fixture } from './fixtures.ts';

export const embedder = (): Promise<SentenceTransformer> => SentenceTransformer.from_pretrained(encoderFolder('st-mean'));
export const reranker = (): Promise<CrossEncoder> => CrossEncoder.from_pretrained(encoderFolder('ce-1'));
export const sparse = (): Promise<SparseEncoder> => SparseEncoder.from_pretrained(encoderFolder('sparse-max'));
export const colbert = (): Promise<MultiVectorEncoder> => MultiVectorEncoder.from_pretrained(encoderFolder('colbert'));
export const classifier = () => pipeline('text-classification', fixture('pipelines/classify-1'));

/** A copy of what an encoder runs, in workers. */
export async function inWorkers({ traced }: { traced: SentenceTransformer['traced'] }, workers: number) {
  return jit.load(new Blob([...(await jit.serialize(traced))] as BlobPart[]), { workers });
}

/** Has calls of a model wait until they are let go. */
export function heldBack({ traced: { runner } }: { traced: SentenceTransformer['traced'] }) {
  const run = runner.run.bind(runner);
  let go: () => void = () => {};
  const gate = new Promise<void>((resolve) => (go = resolve));
  const running = vi.spyOn(runner, 'run').mockImplementation(async (...given) => {
    await gate;
    return run(...given);
  });
  return { running, go };
}

type Handler = (request: Request) => Promise<Response>;

const BASE = 'http://localhost';
const JSON_TYPE = { 'content-type': 'application/json' };

/** A request with a body of JSON, or with the text of one. */
export const posted = (path: string, body: unknown, init: RequestInit = {}): Request =>
  new Request(BASE + path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
    headers: { ...JSON_TYPE, ...init.headers },
  });

export const got = (path: string, init: RequestInit = {}): Request => new Request(BASE + path, init);

/** What a handler answers to bodies. */
export function asking(models: Models, options?: HandlerOptions) {
  const answer: Handler = handler(models, options);
  return {
    answer,
    /** The body of an answer that is right. */
    async ask(path: string, body: unknown, init?: RequestInit) {
      const response = await answer(posted(path, body, init));
      const text = await response.text();
      expect(response.status, text).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/json');
      return JSON.parse(text);
    },
    async get(path: string, init?: RequestInit): Promise<string> {
      const response = await answer(got(path, init));
      expect(response.status).toBe(200);
      return response.text();
    },
    /** The status and the body of an answer. */
    async fail(path: string, body: unknown, init?: RequestInit) {
      const response = await answer(posted(path, body, init));
      const text = await response.text();
      expect(text).not.toMatch(/\\n\s+at |file:|node_modules|\.[cm]?[jt]s\b/);
      return { status: response.status, body: JSON.parse(text), headers: response.headers };
    },
  };
}

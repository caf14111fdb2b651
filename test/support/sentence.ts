import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type EmbedOptions, jit, SentenceEmbedder, type Tensor, type TracedModule, tensor } from '../../src/index.ts';
import { encoderFolder } from './encoders.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/sentence', import.meta.url));
const ENCODER = 'encoder';

/** A call of `sentence_transformers.SentenceTransformer`, with its answer. */
export interface GoldenCall {
  method: string;
  sentences: string | string[];
  kwargs: Record<string, unknown>;
  embeddings?: number[] | number[][];
  error?: string;
}

/** Folders that sentence-transformers saved. */
export const FOLDERS = readdirSync(FIXTURES).filter((name) => name !== ENCODER);

export const goldenOf = (name: string): { max_seq_length: number; dimension: number; calls: GoldenCall[] } =>
  JSON.parse(readFileSync(join(FIXTURES, name, 'sentence.json'), 'utf8'));

/** The folder `name` as it was saved, with files of a test's own in place of its. */
export const folderOf = (name: string, files: Readonly<Record<string, string | Uint8Array>> = {}): string =>
  encoderFolder(`st-${name}`, files);

const LENGTH = 8;
export const TEXTS = ['A man is eating food in Paris.', "I can't believe it's not butter!", 'Hello'];

/** Dummy inputs for any embedder. */
export function dummiesFor({ input_names }: SentenceEmbedder): Record<string, Tensor> {
  const row = (value: number) => tensor([Array(LENGTH).fill(value)]);
  const all: Record<string, Tensor> = { input_ids: row(5), token_type_ids: row(0), attention_mask: row(1), pooling_mask: row(1) };
  return Object.fromEntries(Object.entries(all).filter(([name]) => input_names.includes(name)));
}

export const traceAny = (model: SentenceEmbedder): Promise<TracedModule> =>
  jit.trace(model, dummiesFor(model), { dynamic: { batch: [1, 64], sequence: [1, model.config.most_tokens()] } });

export async function embedderOf(folder: string): Promise<TracedModule> {
  return traceAny(await SentenceEmbedder.from_pretrained(folder));
}

/** Options of `encode` there as those of `embed` here; texts that are too long are always cut there. */
export const optionsOf = ({ normalize_embeddings, batch_size: _, ...rest }: GoldenCall['kwargs']): EmbedOptions => ({
  truncate: true,
  ...(normalize_embeddings === true && { normalize: true }),
  ...rest,
});

export const rowsOf = (tensor: Tensor): number[][] => tensor.tolist();

export function expectNear(got: Tensor, want: number[][], tolerance = 1e-5): void {
  expect(got.shape).toEqual([want.length, want[0]?.length ?? got.shape[1]]);
  for (const [i, row] of rowsOf(got).entries())
    for (const [j, value] of row.entries()) expect(Math.abs(value - want[i][j]), `row ${i}, column ${j}`).toBeLessThanOrEqual(tolerance);
}

import { vi } from 'vitest';
import { platform } from '#platform';
import { BertModel, type Tensor, tensor } from '../../src/index.ts';
import { nodeThreads } from '../../src/platform/nodethreads.ts';
import type { Threads } from '../../src/platform/platform.ts';
import { tinyConfig } from './tiny.ts';

export function inputsOf(batch: number, length: number): Record<string, Tensor> {
  const made = (value: (i: number, r: number) => number) =>
    tensor(Array.from({ length: batch }, (_, r) => Array.from({ length }, (_, i) => value(i, r))));
  return { input_ids: made((i, r) => 1 + ((7 * i + 31 * r) % 90)), attention_mask: made((i, r) => (i < length - 3 * r ? 1 : 0)) };
}

/** Large enough for its ops to be split. */
export const model = (): BertModel =>
  new BertModel(
    tinyConfig({
      vocab_size: 100,
      hidden_size: 96,
      num_hidden_layers: 2,
      num_attention_heads: 6,
      intermediate_size: 384,
      max_position_embeddings: 128,
    }),
    { seed: 4 },
  );

/** Watches the workers that start from now on, whose script is `script` if it is given. */
export function watched(script?: URL): { ends: (() => void)[]; died: string[] } {
  const seen = { ends: [] as (() => void)[], died: [] as string[] };
  const threads = platform.threads;
  vi.spyOn(platform, 'threads').mockImplementation(() => {
    const host = script ? nodeThreads(script) : (threads() as Threads);
    return {
      count: host.count,
      start: (heard, died) => {
        const thread = host.start(heard, (why) => {
          seen.died.push(why);
          died(why);
        });
        seen.ends.push(() => thread.end());
        return thread;
      },
    };
  });
  return seen;
}

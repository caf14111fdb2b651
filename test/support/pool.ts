import { afterEach, vi } from 'vitest';
import { platform } from '#platform';
import {
  BertModel,
  BertTokenizer,
  F,
  jit,
  type ModelOutput,
  SentenceEmbedder,
  type Tensor,
  type TracePool,
  tensor,
} from '../../src/index.ts';
import { nodeThreads } from '../../src/platform/nodethreads.ts';
import type { Threads } from '../../src/platform/platform.ts';
import type { WorkerRequest } from '../../src/traced/pool/messages.ts';
import { Computed, fileOf, floats, tinyConfig } from './tiny.ts';

const WORKER = new URL('../../dist/traced/pool/worker.js', import.meta.url);
const pools: TracePool<unknown>[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  for (const pool of pools.splice(0)) pool.dispose();
});

export async function load<Result = ModelOutput>(
  source: Uint8Array,
  options: jit.JitLoadOptions & jit.WithWorkers,
): Promise<TracePool<Result>> {
  const pool = await jit.load<Result>(source, options);
  pools.push(pool);
  return pool;
}

export function inputsOf(batch: number, length: number, seed = 0): Record<string, Tensor> {
  const made = (value: (i: number, r: number) => number) =>
    tensor(Array.from({ length: batch }, (_, r) => Array.from({ length }, (_, i) => value(i, r))));
  return {
    input_ids: made((i, r) => 1 + ((7 * i + 31 * r + 13 * seed) % 90)),
    attention_mask: made((i, r) => (i < Math.max(1, length - 3 * r) ? 1 : 0)),
  };
}

const config = { vocab_size: 100, hidden_size: 96, num_hidden_layers: 2, num_attention_heads: 6, intermediate_size: 384 };
const bert = new BertModel(tinyConfig({ ...config, max_position_embeddings: 128 }), { seed: 4 });
const DYNAMIC = { batch: [1, 8], sequence: [1, 128] } as const;
export const dynamic = fileOf(await jit.trace(bert, inputsOf(1, 9), { dynamic: DYNAMIC }));
export const whole = await jit.load(await dynamic);

const VOCAB = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'cat', 'dog', 'sat', '.'].join('\n');
const tokenizer = BertTokenizer.from_files({ 'vocab.txt': VOCAB });
export const embedding = async (): Promise<Uint8Array> => {
  const model = new SentenceEmbedder(tinyConfig({ vocab_size: 11, max_position_embeddings: 32 }), { seed: 2 });
  const { input_ids, attention_mask } = tokenizer.encode_plus('a cat', undefined, { return_tensors: true });
  const traced = await jit.trace(
    model,
    { input_ids, attention_mask },
    {
      tokenizer,
      dynamic: { batch: [1, 16], sequence: [1, 32] },
    },
  );
  return fileOf(traced);
};

export const x = floats([100, 1000]);
const slowBody = (t: Tensor): Tensor => Array.from({ length: 240 }).reduce<Tensor>((y) => F.tanh(F.softmax(y)), t);
export const slowFile = fileOf(await jit.trace(new Computed(slowBody), [x], { check_trace: false }));

export interface Seen {
  count: number;
  ends: (() => void)[];
  died: string[];
  post: ((message: unknown) => void)[];
  /** Whether each reply so far says that what was ordered failed. */
  failed: boolean[];
  /** Settles when workers have been given so many calls, of which the last is the next that they look at. */
  asked(calls: number): Promise<void>;
  /** Why none may start. */
  refused?: string;
  /** Whether a worker ends, as if killed from outside, in place of hearing a message. */
  kills?(message: WorkerRequest): boolean;
}

/** Watches the workers that start from now on. `extra` is what their script does before anything else. */
export function watched(extra?: string): Seen {
  const waiting = new Map<number, () => void>();
  let calls = 0;
  const asked = (count: number): Promise<void> => (calls >= count ? Promise.resolve() : new Promise((done) => waiting.set(count, done)));
  const seen: Seen = { count: 0, ends: [], died: [], post: [], failed: [], asked };
  const script = extra && new URL(`data:text/javascript,${encodeURIComponent(`${extra}\nawait import(${JSON.stringify(WORKER)});`)}`);
  const host = nodeThreads(script || WORKER);
  const start: Threads['start'] = (heard, died) => {
    const { refused } = seen;
    if (refused) {
      queueMicrotask(() => died(refused));
      return { post: () => {}, end: () => {} };
    }
    seen.count++;
    const hear = (reply: unknown): void => {
      seen.failed.push('failed' in (reply as object));
      heard(reply);
    };
    const thread = host.start(hear, (why) => {
      seen.died.push(why);
      died(why);
    });
    const post: typeof thread.post = (message, transfer) => {
      if (seen.kills?.(message as WorkerRequest)) {
        thread.end();
        return queueMicrotask(() => died(KILLED));
      }
      thread.post(message, transfer);
      if (!(message instanceof Object && 'call' in message)) return;
      calls++;
      waiting.get(calls)?.();
    };
    seen.ends.push(() => thread.end());
    seen.post.push((message) => thread.post(message));
    return { ...thread, post };
  };
  vi.spyOn(platform, 'workers').mockImplementation(async () => ({ count: host.count, start }));
  return seen;
}

/** Has workers end in place of hearing a call for the first `tries` times that it comes to them. Answers how many have. */
export function killing(seen: Seen, tries: number): () => number {
  const deaths = new Map<string, number>();
  seen.kills = (message) => {
    if (!('call' in message)) return false;
    const call = message.call.inputs.map(({ data }) => `${data}`).join();
    const before = deaths.get(call) ?? 0;
    if (before < tries) deaths.set(call, before + 1);
    return before < tries;
  };
  return () => [...deaths.values()].reduce((sum, count) => sum + count, 0);
}

const KILLED = 'a worker that was killed';

export const withoutSharing = (): void => {
  vi.stubGlobal('crossOriginIsolated', false);
};

import { TraceletError } from '../error.ts';
import type { ModelOutput } from '../trace/outputs.ts';
import type { RunOptions, TracedModule } from '../trace/traced.ts';
import { type Encoded, encoder, type LongTexts } from './encode.ts';
import { batchInputs, capacityOf } from './inputs.ts';
import { allOf, planBatches, shareOf } from './plan.ts';
import { pool } from './pool.ts';

/** How many texts have their vectors, and of how many where that is known. */
export interface EmbedProgress {
  done: number;
  total?: number;
}

/** Options of `embed` and `embedEach`. A text that is too long is an error unless one of `truncate` and `chunk` says what becomes of it. */
export interface EmbedOptions extends Pick<RunOptions, 'signal'>, LongTexts {
  /** Most tokens of a call, without padding. Default: 16384, or what the trace takes. Answers do not depend on it. */
  batchTokens?: number;
  /** Told after each call how far the work is. */
  progress_callback?: (progress: EmbedProgress) => void;
}

const OUTPUT = ['sentence_embedding'];

/** What embedding asks of a trace. */
export interface Embedding extends Pick<TracedModule<unknown>, 'inputs' | 'dynamic' | 'outputs' | 'tokenizer' | 'run'> {
  /** How many runs it makes at once, one unless given. */
  readonly concurrency?: number;
}

/** How to embed texts with a trace: options are proved, nothing has been computed. Throws `value` errors. */
export function embedder(traced: Embedding, { batchTokens, signal, progress_callback, ...long }: EmbedOptions) {
  const output = traced.outputs.find(({ name }) => name === OUTPUT[0]);
  if (!output)
    throw new TraceletError('value', {
      what: 'embed()',
      expected: 'a trace with an output sentence_embedding',
      got: traced.outputs.map(({ name }) => name).join(', '),
      cure: 'Trace a SentenceEmbedder',
    });
  const hidden = output.shape[1];
  const capacity = capacityOf(traced, batchTokens);
  const { inputs, tokenizer, concurrency = 1 } = traced;
  const special = tokenizer.num_special_tokens_to_add();
  let done = 0;

  /** Hands `place` each text with its vector, and tells how many of `total` have theirs. */
  async function run(
    encoded: readonly Encoded[],
    total: number | undefined,
    place: (text: Encoded, vector: Float32Array) => void,
  ): Promise<void> {
    const waiting = encoded.map((text) => ({ text, vectors: [] as Float32Array[], missing: text.rows.length }));
    const rows = waiting.flatMap((of) => of.text.rows.map((ids, chunk) => ({ of, chunk, ids })));
    const lengths = rows.map(({ ids }) => ids.length);
    const plans = planBatches(lengths, shareOf(capacity, lengths, concurrency));
    await allOf(plans, concurrency, async (plan, goesOn) => {
      const batch = plan.map((row) => rows[row]);
      const ids = batch.map((row) => row.ids);
      const answer = (await traced.run(batchInputs(ids, capacity, inputs, tokenizer), { signal, outputs: OUTPUT })) as ModelOutput;
      if (!goesOn()) return;
      for (const [i, { of, chunk }] of batch.entries()) {
        of.vectors[chunk] = answer.sentence_embedding.data.slice(i * hidden, (i + 1) * hidden) as Float32Array;
        if (--of.missing) continue;
        const weights = of.text.rows.map(({ length }) => length - special);
        place(of.text, pool(of.vectors, weights));
        of.vectors = [];
        done++;
      }
      progress_callback?.({ done, total });
    });
  }

  return { hidden, capacity, concurrency, run, encode: encoder(tokenizer, capacity.sequence[1], long) };
}

import { TraceletError } from '../error.ts';
import { describe } from '../json.ts';
import type { ModelOutput } from '../trace/outputs.ts';
import type { RunOptions, TracedModule } from '../trace/traced.ts';
import { type Encoded, encoder, type LongTexts } from './encode.ts';
import { batchInputs, capacityOf } from './inputs.ts';
import { type Capacity, planBatches } from './plan.ts';
import { isNormalized, pool } from './pool.ts';

/** How many texts have their vectors, and of how many where that is known. */
export interface EmbedProgress {
  done: number;
  total?: number;
}

/** Options of `embed` and `embedEach`. A text that is too long is an error unless one of `truncate` and `chunk` says what becomes of it. */
export interface EmbedOptions extends RunOptions, LongTexts {
  /** Most tokens of a call, without padding. Default: 16384, or what the trace takes. Answers do not depend on it. */
  batchTokens?: number;
  /** Told after each call how far the work is. */
  progress_callback?: (progress: EmbedProgress) => void;
}

/** What embedding asks of a trace. */
export type Embedding = Pick<TracedModule<unknown>, 'inputs' | 'outputs' | 'tokenizer' | 'files' | 'run'>;

/** A trace of an embedder with options, proved. */
export class Embedder {
  readonly hidden: number;
  readonly capacity: Capacity;
  readonly encode: (text: string, index: number) => Encoded;
  readonly #traced: Embedding;
  readonly #signal: AbortSignal | undefined;

  constructor(traced: Embedding, { batchTokens, signal, ...long }: EmbedOptions) {
    const output = traced.outputs.find(({ name }) => name === 'sentence_embedding');
    if (!output)
      throw new TraceletError('value', {
        what: 'embed()',
        expected: 'a trace with an output sentence_embedding',
        got: traced.outputs.map(({ name }) => name).join(', '),
        cure: 'Trace a SentenceEmbedder',
      });
    if (batchTokens !== undefined && !(Number.isInteger(batchTokens) && batchTokens > 0))
      throw new TraceletError('value', { what: 'batchTokens', expected: 'a whole number, 1 or more', got: describe(batchTokens) });
    this.hidden = output.shape[1];
    this.capacity = capacityOf(traced, batchTokens);
    this.encode = encoder(traced.tokenizer, this.capacity.sequence[1], long);
    this.#traced = traced;
    this.#signal = signal;
  }

  /** Hands `place` the vector of each text with its index among `texts`, and tells `report` after each call how many have theirs. */
  async run(
    texts: readonly Encoded[],
    place: (index: number, vector: Float32Array) => void,
    report: (done: number) => void,
  ): Promise<void> {
    const rows = texts.flatMap(({ rows }, text) => rows.map((ids, chunk) => ({ text, chunk, ids })));
    const vectors = texts.map(({ rows }) => new Array<Float32Array>(rows.length));
    const missing = texts.map(({ rows }) => rows.length);
    let done = 0;
    for (const batch of planBatches(
      rows.map(({ ids }) => ids.length),
      this.capacity,
    )) {
      const answers = await this.#call(batch.map((row) => rows[row].ids));
      for (const [i, row] of batch.entries()) {
        const { text, chunk } = rows[row];
        vectors[text][chunk] = answers.slice(i * this.hidden, (i + 1) * this.hidden);
        if (--missing[text] > 0) continue;
        place(text, this.#joined(vectors[text], texts[text].weights));
        vectors[text] = [];
        done++;
      }
      report(done);
    }
  }

  async #call(rows: readonly Int32Array[]): Promise<Float32Array> {
    const { inputs, tokenizer } = this.#traced;
    const output = await this.#traced.run(batchInputs(rows, this.capacity, inputs, tokenizer), { signal: this.#signal });
    return (output as ModelOutput).sentence_embedding.data as Float32Array;
  }

  #joined(vectors: readonly Float32Array[], weights: readonly number[]): Float32Array {
    return vectors.length === 1 ? vectors[0] : pool(vectors, weights, isNormalized(this.#traced.files, vectors));
  }
}

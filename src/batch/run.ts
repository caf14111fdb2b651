import { TraceletError } from '../base/error.ts';
import { Slice } from '../base/slices.ts';
import { type Embedding, embedder } from '../text/embedder.ts';
import type { Encoded } from '../text/encode.ts';
import type { Identified } from './record.ts';
import type { Shard } from './shard.ts';
import type { BatchRow } from './sinks/sink.ts';

/** What a text ended with that has no vector. Throws what is not of the text, such as a signal. */
function errorRow(id: string, error: unknown): BatchRow {
  if (error instanceof TraceletError && OF_TEXTS.includes(error.code)) return { id, error: { code: error.code, message: error.message } };
  throw error;
}

/** Codes of errors that another try would end with as well. */
const OF_TEXTS = ['value', 'shape', 'memory'];

/** A text that is left alone, and why. */
export type Skipped = ReadonlyMap<number, TraceletError>;

interface Running {
  batchTokens?: number;
  signal?: AbortSignal;
  skipped: Skipped;
  /** Told the number of each text before it is run, which is then alone. */
  alone?: (index: number) => Promise<void>;
}

/** The rows of a shard. A text that cannot be embedded takes none with it. */
export async function runShard(traced: Embedding, { records, options }: Shard, running: Running): Promise<BatchRow[]> {
  const { batchTokens, signal, skipped, alone } = running;
  const { encode, run } = embedder(traced, { ...options, batchTokens, signal });
  const rows: BatchRow[] = [];
  const encoded: Encoded[] = [];
  const slice = new Slice(signal);
  for (const [index, [id, text]] of records.entries()) {
    if (slice.over) await slice.next();
    try {
      const refused = skipped.get(index);
      if (refused) throw refused;
      encoded.push(encode(text, index));
    } catch (error) {
      rows[index] = errorRow(id, error);
    }
  }
  const place = ({ index }: Encoded, embedding: Float32Array): void => {
    rows[index] = rowOf(records[index], embedding);
  };
  if (!alone) await run(encoded, records.length, place);
  else
    for (const text of encoded) {
      await alone(text.index);
      await run([text], 1, place).catch((error) => {
        rows[text.index] = errorRow(records[text.index][0], error);
      });
    }
  return rows;
}

/** Sinks refuse numbers that are none. */
function rowOf([id]: Identified, embedding: Float32Array): BatchRow {
  if (embedding.every(Number.isFinite)) return { id, embedding };
  const got = 'NaN or Infinity';
  return errorRow(id, new TraceletError('value', { what: id, expected: 'a vector of finite numbers', got, cure: 'Look at the model' }));
}

import { TraceletError } from '../base/error.ts';
import { Slice } from '../base/slices.ts';
import { type Embedding, embedder } from '../text/embedder.ts';
import type { Encoded } from '../text/encode.ts';
import type { Identified } from './record.ts';
import type { Shard } from './shard.ts';
import type { BatchRow } from './sinks/sink.ts';

/** Codes of errors that are of a text, and that another try would end with as well. */
const OF_TEXTS: readonly string[] = ['value', 'shape', 'memory'];
/** The same of a text that ran alone: its thread may have ended of it. */
const OF_ONE_TEXT = [...OF_TEXTS, 'worker'];

const errorRow = (id: string, { code, message }: TraceletError): BatchRow => ({ id, error: { code, message } });

/** The row of a text that ended with an error. Throws what is not of the text, such as a signal. */
function rowOfError(id: string, error: unknown, codes: readonly string[]): BatchRow {
  if (error instanceof TraceletError && codes.includes(error.code)) return errorRow(id, error);
  throw error;
}

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
    const refused = skipped.get(index);
    try {
      if (refused) rows[index] = errorRow(id, refused);
      else encoded.push(encode(text, index));
    } catch (error) {
      rows[index] = rowOfError(id, error, OF_TEXTS);
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
        rows[text.index] = rowOfError(records[text.index][0], error, OF_ONE_TEXT);
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

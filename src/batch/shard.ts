import { gunzipSync, gzipSync } from 'node:zlib';
import { TraceletError } from '../base/error.ts';
import { describe, isObject, parseObject, readJson } from '../base/json.ts';
import { checkOptions, type OptionTable } from '../base/options.ts';
import { FLAG, SIZE } from '../base/schema.ts';
import { LONG_TEXTS, type LongTexts } from '../text/encode.ts';
import { hashOf, type Identified, proveId, proveText } from './record.ts';

/** What vectors the texts of a shard get, whichever worker runs it. */
export interface VectorOptions extends LongTexts {
  /** Keeps so many numbers of each vector; what the folder of the model says unless given. */
  truncate_dim?: number;
  /** Scales vectors to length 1, after `truncate_dim`. */
  normalize?: boolean;
}

export const VECTOR_OPTIONS: OptionTable<VectorOptions> = { ...LONG_TEXTS, truncate_dim: SIZE, normalize: FLAG };

/** Texts that one job embeds. */
export interface Shard {
  /** Follows from all else. */
  id: string;
  /** That of the model that it is for. */
  fingerprint: string;
  options: VectorOptions;
  tokens: number;
  records: readonly Identified[];
}

/** What came of a shard. */
export interface Written {
  texts: number;
  tokens: number;
  /** How many texts have an error in place of a vector; null where the sink had the shard already. */
  failed: number | null;
  /** Milliseconds from the first token to the last vector, and until the sink had them all. */
  computing: number;
  writing: number;
}

/** A shard as the data of a job; its content goes once all is written, so that a queue that keeps its jobs stays small. */
export interface ShardData {
  shard: string;
  texts: number;
  tokens: number;
  /** JSON, gzipped, in base64: PostgreSQL refuses some characters in JSON. */
  content?: string;
  written?: Written;
}

/** No shard has more bytes of JSON. */
export const MOST_BYTES = 1 << 26;

/** The data of the job of a shard, whose id follows. Throws a `value` error for a text that no job has room for. */
export async function packShard({ fingerprint, options, tokens, records }: Omit<Shard, 'id'>): Promise<ShardData> {
  const json = JSON.stringify({ fingerprint, options, tokens, records });
  if (Buffer.byteLength(json) > MOST_BYTES)
    throw new TraceletError('value', {
      what: `the text with the id ${describe(records[0][0])}`,
      expected: `at most ${MOST_BYTES} bytes as JSON`,
      got: 'more',
      cure: 'Cut it into parts, or leave it out',
    });
  const content = gzipSync(json).toString('base64');
  return { shard: await hashOf(json), texts: records.length, tokens, content };
}

/** The shard in the data of a job. Throws `format`, `integrity` and `value` errors: a queue may hold anything. */
export async function unpackShard(data: unknown): Promise<Shard> {
  const { shard: id, content } = isObject(data) ? (data as Partial<ShardData>) : {};
  if (typeof id !== 'string' || typeof content !== 'string') throw noShard(describe(data));
  const json = inflated(content);
  if ((await hashOf(json)) !== id)
    throw new TraceletError('integrity', { what: 'the data of a job', expected: 'the id that follows from it', got: describe(id) });
  const { fingerprint, options, tokens, records } = parseObject(json, 'the data of a job', readJson);
  if (typeof fingerprint !== 'string' || typeof tokens !== 'number' || !Array.isArray(records)) throw noShard('other parts');
  return {
    id,
    fingerprint,
    options: checkOptions('a shard', options as VectorOptions, VECTOR_OPTIONS),
    tokens,
    records: records.map(proveRecord),
  };
}

function inflated(content: string): string {
  try {
    return gunzipSync(Buffer.from(content, 'base64'), { maxOutputLength: MOST_BYTES }).toString('utf8');
  } catch (cause) {
    throw noShard((cause as Error).message, cause);
  }
}

function proveRecord(record: unknown, i: number): Identified {
  if (!Array.isArray(record) || record.length !== 2) throw noShard(`${describe(record)} as text ${i}`);
  return [proveId(record[0], `texts[${i}].id`), proveText(record[1], `texts[${i}]`)];
}

const noShard = (got: string, cause?: unknown): TraceletError =>
  new TraceletError('format', { what: 'the data of a job', expected: 'a shard of texts', got, cause });

import { TraceletError } from '../base/error.ts';
import { checkOptions, curesIn, FUNCTION, type OptionTable, SIGNAL } from '../base/options.ts';
import { FLAG, kind, SIZE } from '../base/schema.ts';
import type { Signature } from '../program/signature.ts';
import { isNormalized } from '../sentence/prompt.ts';
import type { TextReader } from '../sentence/tokenizer.ts';
import type { Bounds } from '../tensor/dim.ts';
import { type Encoded, encoder, LONG_TEXTS, type LongTexts, longestOf } from './encode.ts';
import { capacityOf } from './inputs.ts';
import { normalized, pool } from './mean.ts';
import { type RowRunner, runRows } from './rows.ts';

/** How many texts have their vectors, and of how many where that is known. */
export interface EmbedProgress {
  done: number;
  total?: number;
}

/** Options of `embed` and `embedEach`. A text that is too long is an error unless one of `truncate` and `chunk` says what becomes of it. */
export interface EmbedOptions extends LongTexts {
  /** Stops the work between two instructions; the trace stays usable. */
  signal?: AbortSignal;
  /** Keeps so many numbers of each vector, at most as many as it has; what the folder of the model says unless given. */
  truncate_dim?: number;
  /** Scales vectors to length 1, after `truncate_dim`. Models that do so themselves cannot be told not to. */
  normalize?: boolean;
  /** Most tokens of a call, without padding. Default: 16384, or what the trace takes. Answers do not depend on it. */
  batchTokens?: number;
  /** Told after each call how far the work is. */
  progress_callback?: (progress: EmbedProgress) => void;
}

const EMBED_OPTIONS: OptionTable<EmbedOptions> = {
  ...LONG_TEXTS,
  truncate_dim: SIZE,
  normalize: FLAG,
  batchTokens: kind('a whole number', (value) => typeof value === 'number'),
  signal: SIGNAL,
  progress_callback: FUNCTION,
};

/** What takes the place of other options of sentence-transformers and transformers.js. */
const CURES: Readonly<Record<string, string>> = {
  pooling: 'Pooling is that of the model: SentenceEmbedder.from_pretrained(folder, { pooling })',
  normalize_embeddings: 'Did you mean normalize?',
  batch_size: 'Say batchTokens; answers do not depend on it',
  show_progress_bar: 'progress_callback is told how far it is',
  convert_to_tensor: 'Leave it out: the answer is a tensor',
  convert_to_numpy: 'Leave it out: data of the tensor that is answered is a Float32Array',
  precision: 'Vectors are float32',
  max_length: 'The model says how long texts may be: truncate or chunk longer ones',
};

const cureOf = curesIn(CURES);

const OUTPUT = ['sentence_embedding'];
const WORDING = {
  what: 'embed()',
  nameOf: (index: number) => `texts[${index}]`,
  cure: 'The option truncate leaves out the rest, the option chunk pools the vectors of its parts',
};

/** What embedding asks of a trace. */
export interface Embedding extends RowRunner {
  readonly outputs: readonly Signature[];
  /** Sizes that calls may choose, with their bounds. */
  readonly dynamic: Bounds;
  readonly reader: TextReader;
}

/** How to embed texts with a trace: options are proved, nothing has been computed. Throws `value` errors. */
export function embedder(traced: Embedding, options: EmbedOptions) {
  const { batchTokens, signal, progress_callback, truncate_dim, normalize, ...long } = checkOptions(
    'embed()',
    options,
    EMBED_OPTIONS,
    cureOf,
  );
  const { reader, concurrency = 1 } = traced;
  const width = widthOf(traced);
  const hidden = keptOf(width, truncate_dim, traced);
  if (normalize === false && isNormalized(reader.sentence)) throw normalizedAlready();
  const capacity = capacityOf(traced, batchTokens);
  let done = 0;

  const finished = (vector: Float32Array): Float32Array => {
    const kept = vector.subarray(0, hidden);
    return normalize ? normalized(kept) : kept;
  };

  /** Hands `place` each text with its vector, and tells how many of `total` have theirs. */
  async function run(
    encoded: readonly Encoded[],
    total: number | undefined,
    place: (text: Encoded, vector: Float32Array) => void,
  ): Promise<void> {
    const waiting = encoded.map((text) => ({ text, vectors: [] as Float32Array[], missing: text.rows.length }));
    const all = waiting.flatMap((of) => of.text.rows.map((row, chunk) => ({ of, chunk, row })));
    const rows = all.map(({ row }) => row);
    const settings = { capacity, tokenizer: reader.tokenizer, outputs: OUTPUT, signal, what: WORDING.what };
    await runRows(traced, rows, settings, (answer, numbers) => {
      for (const [i, { of, chunk }] of numbers.map((at) => all[at]).entries()) {
        of.vectors[chunk] = answer.sentence_embedding.data.slice(i * width, (i + 1) * width) as Float32Array;
        if (--of.missing) continue;
        const weights = of.text.rows.map(({ own }) => own);
        place(of.text, finished(pool(of.vectors, weights)));
        of.vectors = [];
        done++;
      }
      progress_callback?.({ done, total });
    });
  }

  const longest = longestOf(reader, capacity.sequence[1]);
  return { hidden, capacity, concurrency, signal, run, encode: encoder(reader, longest, long, WORDING) };
}

function widthOf({ outputs, reader: { sentence } }: Embedding): number {
  const kind = sentence?.model_type;
  const output = kind !== 'SparseEncoder' && outputs.find(({ name }) => name === OUTPUT[0]);
  if (output) return output.shape[1];
  throw new TraceletError('value', {
    what: 'embed()',
    expected: 'a trace with an output sentence_embedding',
    got: kind ?? outputs.map(({ name }) => name).join(', '),
    cure: kind ? `${kind}.from_pretrained opens it` : 'Trace a SentenceEmbedder',
  });
}

/** How many numbers of `width` are kept: as many as were asked for, or at most as many as the folder says. */
function keptOf(width: number, asked: number | undefined, { reader: { sentence } }: Embedding): number {
  if (asked === undefined) return Math.min(width, sentence?.truncate_dim ?? width);
  if (asked <= width) return asked;
  throw new TraceletError('value', {
    what: 'embed(): option truncate_dim',
    expected: `at most ${width}, the width of the vectors`,
    got: `${asked}`,
  });
}

const normalizedAlready = (): TraceletError =>
  new TraceletError('value', {
    what: 'embed(): option normalize',
    expected: 'true, or nothing',
    got: 'false for a model that scales its vectors to length 1 itself',
    cure: 'Load it with SentenceEmbedder.from_pretrained(folder, { normalize: false }) and trace it again',
  });

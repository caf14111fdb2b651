import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { FLAG, oneOf, TEXT } from '../base/schema.ts';
import { SentenceTransformer } from '../encoders/late.ts';
import { Tensor } from '../tensor/tensor.ts';
import { normalized } from '../text/mean.ts';
import { type RowPart, tokenIn } from '../text/rows.ts';
import { TOKENIZER_KWARGS, withKwargs } from './kwargs.ts';
import { answerRows, CUT_OPTIONS, type CutOptions, encodeRows, listOf, textOf } from './rows.ts';
import type { CallOptions, Task } from './task.ts';

/** How the tokens of a text become one vector. */
export type Pooling = 'none' | 'mean' | 'cls' | 'first_token' | 'eos' | 'last_token' | 'sentence';

/** Options of {@link FeatureExtractor}. */
export interface FeatureOptions extends CallOptions, CutOptions {
  /**
   * `none` unless given: a vector a token. `sentence` is what the folder of sentence-transformers says, its pooling and all that follows, as
   * `embed` of a trace; without such a folder the mean, scaled to length 1.
   */
  pooling?: Pooling;
  /** Scales vectors to length 1. */
  normalize?: boolean;
  /** Words to put before texts, with `pooling: 'sentence'`. */
  prompt?: string;
  /** The name of a prompt of the folder, with `pooling: 'sentence'`. */
  prompt_name?: string;
  /** The same as these options by themselves. */
  tokenize_kwargs?: CutOptions;
}

/**
 * Makes vectors of texts: [texts, width], or [texts, tokens, width] without pooling, with zeros behind the tokens of shorter texts. A text by
 * itself is a list of one.
 */
export interface FeatureExtractor {
  (texts: string | readonly string[], options?: FeatureOptions): Promise<Tensor<'float32'>>;
}

const first = (part: RowPart): Float32Array => tokenIn(part, 0);
const last = (part: RowPart, count: number): Float32Array => tokenIn(part, count - 1);

function mean(part: RowPart, count: number): Float32Array {
  const sums = new Float64Array(part.width);
  for (let token = 0; token < count; token++) for (const [i, value] of tokenIn(part, token).entries()) sums[i] += value;
  return Float32Array.from(sums, (sum) => sum / count);
}

type Pool = (part: RowPart, count: number) => Float32Array;
const POOLS: Readonly<Record<Exclude<Pooling, 'sentence' | 'none'>, Pool>> = {
  mean,
  cls: first,
  first_token: first,
  eos: last,
  last_token: last,
};
/** Rows of the output, as they are. */
const all: Pool = ({ data, width }, count) => data.subarray(0, count * width);

function refusePrompts(options: Pick<FeatureOptions, 'prompt' | 'prompt_name'>): void {
  const [name] = Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : key));
  if (name !== undefined)
    throw new TraceletError('value', { what: `option ${name}`, expected: "pooling: 'sentence' beside it", got: 'another pooling' });
}

export const featureExtraction: Task<FeatureOptions> = {
  name: 'feature-extraction',
  aliases: ['embeddings'],
  head: 'SentenceEmbedder',
  outputs: ['last_hidden_state'],
  arity: 1,
  options: {
    ...CUT_OPTIONS,
    pooling: oneOf<Pooling>(['none', 'mean', 'cls', 'first_token', 'eos', 'last_token', 'sentence']),
    normalize: FLAG,
    prompt: TEXT,
    prompt_name: TEXT,
    tokenize_kwargs: TOKENIZER_KWARGS,
  },
  cures: { return_tensors: 'Leave it out: the answer is a tensor', quantize: 'Vectors are float32', precision: 'Vectors are float32' },

  async answer(host, [input], { pooling = 'none', normalize = false, prompt, prompt_name, tokenize_kwargs, ...options }) {
    const { truncation: _, max_length: __, ...call } = options;
    const { truncation, max_length } = withKwargs(options, 'tokenize_kwargs', tokenize_kwargs);
    const { items, isList } = listOf(input, 'text', textOf);
    if (pooling === 'sentence') {
      if (max_length !== undefined)
        throw new TraceletError('value', { what: 'option max_length', expected: 'no such option', got: describe(max_length), cure: 'The folder says how long texts are' }); // biome-ignore format: one row
      const model = await SentenceTransformer.from_pretrained(host.traced);
      return model.encode(items, { ...call, prompt, prompt_name, truncate: truncation, normalize_embeddings: normalize });
    }
    refusePrompts({ prompt, prompt_name });
    const nameOf = (index: number): string => (isList ? `texts[${index}]` : 'text');
    const texts = items.map((text) => [text] as const);
    const rows = await encodeRows(host, texts, { truncation, max_length, nameOf, signal: call.signal });
    const pool = pooling === 'none' ? all : POOLS[pooling];
    const parts: Float32Array[] = [];
    let width = 0;
    await answerRows(host, rows, this.outputs, call, (row, part) => {
      width = part.width;
      const pooled = pool(part, rows[row].ids.length);
      parts[row] = normalize ? eachNormalized(pooled, width) : pooled.slice();
    });
    const longest = pooling === 'none' ? rows.reduce((most, { ids }) => Math.max(most, ids.length), 0) : 1;
    const data = new Float32Array(rows.length * longest * width);
    for (const [row, part] of parts.entries()) data.set(part, row * longest * width);
    return new Tensor('float32', pooling === 'none' ? [rows.length, longest, width] : [rows.length, width], data);
  },
};

function eachNormalized(vectors: Float32Array, width: number): Float32Array {
  const scaled = new Float32Array(vectors.length);
  for (let at = 0; at < vectors.length; at += width) scaled.set(normalized(vectors.subarray(at, at + width)), at);
  return scaled;
}

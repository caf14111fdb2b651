import { TraceletError } from '../base/error.ts';
import { Slice } from '../base/slices.ts';
import { weighing } from '../encoders/splade.ts';
import type { SentenceConfig } from '../sentence/config.ts';
import { scaledToOne } from '../sentence/prompt.ts';
import { type Embedding, embedder } from '../text/embedder.ts';
import { type Encoded, encoder, longestOf, type Row } from '../text/encode.ts';
import { capacityOf } from '../text/inputs.ts';
import { answerRows, type RowPart, tokenIn } from '../text/rows.ts';
import type { SparseVector } from '../text/sparse.ts';
import type { TextInput } from '../tokenizer/index.ts';
import type { Call } from './call.ts';
import { Fault } from './fault.ts';
import type { ServedModel } from './model.ts';

/** A text, with its pair where it has one, or ids of tokens, which are run as they are. */
export type Asked = TextInput | readonly number[];

/** How texts are read. */
export interface Reading {
  truncate: boolean;
  /** Whether long texts lose their beginning. */
  fromLeft?: boolean;
  prompt_name?: string;
}

/** What a call wants of vectors. */
export interface VectorOptions extends Reading {
  normalize: boolean;
  dimensions?: number;
}

const isIds = (asked: Asked): asked is readonly number[] => Array.isArray(asked) && typeof asked[0] === 'number';
const WHAT = 'the request';
const nameOf = (index: number): string => `inputs[${index}]`;
const cure = 'truncate: true leaves out the rest';

/** The vectors of texts. */
export async function vectors(call: Call, model: ServedModel, texts: readonly Asked[], options: VectorOptions): Promise<Float32Array[]> {
  const { normalize, dimensions, truncate, prompt_name, fromLeft } = options;
  const { signal } = call;
  if (dimensions !== undefined && dimensions > model.width)
    throw new Fault('invalid', `\`dimensions\`: expected at most ${model.width}, got ${dimensions}`, { param: 'dimensions' });
  const seat = model.seat(call, fromLeft);
  const { sentence } = seat.reader;
  const shape = { ...(dimensions && { truncate_dim: dimensions }), ...(normalize ? scaledToOne(sentence, dimensions) : { normalize }) };
  const { run, capacity } = embedder(seat, { ...shape, prompt_name, signal });
  const encoded = await read(call, seat, texts, { truncate, prompt_name }, capacity.sequence[1]);
  const answers: Float32Array[] = [];
  await run(encoded, texts.length, ({ index }, vector) => {
    answers[index] = vector;
  });
  return answers.map(finite);
}

/** Most numbers of an answer that has some for each token: 64 MiB, and about three times as many bytes of JSON. */
const MOST_NUMBERS = 2 ** 24;

/** A vector for each token of each text. Throws a fault for more than an answer may hold. */
export function tokenVectors(call: Call, model: ServedModel, texts: readonly Asked[], reading: Reading): Promise<Float32Array[][]> {
  const output = model.outputFor('embed_all') as string;
  const width = model.traced.outputs.find(({ name }) => name === output)?.shape.at(-1) ?? 1;
  const prove = (encoded: readonly Encoded[]): void => {
    const numbers = width * encoded.reduce((sum, { rows: [{ ids }] }) => sum + ids.length, 0);
    if (numbers > MOST_NUMBERS)
      throw new Fault('large', `An answer has at most ${MOST_NUMBERS} numbers, not ${numbers}: ask for fewer texts`);
  };
  const made = (part: RowPart, { ids }: Row): Float32Array[] => Array.from(ids, (_, token) => finite(tokenIn(part, token).slice()));
  return answered(call, { model, output, prove }, texts, reading, made);
}

/** The words of each text that count, with their weights. */
export function sparseVectors(call: Call, model: ServedModel, texts: readonly Asked[], reading: Reading): Promise<SparseVector[]> {
  const vectorOf = weighing(model.traced.reader.sentence as SentenceConfig);
  const [{ name }] = model.traced.outputs;
  return answered(call, { model, output: name }, texts, reading, (part, { ids }) => {
    const vector = vectorOf(part, ids);
    finite(vector.values);
    return vector;
  });
}

/** What a model that scores makes of each text or pair, before any activation. */
export function logits(call: Call, model: ServedModel, texts: readonly Asked[], reading: Reading): Promise<Float32Array[]> {
  const output = model.outputFor('predict') as string;
  return answered(call, { model, output }, texts, reading, ({ data }) => finite(data.slice()));
}

/** Rows for texts, counted. Throws a `value` error for ids of no token, and texts that are too long where they are not to be cut. */
async function read(
  call: Call,
  seat: Embedding,
  texts: readonly Asked[],
  { truncate, prompt_name }: Reading,
  most: number,
): Promise<Encoded[]> {
  const began = performance.now();
  const { tokenizer } = seat.reader;
  const longest = longestOf(seat.reader, most);
  const encode = encoder(
    seat.reader,
    longest,
    { truncate, ...(prompt_name !== undefined && { prompt_name }) },
    { what: WHAT, nameOf, cure },
  );
  const slice = new Slice(call.signal);
  const encoded: Encoded[] = [];
  for (const [i, text] of texts.entries()) {
    encoded.push(isIds(text) ? ofIds(text, i, { most: longest.most, words: tokenizer.length, truncate }) : encode(text, i));
    if (slice.over) await slice.next();
  }
  call.read(encoded, performance.now() - began);
  return encoded;
}

function ofIds(
  text: readonly number[],
  index: number,
  { most, words, truncate }: { most: number; words: number; truncate: boolean },
): Encoded {
  const stray = text.find((id) => id >= words);
  if (stray !== undefined)
    throw new TraceletError('value', { what: nameOf(index), expected: `ids below ${words}, the number of tokens`, got: `${stray}` });
  if (text.length > most && !truncate)
    throw new TraceletError('value', { what: nameOf(index), expected: `at most ${most} tokens`, got: `${text.length}`, cure });
  const ids = Int32Array.from(text.slice(0, most));
  const row: Row = { ids, unpooled: 0, own: ids.length };
  return { index, text: '', tokens: text.length, truncated: text.length - ids.length, rows: [row] };
}

/** What is asked of a model: one of its outputs, for texts that `prove` does not refuse. */
interface Asks {
  model: ServedModel;
  output: string;
  prove?(encoded: readonly Encoded[]): void;
}

/** What `made` makes of the output of each text. */
async function answered<T>(
  call: Call,
  { model, output, prove }: Asks,
  texts: readonly Asked[],
  reading: Reading,
  made: (part: RowPart, row: Row) => T,
): Promise<T[]> {
  const seat = model.seat(call, reading.fromLeft);
  const capacity = capacityOf(seat);
  const encoded = await read(call, seat, texts, reading, capacity.sequence[1]);
  prove?.(encoded);
  const rows = encoded.map(({ rows: [row] }) => row);
  const settings = { capacity, tokenizer: seat.reader.tokenizer, outputs: [output], signal: call.signal, what: WHAT };
  const parts: T[] = [];
  await answerRows(seat, rows, settings, undefined, (at, part) => {
    parts[at] = made(part, rows[at]);
  });
  return parts;
}

function isFiniteAll(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/** Throws a `kernels` error where a model answers with what is no number. */
function finite(values: Float32Array): Float32Array {
  if (isFiniteAll(values)) return values;
  throw new TraceletError('kernels', { what: 'the model', expected: 'finite numbers', got: 'others', cure: 'Its weights may be broken' });
}

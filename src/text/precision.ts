import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { checkOptions, type OptionTable, proved } from '../base/options.ts';
import { type Kind, kind, oneOf } from '../base/schema.ts';
import { warn } from '../base/warn.ts';
import { tensor } from '../tensor/creation.ts';
import type { Nested } from '../tensor/nested.ts';
import { Tensor, tensorLike } from '../tensor/tensor.ts';
import type { Vectors } from './similarity.ts';

/** What numbers of vectors may be kept as. Of `binary` and `ubinary`, a byte holds the signs of eight. */
const PRECISIONS = ['float32', 'int8', 'uint8', 'binary', 'ubinary'] as const;
export type Precision = (typeof PRECISIONS)[number];
export const PRECISION: Kind<Precision> = oneOf(PRECISIONS);

/** What the 256 steps of 8 bits are laid over. */
export interface QuantizeOptions {
  /** The least and the largest of each number: [2, d]. */
  ranges?: Vectors;
  /** Vectors whose least and largest these are; those that are quantised unless given, which 100 are enough for. */
  calibration_embeddings?: Vectors;
}

const VECTORS = kind<Vectors>('vectors', (value) => typeof value === 'object');
const OPTIONS: OptionTable<QuantizeOptions> = { ranges: VECTORS, calibration_embeddings: VECTORS };

const WHAT = 'quantize_embeddings()';
const ENOUGH = 100;
const STEPS = 255;

type Numbers = Float32Array | Float64Array;
interface Matrix {
  data: Numbers;
  rows: number;
  cols: number;
  shape: readonly number[];
}

/** Numbers as they were given: float32 where a tensor has them so, else as JavaScript has them. */
function matrixOf(vectors: Vectors, what: string): Matrix {
  if (typeof vectors !== 'object' || vectors === null)
    throw new TraceletError('value', { what, expected: 'a vector or a list of vectors', got: describe(vectors) });
  const given = tensorLike(vectors) ?? tensor(vectors as Nested);
  const { shape, data } = given.dtype === 'float32' ? (given as Tensor<'float32'>) : given.to('float64');
  const cols = shape.at(-1) as number;
  if (shape.length < 1 || shape.length > 2 || cols === 0)
    throw new TraceletError('shape', { what, expected: 'a vector [d] or vectors [n, d], d not 0', got: `[${shape}]` });
  return { data, rows: shape.length === 1 ? 1 : shape[0], cols, shape };
}

/** Whole numbers are what vectors become, not what they are made of. */
function floatsOf(vectors: Vectors): Matrix {
  const dtype = tensorLike(vectors)?.dtype;
  if (dtype === 'int8' || dtype === 'uint8')
    throw new TraceletError('dtype', { what: WHAT, expected: 'floating-point numbers', got: `${dtype}, quantised already` });
  return matrixOf(vectors, WHAT);
}

/** The least and the largest number of each column, one row behind the other. */
function extremesOf({ data, rows, cols }: Matrix): Numbers {
  const ends = data.slice(0, 0).constructor === Float32Array ? new Float32Array(2 * cols) : new Float64Array(2 * cols);
  ends.fill(Infinity, 0, cols).fill(-Infinity, cols);
  for (let at = 0; at < rows * cols; at++) {
    const col = at % cols;
    if (data[at] < ends[col]) ends[col] = data[at];
    if (data[at] > ends[cols + col]) ends[cols + col] = data[at];
  }
  return ends;
}

function rangesFor(matrix: Matrix, { ranges, calibration_embeddings: others }: QuantizeOptions): Numbers {
  const fits = (given: Matrix, rows: number, what: string): Matrix => {
    if (given.cols === matrix.cols && (rows < 0 || given.rows === rows)) return given;
    throw new TraceletError('shape', {
      what: `${WHAT}: ${what}`,
      expected: `[${rows < 0 ? 'n' : rows}, ${matrix.cols}]`,
      got: `[${given.shape}]`,
    });
  };
  if (ranges !== undefined) return fits(matrixOf(ranges, `${WHAT}: ranges`), 2, 'ranges').data;
  if (others !== undefined) return extremesOf(fits(matrixOf(others, `${WHAT}: calibration_embeddings`), -1, 'calibration_embeddings'));
  if (matrix.rows < ENOUGH)
    warn(`${WHAT}: less than ${ENOUGH} vectors say little about their ranges. Pass ranges, or more vectors as calibration_embeddings`);
  return extremesOf(matrix);
}

/** Steps of 8 bits, from 0: computed in the precision that the numbers and their ranges have. */
function stepsOf(matrix: Matrix, options: QuantizeOptions): Uint8Array {
  const { data, cols } = matrix;
  const ends = rangesFor(matrix, options);
  const round = data instanceof Float32Array && ends instanceof Float32Array ? Math.fround : Number;
  const sizes = Array.from({ length: cols }, (_, col) => round(round(ends[cols + col] - ends[col]) / STEPS) || 1);
  const steps = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at++) {
    const col = at % cols;
    const step = Math.floor(round(round(data[at] - ends[col]) / sizes[col]));
    steps[at] = Math.min(STEPS, Math.max(0, step));
  }
  return steps;
}

/** A bit a number, 1 where it is above 0, the first of eight being the highest of a byte. */
function signsOf({ data, rows, cols }: Matrix): Uint8Array {
  const width = Math.ceil(cols / 8);
  const signs = new Uint8Array(rows * width);
  for (let at = 0; at < data.length; at++) {
    const [row, col] = [Math.floor(at / cols), at % cols];
    if (data[at] > 0) signs[row * width + (col >> 3)] |= 0x80 >> (col & 7);
  }
  return signs;
}

/** Bytes as signed numbers, 128 less. */
const signed = (bytes: Uint8Array): Int8Array => Int8Array.from(bytes, (byte) => byte - 128);

/** What `quantize_embeddings` answers. Throws `value`, `shape` and `dtype` errors. */
export function quantizeVectors(vectors: Vectors, precision: Precision, options: QuantizeOptions = {}): Tensor {
  const wanted = proved(`${WHAT}: precision`, precision, PRECISION);
  const checked = checkOptions(WHAT, options, OPTIONS);
  const matrix = floatsOf(vectors);
  const lead = matrix.shape.slice(0, -1);
  if (wanted === 'float32') return new Tensor('float32', matrix.shape, Float32Array.from(matrix.data));
  const isSigns = wanted.endsWith('binary');
  const bytes = isSigns ? signsOf(matrix) : stepsOf(matrix, checked);
  const shape = [...lead, isSigns ? Math.ceil(matrix.cols / 8) : matrix.cols];
  return wanted.startsWith('u') ? new Tensor('uint8', shape, bytes) : new Tensor('int8', shape, signed(bytes));
}

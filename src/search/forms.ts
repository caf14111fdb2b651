import { TraceletError } from '../base/error.ts';
import type { Precision } from '../text/precision.ts';
import { BITS, FLOATS, ROW_STEP, SIGNED, SIGNED_BY_FLOATS, UNSIGNED, UNSIGNED_BY_FLOATS } from './limits.ts';
import { checkHeld, type Matrix } from './vectors.ts';

/** How rows are held and compared. */
interface Form {
  dtype: Matrix['dtype'];
  /** How they are compared with queries of their own kind, and with floats. */
  kind: number;
  byFloats?: number;
}

const FORMS: Readonly<Record<Precision, Form>> = {
  float32: { dtype: 'float32', kind: FLOATS, byFloats: FLOATS },
  int8: { dtype: 'int8', kind: SIGNED, byFloats: SIGNED_BY_FLOATS },
  uint8: { dtype: 'uint8', kind: UNSIGNED, byFloats: UNSIGNED_BY_FLOATS },
  binary: { dtype: 'int8', kind: BITS },
  ubinary: { dtype: 'uint8', kind: BITS },
};

/** Columns of bytes whose products with bytes add up to an int32, whatever they are. */
const MOST_WHOLE = Math.floor((2 ** 31 - 1) / 255 ** 2);

/** Rows of a width in a precision, as they lie in memory. */
export class RowForm {
  readonly precision: Precision;
  readonly width: number;
  /** Bytes from a row to the next. */
  readonly stride: number;

  constructor(precision: Precision, width: number) {
    this.precision = precision;
    this.width = width;
    this.stride = Math.ceil((width * this.itemBytes) / ROW_STEP) * ROW_STEP;
  }

  get dtype(): Matrix['dtype'] {
    return FORMS[this.precision].dtype;
  }

  get itemBytes(): number {
    return this.dtype === 'float32' ? 4 : 1;
  }

  /** Bits of a row, where it is of bits. */
  get bits(): number {
    return this.isBits ? 8 * this.width : 0;
  }

  get isBits(): boolean {
    return FORMS[this.precision].kind === BITS;
  }

  /** How rows are compared with one another. */
  get kind(): number {
    const { kind, byFloats } = FORMS[this.precision];
    return this.width > MOST_WHOLE && !this.isBits ? (byFloats as number) : kind;
  }

  /** Bytes of a query of the same kind. */
  get queryBytes(): number {
    return this.kind === SIGNED_BY_FLOATS || this.kind === UNSIGNED_BY_FLOATS ? 8 * this.stride : 2 * this.stride;
  }

  /** Throws `shape` and `dtype` errors unless a matrix has such rows. */
  checkRows(matrix: Matrix, what: string): void {
    this.#check(matrix, what);
    const { dtype } = matrix;
    if (dtype === this.dtype) return;
    throw new TraceletError('dtype', {
      what,
      expected: `${this.dtype}, as ${this.precision} vectors are`,
      got: dtype,
      cure: `quantize_embeddings(vectors, '${this.precision}') makes them`,
    });
  }

  /** Queries as kernels read them, those of floats in float64 and then in float32: the rows in bytes, how far apart they lie, and how they are compared. Throws `shape` and `dtype` errors. */
  queries(matrix: Matrix, what: string): { bytes: Uint8Array; stride: number; kind: number } {
    this.#check(matrix, what);
    if (this.isBits) this.checkRows(matrix, what);
    const isWhole = matrix.dtype !== 'float32' && this.kind !== FORMS[this.precision].byFloats;
    const kind = this.isBits || isWhole ? this.kind : (FORMS[this.precision].byFloats as number);
    const copies = kind === FLOATS ? [Float64Array, Float32Array] : [this.isBits ? Int8Array : isWhole ? Int16Array : Float64Array];
    const cols = this.stride / this.itemBytes;
    const stride = copies.reduce((sum, { BYTES_PER_ELEMENT }) => sum + cols * BYTES_PER_ELEMENT, 0);
    const bytes = new Uint8Array(matrix.rows * stride);
    for (let row = 0, at = 0; row < matrix.rows; row++)
      for (const Numbers of copies) {
        new Numbers(bytes.buffer, at, cols).set(matrix.data.subarray(row * matrix.cols, (row + 1) * matrix.cols));
        at += cols * Numbers.BYTES_PER_ELEMENT;
      }
    return { bytes, stride, kind };
  }

  #check(matrix: Matrix, what: string): void {
    checkHeld(matrix, what);
    const { cols } = matrix;
    if (cols === this.width) return;
    throw new TraceletError('shape', { what, expected: `vectors of ${this.width} ${this.isBits ? 'bytes' : 'numbers'}`, got: `${cols}` });
  }
}

/** The precision of vectors that nobody names. */
export const precisionOf = ({ dtype }: Matrix): Precision => dtype;

/** Euclidean lengths of queries, each the root of four sums as kernels have them; the number of bits for rows of bits. */
export function lengthsOf({ data, rows, cols }: Matrix, form: RowForm): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    const sums = [0, 0, 0, 0];
    for (let col = 0, at = row * cols; col < cols; col++, at++) sums[col & 3] += data[at] * data[at];
    return form.isBits ? form.bits : Math.sqrt(sums[0] + sums[1] + (sums[2] + sums[3]));
  });
}

import type { Kernels } from '../kernels/binaries.ts';
import { BITS, BLOCK_ROWS, FLOATS, HIT_BYTES, LENGTHS_BYTES, SIGNED, SIGNED_BY_FLOATS, UNSIGNED } from './limits.ts';

/** The kernels of searches in plain JavaScript, for places without the binary: the same bits in the same places. */
export function plainKernels(memory: WebAssembly.Memory): Kernels {
  return {
    scan: (...args) => scan(new Views(memory.buffer), args),
    measure: (...args) => measure(new Views(memory.buffer), args),
  };
}

type Numbers = Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array;

/** A memory as numbers of each kind. */
class Views {
  readonly i8: Int8Array;
  readonly u8: Uint8Array;
  readonly i16: Int16Array;
  readonly i32: Int32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;

  constructor(buffer: ArrayBufferLike) {
    this.i8 = new Int8Array(buffer);
    this.u8 = new Uint8Array(buffer);
    this.i16 = new Int16Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }

  rowsOf(kind: number): Numbers {
    if (kind === FLOATS) return this.f32;
    return kind === SIGNED || kind === SIGNED_BY_FLOATS ? this.i8 : this.u8;
  }

  queriesOf(kind: number): Numbers {
    return kind === SIGNED || kind === UNSIGNED ? this.i16 : this.f64;
  }
}

/** The product of `cols` numbers of a from `from` on with those of b, in four sums. */
function product(a: Numbers, from: number, b: Numbers, at: number, cols: number): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  for (let col = 0; col < cols; col += 4) {
    first += a[from + col] * b[at + col];
    second += a[from + col + 1] * b[at + col + 1];
    third += a[from + col + 2] * b[at + col + 2];
    fourth += a[from + col + 3] * b[at + col + 3];
  }
  return first + second + (third + fourth);
}

const ONES: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

function agreement({ u8 }: Views, query: number, row: number, stride: number, bits: number): number {
  let differing = 0;
  for (let at = 0; at < stride; at++) differing += ONES[u8[query + at] ^ u8[row + at]];
  return bits - 2 * differing;
}

function scan(views: Views, args: readonly number[]): void {
  const [lists, queries, lengths, block, base, , first, rows, span, shards, asked, most, stride, queryStride, cosine, bits, kind] = args;
  const [held, wanted] = [views.rowsOf(kind), views.queriesOf(kind)];
  const blockBytes = LENGTHS_BYTES + stride * BLOCK_ROWS;
  const cols = stride / held.BYTES_PER_ELEMENT;
  const from = (block - base) / blockBytes;
  for (let shard = 0; shard < shards; shard++)
    for (let row = (from + shard * span) * BLOCK_ROWS; row < Math.min(rows, (from + (shard + 1) * span) * BLOCK_ROWS); row++) {
      const lengthAt = base + Math.floor(row / BLOCK_ROWS) * blockBytes + 8 * (row % BLOCK_ROWS);
      const at = base + Math.floor(row / BLOCK_ROWS) * blockBytes + LENGTHS_BYTES + stride * (row % BLOCK_ROWS);
      for (let q = 0; q < asked; q++) {
        const query = queries + q * queryStride;
        const dot =
          kind === BITS
            ? agreement(views, query, at, stride, bits)
            : product(wanted, query / wanted.BYTES_PER_ELEMENT, held, at / held.BYTES_PER_ELEMENT, cols);
        const score = cosine === 0 ? dot : dot / (views.f64[lengths / 8 + q] * views.f64[lengthAt / 8] || 1);
        take(views, lists + (shard * asked + q) * (most + 1) * HIT_BYTES, most, score, first + row);
      }
    }
}

function measure(views: Views, [lengths, row, , count, stride, kind]: readonly number[]): void {
  const held = views.rowsOf(kind);
  const cols = stride / held.BYTES_PER_ELEMENT;
  for (let r = 0; r < count; r++) {
    const from = row / held.BYTES_PER_ELEMENT + r * cols;
    views.f64[lengths / 8 + r] = Math.sqrt(product(held, from, held, from, cols));
  }
}

/** Takes a hit into a list of at most `most`, as the kernel does. */
function take({ i32, f64 }: Views, list: number, most: number, score: number, row: number): void {
  const scoreAt = (at: number): number => f64[(list + (at + 1) * HIT_BYTES) / 8];
  const rowAt = (at: number): number => i32[(list + (at + 1) * HIT_BYTES) / 4 + 2];
  const put = (at: number, value: number, its: number): void => {
    f64[(list + (at + 1) * HIT_BYTES) / 8] = value;
    i32[(list + (at + 1) * HIT_BYTES) / 4 + 2] = its;
  };
  const isBelow = (at: number, value: number, its: number): boolean => scoreAt(at) < value || (scoreAt(at) === value && rowAt(at) > its);
  const held = i32[list / 4];
  let at = 0;
  if (held < most) {
    i32[list / 4] = held + 1;
    at = held;
    for (let up = (at - 1) >> 1; at > 0 && !isBelow(up, score, row); up = (at - 1) >> 1) {
      put(at, scoreAt(up), rowAt(up));
      at = up;
    }
  } else {
    if (score <= scoreAt(0)) return;
    for (let child = 1; child < held; child = 2 * at + 1) {
      const next = child + 1 < held && isBelow(child + 1, scoreAt(child), rowAt(child)) ? child + 1 : child;
      if (!isBelow(next, score, row)) break;
      put(at, scoreAt(next), rowAt(next));
      at = next;
    }
  }
  put(at, score, row);
}

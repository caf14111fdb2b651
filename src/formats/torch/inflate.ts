import { allocate } from '../../tensor/elements.ts';
import type { Fault } from './fault.ts';
import { Bits, Code } from './huffman.ts';

const END = 256;
/** Bits beyond the symbol of a length from 257 on and of a distance, and the smallest value of each. */
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const DISTANCE_BITS: readonly number[] = Array.from({ length: 30 }, (_, symbol) => Math.max(0, (symbol >> 1) - 1));
const DISTANCES: readonly number[] = DISTANCE_BITS.map((bits, symbol) => (symbol < 2 ? symbol : (2 + (symbol & 1)) << bits) + 1);
/** The order in which lengths of the code for lengths come. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/** Bytes that a block holds at the least, on the average: compressors begin one for no less. */
const SMALLEST_BLOCK = 64;
const SPARE_BLOCKS = 64;

interface Codes {
  literals: Code;
  distances: Code;
}

let fixed: Codes | undefined;

function fixedCodes(fault: Fault): Codes {
  const literals = Uint8Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8));
  fixed ??= { literals: new Code(literals, fault), distances: new Code(new Uint8Array(32).fill(5), fault) };
  return fixed;
}

/** Inflates raw deflate data of exactly `size` bytes. Throws the errors of `fault` for all else. */
export function inflate(deflated: Uint8Array, size: number, fault: Fault): Uint8Array {
  const bits = new Bits(deflated, fault);
  const out = allocate('uint8', size);
  let at = 0;
  let blocks = SPARE_BLOCKS + Math.ceil(size / SMALLEST_BLOCK);
  for (let last = false; !last; ) {
    if (blocks-- === 0) throw fault(`${size} bytes in blocks of a sensible size`, 'more blocks');
    last = bits.take(1) === 1;
    const kind = bits.take(2);
    if (kind === 3) throw fault('a stored, fixed or dynamic block', 'another');
    at = kind === 0 ? store(bits, out, at, fault) : expand(bits, kind === 1 ? fixedCodes(fault) : readCodes(bits, fault), out, at, fault);
  }
  if (at < size) throw fault(`${size} bytes`, `${at}`);
  bits.end();
  return out;
}

const tooLong = (out: Uint8Array, fault: Fault): Error => fault(`${out.length} bytes`, 'more');

function store(bits: Bits, out: Uint8Array, at: number, fault: Fault): number {
  const [a, b, c, d] = bits.bytes(4);
  const length = a | (b << 8);
  if ((length ^ (c | (d << 8))) !== 0xffff) throw fault('a length and its complement', 'others');
  if (length > out.length - at) throw tooLong(out, fault);
  out.set(bits.bytes(length), at);
  return at + length;
}

function expand(bits: Bits, { literals, distances }: Codes, out: Uint8Array, begin: number, fault: Fault): number {
  for (let at = begin; ; ) {
    const symbol = bits.symbol(literals);
    if (symbol === END) return at;
    if (symbol < END) {
      if (at === out.length) throw tooLong(out, fault);
      out[at++] = symbol;
      continue;
    }
    const row = symbol - END - 1;
    if (row >= LENGTHS.length) throw fault('a length that is defined', 'another');
    const length = LENGTHS[row] + bits.take(LENGTH_BITS[row]);
    const far = bits.symbol(distances);
    if (far >= DISTANCES.length) throw fault('a distance that is defined', 'another');
    const distance = DISTANCES[far] + bits.take(DISTANCE_BITS[far]);
    if (distance > at) throw fault('a distance within the data', `${distance} at byte ${at}`);
    if (length > out.length - at) throw tooLong(out, fault);
    for (const end = at + length; at < end; at++) out[at] = out[at - distance];
  }
}

function readCodes(bits: Bits, fault: Fault): Codes {
  const literals = bits.take(5) + 257;
  const distances = bits.take(5) + 1;
  if (literals > 286 || distances > 30) throw fault('at most 286 literals and 30 distances', `${literals} and ${distances}`);
  const own = new Uint8Array(ORDER.length);
  const given = bits.take(4) + 4;
  for (let i = 0; i < given; i++) own[ORDER[i]] = bits.take(3);
  const lengths = readLengths(bits, new Code(own, fault), literals + distances, fault);
  if (lengths[END] === 0) throw fault('a code for the end of the block', 'none');
  return { literals: new Code(lengths.subarray(0, literals), fault), distances: new Code(lengths.subarray(literals), fault) };
}

function readLengths(bits: Bits, code: Code, count: number, fault: Fault): Uint8Array {
  const lengths = new Uint8Array(count);
  for (let at = 0; at < count; ) {
    const symbol = bits.symbol(code);
    if (symbol < 16) {
      lengths[at++] = symbol;
      continue;
    }
    if (symbol === 16 && at === 0) throw fault('a length to repeat', 'none');
    const times = symbol === 16 ? 3 + bits.take(2) : symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7);
    if (times > count - at) throw fault(`${count} lengths of codes`, 'more');
    if (symbol === 16) lengths.fill(lengths[at - 1], at, at + times);
    at += times;
  }
  return lengths;
}

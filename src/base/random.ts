import { TraceletError } from './error.ts';
import { describe } from './json.ts';

/**
 * Fills `out` with normal deviates of mean 0 and standard deviation `std`. The bits of an element follow from `seed` (a whole number), `name`
 * and its place alone, in every runtime: all operations are correctly rounded or on integers. Other names give independent streams.
 *
 * Marsaglia and Bray, "A convenient method for generating normal variables", SIAM Review 6 (1964).
 */
export function normal(out: Float32Array, std: number, seed: number, name: string): Float32Array {
  const state = seeded(seed, name);
  for (let i = 0; i < out.length; i += 2) {
    let x: number;
    let y: number;
    let s: number;
    do {
      x = next(state) * 2 ** -31;
      y = next(state) * 2 ** -31;
      s = x * x + y * y;
    } while (s >= 1 || s === 0);
    const factor = std * Math.sqrt((-2 * ln(s)) / s);
    out[i] = x * factor;
    if (i + 1 < out.length) out[i + 1] = y * factor;
  }
  return out;
}

/** Fills `out` with deviates that are uniform over [low, high], as deterministic as {@link normal}. */
export function uniform(out: Float32Array, low: number, high: number, seed: number, name: string): Float32Array {
  const state = seeded(seed, name);
  const middle = 0.5 * (low + high);
  const half = 0.5 * (high - low);
  for (let i = 0; i < out.length; i++) out[i] = middle + half * (next(state) * 2 ** -31);
  return out;
}

/** One step of sfc32 (Doty-Humphrey, PractRand 0.94): 32 bits, as a signed number. */
function next(state: Int32Array): number {
  const [a, b, c, counter] = [state[0], state[1], state[2], state[3]];
  const result = (((a + b) | 0) + counter) | 0;
  state[3] = counter + 1;
  state[0] = b ^ (b >>> 9);
  state[1] = (c + (c << 3)) | 0;
  state[2] = (((c << 21) | (c >>> 11)) + result) | 0;
  return result;
}

/** Steps after which the state of sfc32 shows nothing of a poor seed. */
const WARM_UP = 15;

function seeded(seed: number, name: string): Int32Array {
  if (!Number.isSafeInteger(seed))
    throw new TraceletError('value', { what: 'seed', expected: 'a whole number of at most 53 bits', got: describe(seed) });
  const state = new Int32Array([hash(seed, name, 1), hash(seed, name, 2), hash(seed, name, 3), 1]);
  for (let i = 0; i < WARM_UP; i++) next(state);
  return state;
}

/** MurmurHash3 (Appleby, 32 bit) over the code units of `name` and both halves of `seed`, under the key `key`. */
function hash(seed: number, name: string, key: number): number {
  let h = mix(mix(key, seed | 0), Math.floor(seed / 2 ** 32));
  for (let i = 0; i < name.length; i++) h = mix(h, name.charCodeAt(i));
  h ^= 4 * (name.length + 2);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function mix(h: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  const mixed = h ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

const scratch = new Float64Array(1);
const words = new Int32Array(scratch.buffer); // low, high

/**
 * Natural logarithm of a positive normal number, relative error below 1e-14 on (0, 1): x = 2^e · m with m in [√½, √2], then
 * ln m = 2 artanh(t), t = (m - 1) / (m + 1), |t| < 0.1716, by its Taylor series up to t^17.
 */
export function ln(x: number): number {
  scratch[0] = x;
  const exponent = ((words[1] - 0x3fe6a09e) >> 20) | 0;
  words[1] -= exponent << 20;
  const m = scratch[0];
  const t = (m - 1) / (m + 1);
  const u = t * t;
  const series = 1 + u * (1 / 3 + u * (1 / 5 + u * (1 / 7 + u * (1 / 9 + u * (1 / 11 + u * (1 / 13 + u * (1 / 15 + u * (1 / 17))))))));
  return exponent * Math.LN2 + 2 * t * series;
}

/** Powers of ten that are exact. */
const TENS = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** Nine significant digits, which give every float32 back. */
export function shortest(value: number): number {
  const scale = TENS[8 - Math.floor(Math.log10(Math.abs(value)))];
  return scale === undefined ? Number(value.toPrecision(9)) : Math.round(value * scale) / scale;
}

/** Most characters of a number that {@link shortest} answers, and a comma. */
export const MOST_CHARACTERS = 26;

const [MINUS, POINT, ZERO] = ['-', '.', '0'].map((character) => character.charCodeAt(0));
/** The two digits of each number below a hundred, one after the other. */
const PAIRS = Uint8Array.from({ length: 200 }, (_, i) => ZERO + (i % 2 === 0 ? Math.floor(i / 20) : (i >> 1) % 10));

/** How many zeros stand between the point and the first digit of a number from 1e-6 to 1. */
const zerosIn = (size: number): number =>
  size >= 0.1 ? 0 : size >= 0.01 ? 1 : size >= 0.001 ? 2 : size >= 1e-4 ? 3 : size >= 1e-5 ? 4 : 5;

function writePair(bytes: Uint8Array, at: number, pair: number): void {
  bytes[at] = PAIRS[2 * pair];
  bytes[at + 1] = PAIRS[2 * pair + 1];
}

/** Writes nine digits of a whole number at `at`. */
function writeDigits(bytes: Uint8Array, at: number, whole: number): void {
  const high = (whole / 100_000) | 0;
  const low = whole - 100_000 * high;
  const first = (high / 100) | 0;
  const four = (low / 10) | 0;
  const third = (four / 100) | 0;
  writePair(bytes, at, first);
  writePair(bytes, at + 2, high - 100 * first);
  writePair(bytes, at + 4, third);
  writePair(bytes, at + 6, four - 100 * third);
  bytes[at + 8] = ZERO + low - 10 * four;
}

/** Writes what JSON has for {@link shortest} of a float32 at `at`, where there is room, and answers where it ends. */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  const size = Math.abs(value);
  if (!(size >= 1e-6 && size < 10)) return writeText(bytes, at, JSON.stringify(shortest(value)));
  let end = at;
  if (value < 0) bytes[end++] = MINUS;
  if (size >= 1) {
    writeDigits(bytes, end + 1, Math.abs(Math.round(value * TENS[8])));
    bytes[end] = bytes[end + 1];
    bytes[end + 1] = POINT;
    end += 10;
  } else {
    const zeros = zerosIn(size);
    bytes[end++] = ZERO;
    bytes[end++] = POINT;
    for (let i = 0; i < zeros; i++) bytes[end++] = ZERO;
    writeDigits(bytes, end, Math.abs(Math.round(value * TENS[9 + zeros])));
    end += 9;
  }
  while (bytes[end - 1] === ZERO) end--;
  return bytes[end - 1] === POINT ? end - 1 : end;
}

/** Writes ASCII. */
function writeText(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + text.length;
}

import type { Random } from './random.ts';

const INTEGERS = [
  0n,
  1n,
  -1n,
  127n,
  128n,
  255n,
  256n,
  32767n,
  32768n,
  65535n,
  65536n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
];
const ODD = [
  0x00, 0x09, 0x0a, 0x20, 0x22, 0x2c, 0x2d, 0x30, 0x39, 0x3a, 0x5b, 0x5c, 0x5d, 0x65, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xed, 0xef, 0xff,
];

type ByteMutator = (bytes: Uint8Array, random: Random) => Uint8Array;

const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Begin and end of a stretch, mostly a short one. */
function stretch({ length }: Uint8Array, random: Random, most = 64): [begin: number, end: number] {
  const begin = random.below(length + 1);
  return [begin, Math.min(length, begin + 1 + random.below(random.chance(0.1) ? length + 1 : most))];
}

const written: ByteMutator = (bytes, random) => {
  const changed = bytes.slice();
  const size = random.pick([1, 2, 4, 8]);
  const at = random.below(Math.max(1, bytes.length - size));
  const value = random.pick(INTEGERS) + BigInt(random.between(-1, 1));
  for (let i = 0; i < size && at + i < bytes.length; i++) changed[at + i] = Number((value >> BigInt(8 * i)) & 255n);
  return changed;
};

const changedAt = (change: (byte: number, random: Random) => number): ByteMutator => {
  return (bytes, random) => {
    const at = random.below(bytes.length);
    return bytes.length === 0 ? bytes : bytes.with(at, change(bytes[at], random));
  };
};

const BYTES: Record<string, ByteMutator> = {
  flip: changedAt((byte, random) => byte ^ (1 << random.below(8))),
  overwrite: changedAt((_, random) => (random.chance(0.5) ? random.below(256) : random.pick(ODD))),
  step: changedAt((byte, random) => byte + random.pick([-1, 1])),
  integer: written,
  insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    const more = Uint8Array.from({ length: random.between(1, 8) }, () => random.pick(ODD));
    return joined(bytes.subarray(0, at), more, bytes.subarray(at));
  },
  delete(bytes, random) {
    const [begin, end] = stretch(bytes, random);
    return joined(bytes.subarray(0, begin), bytes.subarray(end));
  },
  splice(bytes, random) {
    const [begin, end] = stretch(bytes, random);
    const at = random.below(bytes.length + 1);
    const rest = random.chance(0.5) ? at : Math.min(bytes.length, at + end - begin);
    return joined(bytes.subarray(0, at), bytes.subarray(begin, end), bytes.subarray(rest));
  },
  truncate: (bytes, random) => bytes.slice(0, random.chance(0.5) ? random.below(bytes.length + 1) : -random.between(1, 16)),
  repeat(bytes, random) {
    const [begin, end] = stretch(bytes, random);
    const copies = Array.from({ length: random.pick([2, 3, 17]) }, () => bytes.subarray(begin, end));
    return joined(bytes.subarray(0, begin), ...copies, bytes.subarray(end));
  },
};

/** `bytes` with one thing done to them that knows nothing of what they mean. */
export function mutateBytes(bytes: Uint8Array, random: Random): { bytes: Uint8Array; step: string } {
  const step = random.pick(Object.keys(BYTES));
  return { bytes: BYTES[step](bytes, random), step };
}

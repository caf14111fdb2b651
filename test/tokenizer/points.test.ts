import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import '../../src/tokenizer/all.ts';
import { preTokenizerOf } from '../../src/tokenizer/pretokenizers/index.ts';

interface Part {
  component: { type: string };
  count: number;
  sha256: string;
}

const path = fileURLToPath(new URL('../fixtures/tokenizer/points.jsonl', import.meta.url));
const parts = readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Part); // biome-ignore format: one row

const [FIRST_SURROGATE, SURROGATES, FIRST_ASTRAL, CODE_POINTS] = [0xd800, 0x800, 0x10000, 0x110000];
const scalars = Array.from({ length: CODE_POINTS - SURROGATES }, (_, i) => (i < FIRST_SURROGATE ? i : i + SURROGATES));
const text = Array.from({ length: 272 }, (_, i) => String.fromCodePoint(...scalars.slice(i * 4096, (i + 1) * 4096))).join('');

/** How many code points stand before a unit. */
const pointAt = (unit: number): number => {
  const inPlane0 = FIRST_ASTRAL - SURROGATES;
  return unit < inPlane0 ? unit : inPlane0 + (unit - inPlane0) / 2;
};

describe('every code point is where Oniguruma and the Rust tokenizers have it', () => {
  test.each(parts.map((part) => [part.component, part] as const))('%j', (component, { count, sha256 }) => {
    const ends: number[] = [];
    preTokenizerOf(component)({ text, from: [] }, 0, text.length, (_, start, end) => ends.push(pointAt(start), pointAt(end)));
    expect(ends.length).toBe(count);
    expect(createHash('sha256').update(ends.join(',')).digest('hex')).toBe(sha256);
  });
});

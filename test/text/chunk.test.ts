import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkText } from '../../src/index.ts';
import { chunkRanges } from '../../src/text/chunk.ts';
import { phrases, tokenizer } from '../support/texts.ts';
import { problem } from '../support/tiny.ts';

describe('chunkRanges', () => {
  const cases = fc
    .record({ edges: fc.array(fc.boolean(), { maxLength: 60 }), room: fc.integer({ min: 1, max: 12 }), part: fc.nat(11) })
    .map(({ edges, room, part }) => ({ edges, room, overlap: part % room }));

  test('covers all tokens in order, each range of at most `room` and repeating at most `overlap`', () => {
    fc.assert(
      fc.property(cases, ({ edges, room, overlap }) => {
        const ranges = chunkRanges(edges.length, room, overlap, (i) => !edges[i]);
        let before: readonly [number, number] = [-1, 0];
        for (const [start, end] of ranges) {
          expect(start).toBeGreaterThan(before[0]);
          expect(start).toBeLessThanOrEqual(before[1]);
          expect(start).toBeGreaterThanOrEqual(before[1] - overlap);
          expect(end).toBeGreaterThan(before[1]);
          expect(end - start).toBeLessThanOrEqual(room);
          before = [start, end];
        }
        expect(before[1]).toBe(edges.length);
      }),
    );
  });

  test('cuts between words, unless one alone does not fit', () => {
    fc.assert(
      fc.property(cases, ({ edges, room, overlap }) => {
        for (const [start, end] of chunkRanges(edges.length, room, overlap, (i) => !edges[i])) {
          if (end === edges.length || edges[end]) continue;
          expect(edges.slice(start + 1, end).some(Boolean)).toBe(false);
          expect(end - start).toBe(room);
        }
      }),
    );
  });
});

describe('chunkText', () => {
  test('gives parts of the text with their places', () => {
    const text = ' Jim Henson,  was a puppeteer!';
    const chunks = chunkText(tokenizer, text, { tokens: 6, overlap: 1 });
    expect(chunks).toEqual([
      { text: 'Jim Henson,', start: 1, end: 12, tokens: 6 },
      { text: ',  was a', start: 11, end: 19, tokens: 5 },
      { text: 'a puppeteer!', start: 18, end: 30, tokens: 6 },
    ]);
    expect(chunkText(tokenizer, '', { tokens: 6 })).toEqual([]);
  });

  test('cuts nothing out but what lies between words', () => {
    fc.assert(
      fc.property(phrases(30), fc.integer({ min: 5, max: 12 }), (text, tokens) => {
        const chunks = chunkText(tokenizer, text, { tokens });
        expect(
          chunks
            .map((chunk) => chunk.text)
            .join(' ')
            .split(/\s+/),
        ).toEqual(text.trim().split(/\s+/));
        for (const chunk of chunks) {
          expect(text.slice(chunk.start, chunk.end)).toBe(chunk.text);
          expect(tokenizer.encode(chunk.text)).toHaveLength(chunk.tokens);
          expect(chunk.tokens).toBeLessThanOrEqual(tokens);
        }
      }),
    );
  });

  test.each([
    [{ tokens: 2 }, /chunk\.tokens: expected a whole number from 3 to \d+, got 2/],
    [{ tokens: 5, overlap: 3 }, /chunk\.overlap: expected a whole number from 0 to 2, got 3/],
    [{ tokens: 5, overlap: -1 }, /chunk\.overlap/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('value', () => chunkText(tokenizer, 'a', options))).message).toMatch(message);
  });
});

test.each([
  [['text', 100], 'a tokenizer'],
  [[tokenizer, 7, { tokens: 9 }], 'a tokenizer, a text'],
  [[tokenizer, 'text', 100], 'an object'],
  [[tokenizer, 'text'], '{ tokens }'],
  [[tokenizer, 'text', { token: 9 }], 'Did you mean tokens?'],
  [[tokenizer, 'text', { tokens: '9' }], 'a whole number'],
])('chunkText refuses other arguments', async (args, cure) => {
  const any = chunkText as unknown as (...args: unknown[]) => unknown;
  expect((await problem('value', () => any(...args))).message).toContain(cure);
});

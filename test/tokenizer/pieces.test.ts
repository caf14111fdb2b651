import { describe, expect, test } from 'vitest';
import { type Normalized, read, write } from '../../src/tokenizer/chars.ts';
import { normalizerOf } from '../../src/tokenizer/normalizers/index.ts';
import { preTokenizerOf } from '../../src/tokenizer/pretokenizers/index.ts';
import { linesOf } from '../support/packedfixtures.ts';

interface Part {
  kind: 'normalizer' | 'pre_tokenizer';
  component: { type: string };
  answers: (string | null | (string | number)[])[];
}

const [{ texts }, ...parts] = linesOf('tokenizer/pieces.jsonl.gz') as [{ texts: string[] }, ...Part[]];
const whole = (text: string) => read(text, 0, text.length);

/** Starts and ends of pieces in code points, each behind the piece where that is not what stands there. */
function piecesOf(component: object, text: string): (string | number)[] {
  const pieces: (string | number)[] = [];
  const normalized = write(whole(text));
  const at = (index: number): number => Array.from(text.slice(0, index)).length;
  const add = ({ text: rewritten, from }: Normalized, start: number, end: number): void => {
    const piece = rewritten.slice(start, end);
    const [first, last] = [at(from[start]), at(from[end - 1]) + 1];
    if (piece !== Array.from(text).slice(first, last).join('')) pieces.push(piece);
    pieces.push(first, last);
  };
  if (normalized.text) preTokenizerOf(component)(normalized, 0, normalized.text.length, add);
  return pieces;
}

const of = (kind: string) => parts.filter((part) => part.kind === kind).map(({ component, answers }) => [component, answers] as const);

describe('parts alone agree with the Rust tokenizers', () => {
  test.each(of('normalizer'))('normalizer %j', (component, answers) => {
    const normalizer = normalizerOf(component);
    for (const [i, text] of texts.entries()) expect(write(normalizer(whole(text))).text, JSON.stringify(text)).toBe(answers[i] ?? text);
  });

  test.each(of('pre_tokenizer'))('pre-tokenizer %j', (component, answers) => {
    for (const [i, text] of texts.entries()) expect(piecesOf(component, text), JSON.stringify(text)).toEqual(answers[i]);
  });
});

import { describe, expect, test } from 'vitest';
import { Regex, regexOf } from '../../../src/tokenizer/regex/regex.ts';
import { scanned } from '../../support/scan.ts';

/** Patterns, texts, and how many steps plain backtracking takes with each of the ways to save some; `why` says which. */
const ROWS: [why: string, pattern: string, text: string, most: number][] = [
  ['what no match begins with is passed over', 'xyz', 'a'.repeat(1000), 0],
  ['also where a match may begin in ways', '(?:x|y)z', 'a'.repeat(1000), 0],
  ['also behind a look-around', '(?=x)y', 'a'.repeat(1000), 0],
  ['also in an atomic group', '(?>x+)y', 'a'.repeat(1000), 0],
  ['also behind what may be left out', 'x?yz', 'ax'.repeat(500), 1500],
  ['alternatives are told apart by what they begin with', '(?:abc|abd|xyz|[0-9]+)', 'abd12xyz'.repeat(100), 2000],
  ['also in a loop', '(?:abc|abd|xyz|[0-9]+)+', 'abd12xyz'.repeat(100), 2004],
  ['the last of many is found at once', '(?:b|c|d|e|f|g|h)', 'h'.repeat(1000), 3000],
  ['alternatives within alternatives', '(?:a(?:b|c)|a(?:d|e))', 'ae'.repeat(250), 2500],
  ['a run gives nothing back to what begins with none of it', 'a+b', 'a'.repeat(200), 8421],
  ['nor a short one', '[ab]*c', 'ab'.repeat(100), 8265],
  ['nor does a lazy one take fewer', 'a+?b', 'a'.repeat(200), 8421],
  ['a run is not left early for what cannot fail', 'a+a*', 'a'.repeat(1000), 1003],
  ['nor is a lazy one', 'a*?', 'a'.repeat(1000), 4004],
  ['nor a lazy one before another run', 'a+?b*', 'a'.repeat(1000), 4000],
  ['nor one with a limit', 'a{2,3}?b?', 'a'.repeat(999), 2497],
  ['the end of an atomic group cannot fail', '(?>a+b*)c|a', 'a'.repeat(200), 9072],
  ['a loop of alternatives', '(?:a|b)+c', 'ab'.repeat(50), 4965],
  ['a loop of sequences', '(?:ab?)*c|a', 'ab'.repeat(100), 8934],
  ['a character ahead', '(?=a)a', 'a'.repeat(500), 1500],
  ['a character behind', '(?<=a)b|b', 'ab'.repeat(250), 1250],
  ['words of GPT-2', "'s|'t| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", "It's 12 words, isn't it?  ".repeat(40), 3876],
];

describe('steps are saved', () => {
  test.each(ROWS)('%s: %s', (_, pattern, text, most) => {
    const regex = regexOf(pattern, 'pattern');
    scanned(regex, text);
    expect(regex.steps).toBeLessThanOrEqual(most);
  });

  test('for each unit of a text there are as many as patience says, and a few for the whole', () => {
    const stepsOf = (patience: number): number => {
      const regex = new Regex('(?:a|a)*b', 'pattern', patience);
      scanned(regex, 'a'.repeat(10));
      return regex.steps;
    };
    expect(stepsOf(8)).toBeLessThan(stepsOf(32));
    expect(stepsOf(32)).toBeLessThan(stepsOf(Infinity));
  });
});

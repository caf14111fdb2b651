import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inWords, PHRASES } from '../../src/cli/words.ts';
import { TraceletError } from '../../src/index.ts';
import { ROOT } from '../support/command.ts';

const words = (what: string, cure?: string) => inWords(new TraceletError('value', { what, expected: 'a', got: 'b', cure }));

test.each([
  [
    'options are flags',
    'x',
    'The option truncate leaves it out, the option chunk cuts it',
    'x: expected a, got b. --truncate leaves it out, --chunk cuts it',
  ],
  ['also where they are at fault', 'chunk.overlap', undefined, '--overlap: expected a, got b'],
  ['and where they are named as such', 'embed: option batchTokens', undefined, '--batch-tokens: expected a, got b'],
  ['with what they are at fault for', 'dynamic: rows', undefined, '--dynamic: rows: expected a, got b'],
  ['sizes have flags of other names', 'plan: tokens', undefined, '--tokens: expected a, got b'],
  ['texts are counted from one', 'texts[0]', undefined, 'text 1: expected a, got b'],
  ['what needs code is left out', 'x', 'Do that. Pass { config }', 'x: expected a, got b. Do that. Put it beside the weights'],
  ['and what nothing is known of', 'x', 'Do that. Call frobnicate(x, { y: 1 }). Or this', 'x: expected a, got b. Do that. Or this'],
  ['all of it if need be', 'x', 'Use jit.trace', 'x: expected a, got b'],
  ['other names stay', 'x', 'The option colour is none', 'x: expected a, got b. The option colour is none'],
  ['files keep their names', 'the option truncate.json', undefined, 'the option truncate.json: expected a, got b'],
])('%s', (_, what, cure, expected) => expect(words(what, cure)).toBe(expected));

test('the library still says what is translated', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !/^cli\b/.test(name),
  );
  const library = files.map((name) => readFileSync(join(ROOT, 'src', name), 'utf8')).join('\n');
  const BUILT = ['embed()', 'pad: input', 'dummy inputs of'];
  for (const [phrase] of PHRASES) if (!BUILT.includes(phrase)) expect(library.includes(phrase), phrase).toBe(true);
});

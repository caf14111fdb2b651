import { expect, test } from 'vitest';
import { TraceletError } from '../../src/index.ts';

test('a message shows the beginning and the end of what is long', () => {
  const long = 'x'.repeat(5000);
  const { message } = new TraceletError('format', { what: long, expected: long, got: long, cure: 'Fetch it again' });
  expect(message).toMatch(/^x+\.\.\.x+: expected x+\.\.\.x+, got x+\.\.\.x+\. Fetch it again$/);
  expect(message.length).toBeLessThan(2000);
});

test.each([
  ['a\0b', 'a\\u0000b'],
  ['\u001b[31m', '\\u001b[31m'],
  ['a\nb\u009b', 'a\\u000ab\\u009b'],
  ['\ud800 \u{1f600}', '\\ud800 \u{1f600}'],
])('a message shows as an escape what cannot be printed: %j', (name, shown) => {
  const { message, what } = new TraceletError('format', { what: name, expected: name, got: name, cure: name });
  expect(message).toBe(`${shown}: expected ${shown}, got ${shown}. ${shown}`);
  expect(what).toBe(name);
});

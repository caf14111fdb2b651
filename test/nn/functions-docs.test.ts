import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
// @ts-expect-error a script without types
import { tables } from '../../scripts/functions.mjs';
import { F, Tensor } from '../../src/index.ts';

test('docs/functions.md has every function; node scripts/functions.mjs writes it', () => {
  const docs = readFileSync(new URL('../../docs/functions.md', import.meta.url), 'utf8');
  const names = Object.keys(F);
  expect(docs).toContain(tables(names, (name: string) => typeof Reflect.get(Tensor.prototype, name) === 'function'));
  for (const name of names) expect(docs, name).toContain(`| \`F.${name}\` |`);
});

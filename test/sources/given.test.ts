import { describe, expect, test, vi } from 'vitest';
import { fixture } from '../support/fixtures.ts';

vi.resetModules();
const files = await import('../../src/sources/places/given.ts');
const tokenizers = await import('../../src/tokenizer/places/given.ts');

const FOLDER = fixture('tokenizer');

/** Everything that has a name alone. */
const CALLS: Readonly<Record<string, () => Promise<unknown>>> = {
  'the address of a trace': () => files.openNamed(new URL('https://example.org/model.tracelet'), 'model.tracelet', {}),
  'a hub id': () => files.openNamed('owner/name', 'model.tracelet', {}),
  'the folder of a tokenizer': () => tokenizers.filesFrom('from_pretrained', FOLDER, {}, {}),
  'a folder to write': () => tokenizers.saveTokenizer('somewhere', {}),
};

describe('where scripts are small', () => {
  for (const [what, call] of Object.entries(CALLS))
    test(`${what} is refused, and the error says what to import`, async () => {
      await expect(call()).rejects.toMatchObject({ code: 'source', cure: expect.stringContaining("import 'tracelet/hub'") });
    });

  test('all of it is found once tracelet/hub is imported', async () => {
    await import('../../src/hub.ts');
    const source = await files.openNamed(`${FOLDER}/vocab.txt`, 'vocab.txt', {});
    const head = new Uint8Array(5);
    await source.read(head);
    await source.close();
    expect(new TextDecoder().decode(head)).toBe('[PAD]');
    const [texts] = await tokenizers.filesFrom('from_pretrained', FOLDER, {}, {});
    expect(Object.keys(texts)).toContain('vocab.txt');
    await expect(tokenizers.saveTokenizer('', {})).rejects.toMatchObject({ code: 'value' });
  });
});

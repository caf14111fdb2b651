import { afterEach, expect, test, vi } from 'vitest';
import { platform } from '#platform';
import { noFiles } from '../../src/platform/nofiles.ts';
import { placeOf } from '../../src/sources/place.ts';
import { problem } from '../support/tiny.ts';

afterEach(() => vi.restoreAllMocks());

const without = (): void => {
  vi.spyOn(platform, 'kindOf').mockImplementation(noFiles.kindOf);
  vi.spyOn(platform, 'list').mockImplementation(noFiles.list);
};

test.each(['huggingface.co/owner/name', 'hf.co/owner/name', 'owner/name', 'name'])('%s needs no files', async (source) => {
  without();
  expect((await placeOf(source, {})).folder.name).toBe(source.replace(/^.*\.co\//, ''));
});

test('a path in a runtime without files says what to pass instead', async () => {
  without();
  expect((await problem('source', () => placeOf('./some/folder', {}))).message).toMatch(/^\.\/some\/folder: .*a path in a runtime without/);
});

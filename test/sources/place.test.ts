import { afterEach, expect, test, vi } from 'vitest';
import { platform } from '#platform';
import { noFiles } from '../../src/platform/nofiles.ts';
import { isWeights, placeOf } from '../../src/sources/place.ts';
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

test('files of weights are known by their names', () => {
  const names = [
    'a.safetensors',
    'a.bin',
    'a.pt',
    'a.pth',
    'a.ckpt',
    'https://x/a.bin?b=c.txt#d',
    'a.tracelet',
    'a.json',
    'bin',
    'a.bin/b',
    'a.binary',
  ];
  expect(names.filter(isWeights)).toEqual(names.slice(0, 6));
});

test.each(['./none.bin', 'none.pt', 'none.pth', 'owner/none.ckpt'])('%s that is not there is a path, no name on the hub', async (path) => {
  const { folder, file } = await placeOf(path, {});
  expect([folder.at(file as string), file]).toEqual([path, path.split('/').at(-1)]);
});

test.each([
  ['https://x/a/b.bin?c', true],
  ['https://x/a/b.pth', true],
  ['https://x/a/b', false],
  ['https://x/b.bin/', false],
])('the address %s may be that of a file', async (address, isFile) => {
  expect((await placeOf(address, {})).file !== undefined).toBe(isFile);
});

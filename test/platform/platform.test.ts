import { describe, expect, test } from 'vitest';
import { compiled } from '../../src/platform/compile.ts';
import { platform as given } from '../../src/platform/given.ts';
import { noFiles } from '../../src/platform/nofiles.ts';
import { problem } from '../support/tiny.ts';

describe('kernels that cannot be had', () => {
  test('because their file is not beside the script', async () => {
    const source = compiled(() => {
      throw new TypeError('Invalid URL');
    });
    const { message } = await problem('kernels', () => source('relaxed'));
    expect(message).toMatch(/^relaxed kernels: expected the file relaxed\.wasm beside the script, got Invalid URL\. Bundle with/);
  });

  test('because the engine does not know an instruction', () => {
    expect(compiled(() => new Uint8Array([0, 97, 115, 109, 9, 9, 9, 9]))('baseline')).toBe(undefined);
  });

  test('because nobody gave them', async () => {
    expect((await problem('kernels', () => given.kernelModule('baseline'))).message).toContain('Call useKernels');
  });
});

describe('a runtime without files', () => {
  test.each(['open', 'kindOf'] as const)('%s says what to pass instead', async (name) => {
    await expect(noFiles[name]('a/path')).rejects.toThrow(
      'a/path: expected a URL, bytes, a Response or a stream, got a path in a runtime without files',
    );
  });

  test('has no environment', () => {
    expect(noFiles.env('HOME')).toBe(undefined);
  });
});

import { describe, expect, test } from 'vitest';
import type { ByteSource } from '../../src/platform/platform.ts';
import { readWhole } from '../../src/sources/whole.ts';
import { problem } from '../support/tiny.ts';

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => i * 31);

/** A source of these bytes, whose size is said to be `size`. */
function sourceOf(bytes: Uint8Array, size: number | undefined): ByteSource & { reads: number } {
  let at = 0;
  return {
    reads: 0,
    name: 'a source',
    size,
    async read(target) {
      this.reads++;
      const piece = bytes.subarray(at, at + target.length);
      target.set(piece);
      at += piece.length;
      return piece.length;
    },
    close: async () => {},
  };
}

describe.each([0, 1, 65535, 65536, 65537, 3 * 65536, 200_000, 9 << 20])('%i bytes', (length) => {
  const bytes = bytesOf(length);

  test.each<[string, number | undefined]>([
    ['whose number is known', length],
    ['whose number is not known', undefined],
    ['that are more than was said', Math.floor(length / 2)],
    ['that are fewer than was said', length + 1000],
  ])('%s are read whole', async (_, size) => {
    const whole = await readWhole(sourceOf(bytes, size));
    expect(Buffer.compare(whole, bytes)).toBe(0);
    expect(whole.byteOffset % 8).toBe(0);
  });
});

test('a short source of unknown size holds no memory for a long one', async () => {
  expect((await readWhole(sourceOf(bytesOf(10), undefined))).buffer.byteLength).toBeLessThanOrEqual(65536);
});

test('a signal stops it between two pieces', async () => {
  const controller = new AbortController();
  const source = sourceOf(bytesOf(20 << 20), 20 << 20);
  const read = source.read.bind(source);
  source.read = (target) => {
    controller.abort(new Error('enough'));
    return read(target);
  };
  await expect(readWhole(source, controller.signal)).rejects.toThrow('enough');
  expect(source.reads).toBe(1);
});

test('a size that nothing could hold is a memory error', async () => {
  await problem('memory', () => readWhole(sourceOf(bytesOf(10), 2 ** 52)));
});

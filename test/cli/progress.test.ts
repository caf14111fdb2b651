import { afterEach, expect, test, vi } from 'vitest';
import { Progress } from '../../src/cli/progress.ts';

afterEach(() => vi.restoreAllMocks());

/** What a terminal of this width is shown. */
function shown(columns: number, work: (progress: Progress) => void): string[] {
  const pieces: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((piece) => pieces.push(String(piece)) > 0);
  const [isTTY, width] = [process.stderr.isTTY, process.stderr.columns];
  Object.assign(process.stderr, { isTTY: true, columns });
  work(new Progress());
  Object.assign(process.stderr, { isTTY, columns: width });
  return pieces.map((piece) => piece.replace('\r\x1b[2K', ''));
}

const reading = (name: string, file: string, total?: number) => ({ status: 'progress', name, file, loaded: 512, total }) as const;

test.each([
  ['', 'bert.tracelet', 1024, 'reading bert.tracelet: 512 B of 1.00 KiB'],
  ['owner/name', 'model.safetensors', 1024, 'reading model.safetensors of owner/name: 512 B of 1.00 KiB'],
  ['stream', 'stream', undefined, 'reading stream: 512 B'],
  ['', 'odd\nname', undefined, 'reading odd name: 512 B'],
])('the reading of %j, %j', (name, file, total, line) => {
  expect(shown(80, (progress) => progress.reading(reading(name, file, total)))).toEqual([line]);
});

test('a line stays one line on a narrow terminal', () => {
  const [line] = shown(20, (progress) => progress.phase('a line that is much too long for it'));
  expect(line).toBe('a line that is muc…');
});

test('what was shown is cleared', () => {
  expect(
    shown(80, (progress) => {
      progress.phase('tracing');
      progress.clear();
      progress.clear();
    }),
  ).toEqual(['tracing', '']);
});

import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

/** Scripts that an entry comes to, by what they begin with, minified. Of other modules than those that `within` fits nothing is in them. */
async function scripts(entry: string, within = /./, alias: Record<string, string> = {}): Promise<{ isEntry: boolean; code: string }[]> {
  const bundle = await rolldown({
    input: SRC + entry,
    platform: 'neutral',
    external: (id, from) =>
      /^(#(?!archives|exported)|node:)/.test(id) ||
      (from !== undefined && id.startsWith('.') && !within.test(new URL(id, `file://${from}`).pathname)),
    resolve: { alias: { '#exported': `${SRC}torchscript/exported/late.ts`, ...alias } },
  });
  const { output } = await bundle.generate({ minify: true });
  await bundle.close();
  return output.flatMap((file) => (file.type === 'chunk' ? [{ isEntry: file.isEntry, code: file.code }] : []));
}

const gzipped = (code: string): number => gzipSync(code).length;

test('what reads programs is at most 18 kB gzipped, and 8 more for those of torch.export', async () => {
  const made = await scripts('torchscript/index.ts', /\/src\/torchscript\//);
  const exported = made.filter(({ code }) => code.includes('schema_version'));
  const printed = made.filter((each) => !exported.includes(each));
  const [first, more] = [printed, exported].map((files) => files.reduce((sum, { code }) => sum + gzipped(code), 0));
  console.log(`${first} bytes for .pt, ${more} more for .pt2`);
  expect(printed.length).toBeGreaterThan(0);
  expect(exported.length).toBeGreaterThan(0);
  expect(first).toBeLessThan(18_000);
  expect(more).toBeLessThan(8_000);
});

test('nothing of it is in bundles of traces for the edge, and in others only where it is asked for', async () => {
  const isReader = (code: string): boolean => code.includes('__parameters__');
  const edge = await scripts('jit/files.ts', /./, { '#archives': `${SRC}jit/noarchives.ts` });
  expect(edge.filter(({ code }) => isReader(code))).toEqual([]);
  const others = await scripts('jit/files.ts', /./, { '#archives': `${SRC}jit/archives.ts` });
  expect(others.filter(({ code }) => isReader(code)).map(({ isEntry }) => isEntry)).toEqual([false]);
});

/** Bundles the fuzzer with the sources as they are, and runs it: Node 20 does not read TypeScript, and mutants need no build of the package. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('../..', import.meta.url));
mkdirSync(`${root}build`, { recursive: true });
const folder = mkdtempSync(`${root}build/fuzz-`);

async function bundle() {
  const bundled = await rolldown({
    input: { main: `${root}test/fuzz/main.ts`, child: `${root}test/fuzz/child.ts` },
    platform: 'node',
    external: [/^node:/, 'vitest'],
    treeshake: { moduleSideEffects: (id) => id !== 'vitest' },
    resolve: {
      alias: {
        '#platform': `${root}test/fuzz/platform.ts`,
        '#all-ops': `${root}src/kernels/sets/index.ts`,
        '#ops': `${root}src/kernels/sets/index.ts`,
        '#kernels/families': `${root}src/platform/beside.ts`,
        '#kernels/halves': `${root}src/platform/beside.ts`,
        '#kernels/general': `${root}src/platform/beside.ts`,
        '#tokenizers': `${root}src/tokenizer/late.ts`,
        '#archives': `${root}src/jit/archives.ts`,
        '#exported': `${root}src/torchscript/exported/late.ts`,
        '#tokenizer-files': `${root}src/tokenizer/places/now.ts`,
        '#files': `${root}src/sources/places/late.ts`,
        '#pool': `${root}src/traced/pool/late.ts`,
        '#scripts': `${root}src/jit/scripts/late.ts`,
        '#search': `${root}src/platform/search/file.ts`,
        '#team': `${root}src/runtime/threads/late.ts`,
      },
    },
  });
  await bundled.write({ dir: folder, entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' });
  await bundled.close();
}

process.chdir(root);
try {
  await bundle();
  const { main } = await import(pathToFileURL(`${folder}/main.mjs`).href);
  process.exitCode = await main(process.argv.slice(2), `${folder}/child.mjs`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

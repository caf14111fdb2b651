/**
 * Proves that src stands as docs/architecture.md draws it: a folder imports only from itself and from those before it here, types included, and
 * no part of the house outgrows its ceiling.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** From the ground up. What lies in src itself stands on top. */
export const STOREYS = [
  ...['base', 'tensor', 'platform', 'sources', 'ops', 'kernels', 'graph', 'formats', 'tokenizer', 'nn', 'passes', 'program'],
  ...['sentence', 'text', 'models', 'aten', 'torchscript', 'runtime', 'search', 'inspect', 'traced', 'jit', 'quantize'],
  ...['encoders', 'tasks', 'adapters', 'serve', 'batch', 'cli'],
];

/** Most lines, tests left out. */
const CEILINGS = [
  {
    what: 'what traces and runs, models, texts, tokenizers and files of PyTorch apart',
    most: 15_380,
    without: ['src/formats/torch'],
    folders: ['ops', 'kernels', 'graph', 'formats', 'nn', 'passes', 'program', 'runtime', 'inspect', 'traced', 'jit'].map(
      (name) => `src/${name}`,
    ),
  },
  { what: 'what reads files of PyTorch', most: 1500, folders: ['src/formats/torch'] },
  { what: 'kernels', most: 4900, folders: ['assembly'] },
  { what: 'the command line', most: 3500, folders: ['src/cli'] },
  { what: 'the server and adapters', most: 3450, folders: ['src/serve', 'src/adapters'] },
  { what: 'what ops of PyTorch mean', most: 6650, folders: ['src/aten'] },
];

/** Made by the build, not written. */
const MADE = 'wasm';
const IMPORT = /^(?:import|export)\b[^;'"]*?['"](\.[^'"]+)['"]|\bimport\('(\.[^']+)'\)/gm;

const sourcesIn = (folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !name.includes('__tests__'))
    .map((name) => ({ name, text: readFileSync(join(ROOT, folder, name), 'utf8') }));

const storeyOf = (path) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : undefined);
const heightOf = (storey) => (storey === undefined ? STOREYS.length : STOREYS.indexOf(storey));

/** What imports from above itself, and folders that stand nowhere. */
function misplaced() {
  const found = [];
  for (const { name, text } of sourcesIn('src')) {
    if (heightOf(storeyOf(name)) < 0) found.push(`src/${name}: ${storeyOf(name)} is no storey; scripts/storeys.mjs lists them`);
    for (const [, written, dynamic] of text.matchAll(IMPORT)) {
      const target = normalize(join(dirname(name), written ?? dynamic));
      if (storeyOf(target) !== MADE && heightOf(storeyOf(target)) > heightOf(storeyOf(name)))
        found.push(`src/${name} imports from above itself: src/${target}`);
    }
  }
  return found;
}

const linesOf = (folders) => folders.flatMap(sourcesIn).reduce((sum, { text }) => sum + text.split('\n').length - 1, 0);

const tooLarge = CEILINGS.map(({ what, most, folders, without = [] }) => ({ what, most, lines: linesOf(folders) - linesOf(without) }))
  .filter(({ lines, most }) => lines > most)
  .map(
    ({ what, most, lines }) =>
      `${what}: ${lines} lines, at most ${most} wanted. Find what can go, or raise the ceiling in scripts/storeys.mjs`,
  );

const faults = [...misplaced(), ...tooLarge];
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

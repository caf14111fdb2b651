import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MAIN = join(ROOT, 'dist/cli/main.js');

/** What the command line does, in the order of its help. */
export const COMMANDS = [
  ...['trace', 'quantize', 'run', 'embed', 'search', 'rank', 'classify', 'ner', 'answer'],
  ...['fill', 'serve', 'tokens', 'inspect', 'verify', 'bench', 'profile', 'batch'],
];

/** The flag that lets Node 20 run the relaxed kernels, as the tests themselves do. */
export const RELAXED = process.execArgv.filter((flag) => flag.includes('relaxed-simd'));

/** A line for `sh` in which `tracelet` is the command. */
export const shell = (line: string): string => `tracelet() { "${process.execPath}" ${RELAXED.join(' ')} "${MAIN}" "$@"; }\n${line}`;
